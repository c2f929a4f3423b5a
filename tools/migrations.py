"""`make migrations`: writes the migration that changed models ask for, reading nobody's settings."""

import os
import subprocess
import sys

from tools.lint import BIN, ROOT, use_settings_of_no_portal


def main() -> int:
    """Write the migration of the app, by the name, that the command line gives. Returns 1 if that failed."""
    match sys.argv[1:]:
        case [app, name]:
            os.chdir(ROOT)
            use_settings_of_no_portal()
            make = [sys.executable, "manage.py", "makemigrations", app, "--name", name]
            form = [str(BIN / "ruff"), "format", "--quiet", f"{app}/migrations"]
            return int(any(subprocess.run(command, check=False).returncode for command in (make, form)))
    print("Say of which app, and what it is to be called: make migrations APP=tickets NAME=problems")
    return 1


if __name__ == "__main__":
    sys.exit(main())
