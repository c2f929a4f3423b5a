"""What an error report may say: no local variable, and no form field whose name speaks of a secret.

Django hides settings and cookies by itself, but shows the variables of every frame. On the way to ServiceNow those hold
tokens, whatever they are called.
"""

import logging
import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

_LINK = re.compile(r"(/accounts/reset/)[^/\s]+/[^/\s]+")


class WithoutLinks(logging.Filter):
    """Keeps links for new passwords out of logs: Django writes the address of whatever it refuses."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the line, never drop it."""
        record.msg, record.args = _LINK.sub(r"\1…", record.getMessage()), ()
        return True


class DiscreetReporterFilter(SafeExceptionReporterFilter):
    """Keeps secrets out of error pages and error mails, in development too."""

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
