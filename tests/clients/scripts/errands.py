"""What a script of errands does: `python <script> <errand> <url> <sign-in>` prints what the errand returns, as JSON."""

import json
import sys
from collections.abc import Callable
from typing import Any

ERRANDS: dict[str, Callable[[str], Any]] = {}
ADMIN = ("admin", "admin")
INTEGRATION = ("m365.integration", "integration")
CLIENT = ("scoredesk", "scoredesk-secret")
CHOSEN = "aaaabbbbccccddddeeeeffff0000"


def errand(function: Callable[[str], Any]) -> Callable[[str], Any]:
    """Make a function known by its name."""
    ERRANDS[function.__name__] = function
    return function


def by_oauth() -> bool:
    """Whether the command line wants tokens rather than names and passwords with every call."""
    return sys.argv[-1] == "oauth"


def main() -> None:
    """Run the errand that the command line names."""
    _, name, url, _sign_in = sys.argv
    json.dump(ERRANDS[name](url), sys.stdout)
