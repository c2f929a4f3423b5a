"""No module over 500 lines, no function over 50, no line of a template over 140: longer ones ask to be split."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_MODULE, MAX_FUNCTION, MAX_TEMPLATE_LINE = 500, 50, 140


def main() -> int:
    """Print every module, function and line of a template that is too long. Returns 1 if there is one."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    found = [line for name in names if Path(name).exists() for line in too_long(Path(name))]
    found += [line for path in sorted(Path("templates").rglob("*.*")) for line in long_lines(path)]
    print("\n".join(found) or "Nothing is too long.")
    return 1 if found else 0


def too_long(path: Path) -> Iterator[str]:
    """Yield a line for the module and each function in it that is over its limit. Migrations are generated."""
    text = path.read_text(encoding="utf-8")
    if "migrations" in path.parts:
        return
    lines = len(text.splitlines())
    if lines > MAX_MODULE:
        yield f"{path}: {lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                yield f"{path}:{node.lineno} {node.name}: {length} lines"


def long_lines(template: Path) -> Iterator[str]:
    """Yield a line for each line of the template that is over its limit."""
    for number, line in enumerate(template.read_text(encoding="utf-8").splitlines(), 1):
        if len(line) > MAX_TEMPLATE_LINE:
            yield f"{template}:{number}: {len(line)} characters"


if __name__ == "__main__":
    sys.exit(main())
