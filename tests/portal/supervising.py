"""A supervisor in a process of its own: `python -m tests.portal.supervising FOLDER PATIENCE PROGRAM...`.

PATIENCE is JSON; each PROGRAM is a line of shell; "last: " before it lets the
part end last. Every line that the supervisor says comes after the second it was
said at.
"""

import json
import sys
import time
from pathlib import Path

from portal.supervisor import Part, Patience, Supervisor


def say(line: str) -> None:
    """Print a line at once, with its moment."""
    sys.stdout.write(f"{time.monotonic()} {line}\n")
    sys.stdout.flush()


def main(folder: Path, patience: Patience, *programs: str) -> None:
    """Supervise until a signal says otherwise."""
    supervisor = Supervisor(say, patience)
    supervisor.install_signals()
    parts = [
        Part(
            f"part{number}",
            ["sh", "-c", program.removeprefix("last: ")],
            folder / f"part{number}.log",
            ends_last=program.startswith("last: "),
        )
        for number, program in enumerate(programs)
    ]
    supervisor.start(*parts)
    # Looks more often than `watch`, which has no test to hurry for.
    supervisor.wait_until(lambda: False, 600)
    supervisor.stop()
    say("stopped")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Patience(**json.loads(sys.argv[2])), *sys.argv[3:])
