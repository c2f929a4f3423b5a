"""Journal entries with ServiceNow's rich text, as HTML that is safe to show.

What stands between `[code]` and `[/code]` in a journal is HTML (ServiceNow documentation, "Journal fields": HTML in
journals); the rest is plain text.
"""

import re

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from scorecard.models.remediation import safe_html

_OPEN = re.compile(r"\[code\]", re.IGNORECASE)
_CLOSE = re.compile(r"\[/code\]", re.IGNORECASE)

# More of them than anybody writes: each costs as much as a page of text.
_MOST = 200


def shown(text: str) -> SafeString:
    """Return an entry as blocks of HTML: plain text with its lines, rich text with its safe tags alone."""
    plain, *rich = _OPEN.split(text, _MOST)
    blocks = [_plain(plain)]
    for part in rich:
        # An entry may be cut before its end.
        words, *after = _CLOSE.split(part, _MOST)
        blocks += [format_html('<div class="prose">{}</div>', safe_html(words)), *map(_plain, after)]
    return format_html_join("", "{}", ((block,) for block in blocks if block))


def _plain(text: str) -> SafeString | str:
    text = text.strip("\r\n")
    return format_html('<div class="pre-line">{}</div>', text) if text.strip() else ""
