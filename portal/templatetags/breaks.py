"""Where a line may break in names that have no spaces."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

register = template.Library()
_SEAM = re.compile(r"(?<=[/_])(?![/_]|$)")


@register.filter
def breakable(name: str) -> SafeString:
    """Escape a name or an address, and let lines break after its slashes and underscores."""
    # No reference to a character that escaping writes has a slash or an underscore.
    return SafeString(_SEAM.sub("<wbr>", escape(name)))
