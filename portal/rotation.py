"""Log files that stay small, while the process that writes them knows nothing of it."""

import shutil
from contextlib import suppress
from pathlib import Path

LARGEST = 10 * 1024 * 1024
KEPT = 3


def rotate(log: Path, largest: int = LARGEST, kept: int = KEPT) -> bool:
    """Put a log of more bytes aside as `<name>.1`, the one before as `.2`, and so on. Returns whether it was so large.

    Its writer holds the file open and appends: so it is copied, then emptied. Lines that come in between are lost. A
    disk that is full loses the copy, not the emptying.
    """
    if not log.exists() or log.stat().st_size <= largest:
        return False
    older = [log.with_name(f"{log.name}.{number}") for number in range(1, kept + 1)]
    with suppress(OSError):
        for number in range(kept - 1, 0, -1):
            if older[number - 1].exists():
                older[number - 1].replace(older[number])
        shutil.copy(log, older[0])
    with log.open("r+b") as file:
        file.truncate(0)
    return True
