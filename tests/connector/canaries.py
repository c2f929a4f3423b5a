"""Finds secrets where none may be: in log lines and in whatever an error would show of itself."""

import logging
import re
import traceback

from connector.servicenow.errors import ServiceNowError

# What the tests enter as secrets, and the shape of what instances hand out: tokens, codes and PKCE verifiers are
# opaque text of 64 characters or more with letters large and small and digits; ids are shorter.
CANARIES = re.compile(r"canary|scoredesk-secret|(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{60,}")


class Listener(logging.Handler):
    """Hears every line of the run, tracebacks included, and keeps those that hold a secret."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
        self.lines = 0
        self.leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take in one line."""
        self.lines += 1
        line = self.format(record)
        if CANARIES.search(line):
            self.leaks.append(line)


def shown_by(error: ServiceNowError) -> str:
    """All that a log, a page or an error report would say about an error and what caused it."""
    trace = "".join(traceback.format_exception(error))
    return f"{error}\n{error!r}\n{vars(error)}\n{trace}"


def leaks_of(error: ServiceNowError) -> list[str]:
    """The secrets that an error shows."""
    return CANARIES.findall(shown_by(error))
