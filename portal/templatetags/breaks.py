"""Where a line may break in names that have no spaces."""

import re

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()
_SEAM = re.compile(r"(?<=[/_])(?![/_]|$)")
_BREAK = SafeString("<wbr>")


@register.filter
def breakable(name: str) -> SafeString:
    """Escape a name or an address, and let lines break after its slashes and underscores."""
    return format_html_join(_BREAK, "{}", ((piece,) for piece in _SEAM.split(name)))
