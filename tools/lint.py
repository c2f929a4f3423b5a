"""`make lint`: every check, each named, all run even if one fails."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHECKS: dict[str, list[str | Path]] = {
    "style": [BIN / "ruff", "check", "."],
    "form": [BIN / "ruff", "format", "--check", "."],
    "types": [BIN / "mypy", "."],
    "templates": [BIN / "djlint", "--lint", "--quiet", "templates", "sandbox"],
    "directions of import": [BIN / "lint-imports"],
    # What runs in operation may import nothing that only developers have; tests may, and need not use everything.
    "dependencies": [BIN / "deptry", ".", "--extend-exclude", "tests", "--extend-exclude", "tools"],
    "dependencies of tests": [BIN / "deptry", ".", "--ignore", "DEP002,DEP004"],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
    "system checks": [sys.executable, "manage.py", "check"],
    "sizes": [sys.executable, "-m", "tools.sizes"],
}


def use_settings_of_no_portal() -> None:
    """Let what runs from here on read nobody's `.env`, and keep what it stores in `build`."""
    Path("build/lint").mkdir(parents=True, exist_ok=True)
    os.environ.update(ENV_FILE="", SECRET_KEY="lint" * 13, FIELD_KEYS="lint" * 8, STATE_DIR="build/lint")


def main() -> int:
    """Run the checks named on the command line, or all. Returns 1 if one failed."""
    os.chdir(ROOT)
    use_settings_of_no_portal()
    failed = []
    for name in sys.argv[1:] or CHECKS:
        print(f"--- {name}", flush=True)
        if subprocess.run(CHECKS[name], check=False).returncode:
            failed.append(name)
    print("All checks passed." if not failed else f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
