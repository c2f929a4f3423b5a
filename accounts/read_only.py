from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from accounts.lengths import RowList


class ReadOnlyAdmin(admin.ModelAdmin):
    """For rows that only the portal itself writes: to look at, not to change."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RowList]:
        """Return the list whose search has a longest text."""
        return RowList

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


def as_list(data: Mapping[str, Any] | Iterable[Any]) -> str:
    """Show a JSON column as a list for people; a dash where it is empty."""
    if isinstance(data, Mapping):
        lines = format_html_join("", "<li><b>{}</b>: {}</li>", ((key, _flat(data[key])) for key in data))
    else:
        lines = format_html_join("", "<li>{}</li>", ((_flat(each),) for each in data))
    return format_html('<ul class="json">{}</ul>', lines) if lines else "-"


def _flat(value: Any) -> str:
    """Write a value that may hold others on one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_flat(value[key])}" for key in value)
    if isinstance(value, list | tuple):
        return ", ".join(map(_flat, value))
    return "" if value is None else str(value)
