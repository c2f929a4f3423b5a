"""No module over 500 lines, no function over 50: longer ones ask to be split by noun."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_MODULE, MAX_FUNCTION = 500, 50


def main() -> int:
    """Print every module and function that is too long. Returns 1 if there is one."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    found = [line for name in names if Path(name).exists() for line in too_long(Path(name))]
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


if __name__ == "__main__":
    sys.exit(main())
