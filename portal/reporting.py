"""What logs and error reports may say: nothing without end, no local variable, and no form field whose name speaks of a
secret.

Django hides settings and cookies by itself, but shows the variables of every frame. On the way to ServiceNow those hold
tokens, whatever they are called.
"""

import logging
import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.http.request import UnreadablePostError
from django.views.debug import SafeExceptionReporterFilter

from accounts import request_id

_LINK = re.compile(r"(/accounts/reset/)[^/\s]+/[^/\s]+")

LONGEST_LINE = 2_000
LONGEST_TRACEBACK = 20_000
_BROKEN = (UnreadablePostError, BrokenPipeError, ConnectionResetError)


class Line(logging.Formatter):
    """Cuts what others had a say in: a name, an address, a header, an error's text. One record is one line, but for
    what went wrong here.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line, without the ends of lines that somebody put into a name."""
        return _cut(super().formatMessage(record), LONGEST_LINE).replace("\r", "\\r").replace("\n", "\\n")

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """The traceback, its beginning and its end."""
        return _cut(super().formatException(ei), LONGEST_TRACEBACK)


class NoError(logging.Filter):
    """Takes the traceback from records about requests that were refused, and about connections that broke: neither is
    an error of the portal.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record, never drop it."""
        error = record.exc_info[1] if record.exc_info else None
        if getattr(record, "status_code", 500) < 500 or isinstance(error, _BROKEN):
            record.exc_info = record.exc_text = None
        return True


class RequestIds(logging.Filter):
    """Says in each record for which request it was written; nothing outside of one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record, never drop it."""
        known = request_id.current().request_id
        record.request_id = f"[{known}] " if known else ""
        return True


class WithoutLinks(logging.Filter):
    """Keeps links for new passwords out of logs: Django writes the address of whatever it refuses."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the line, never drop it."""
        record.msg, record.args = _LINK.sub(r"\1…", _cut(record.getMessage(), LONGEST_LINE)), ()
        return True


class DiscreetReporterFilter(SafeExceptionReporterFilter):
    """Keeps secrets out of error pages and error mails, in development too."""

    # A certificate is kept with its private key.
    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern + "|CERTIFICATE", re.IGNORECASE
    )

    def is_active(self, request: HttpRequest | None) -> bool:
        """Always."""
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        """What was posted, with stars for secrets and passwords."""
        posted = request.POST if request is not None else {}
        return {name: self.cleanse_setting(name, value) for name, value in posted.items()}

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        """None."""
        hidden: dict[str, Any] = {}
        return hidden.items()


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return f"{text[: longest // 2]} … {len(text) - longest} more … {text[-longest // 2 :]}"
