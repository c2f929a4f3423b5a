"""Microsoft's HTML into HTML that is safe to show, and into plain text.

Nearly every remediation text is HTML, written by hand over many years: unclosed tags, style attributes,
placeholders such as `<domainname>` that look like tags. An allow-list decides what stays. The one place that
may call `mark_safe`.
"""

import re
from html.parser import HTMLParser

import nh3
from django.utils.safestring import SafeString, mark_safe

# Ten times Microsoft's longest text. What stands in each other costs more than it is long.
LONGEST = 20_000
TAGS = {"a", "p", "br", "ul", "ol", "li", "b", "strong", "i", "em", "code", "pre"}
LIST_TAGS = {"ul", "ol"}

# Whatever else stands between angle brackets is a placeholder that somebody forgot to escape.
_HTML_TAGS = """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink
    blockquote body br button canvas caption center cite code col colgroup data datalist dd del details
    dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3
    h4 h5 h6 head header hgroup hr html i iframe image img input ins isindex kbd keygen label legend li
    link listing main map mark marquee math menu menuitem meta meter nav nobr noembed noframes noscript
    object ol optgroup option output p param picture plaintext pre progress q rb rp rt rtc ruby s samp
    script search section select slot small source span strike strong style sub summary sup svg table
    tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr xmp
"""
HTML_TAGS = frozenset(_HTML_TAGS.split())
# Whoever wrote one of these wrote HTML, where the ends of lines are white space.
_BLOCKS = """
    address article aside blockquote br caption center dd details dir div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td tfoot th
    thead tr ul
"""
_BLOCK_TAGS = frozenset(_BLOCKS.split())
# No name of theirs is longer than ten letters.
_TAG = re.compile(r"<(?=/?([A-Za-z][^\s/>]{0,20}))")
# Tags that are not kept, but whose end is the end of a line or of a cell.
_LINE_END = re.compile(r"</(?:div|tr|h[1-6]|dt|dd|section|article|blockquote|caption)\s*>", re.IGNORECASE)
_CELL_END = re.compile(r"</t[dh]\s*>", re.IGNORECASE)


def safe_html(raw: str) -> SafeString:
    """Return the text as HTML of `TAGS` alone, whose links are https and tell the far side nothing."""
    return mark_safe(_clean(raw))  # noqa: S308


def plain_text(raw: str) -> str:
    """Return the text without markup: lists with markers, a link's address in brackets behind its words."""
    writer = _Writer()
    writer.feed(_clean(raw))
    writer.close()
    return writer.text()


def _clean(raw: str) -> str:
    raw = raw[:LONGEST]
    if not any(match.group(1).lower() in _BLOCK_TAGS for match in _TAG.finditer(raw)):
        # Run together, lines of commands would be another command.
        raw = "<br>".join(raw.splitlines())
    spaced = _CELL_END.sub(" ", _LINE_END.sub("<br>", _TAG.sub(_keep_placeholder, raw)))
    return nh3.clean(
        spaced,
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"https"},
        # An address without a scheme would lead into this portal.
        url_relative="deny",
        link_rel="noopener noreferrer",
    )


def _keep_placeholder(match: re.Match[str]) -> str:
    return "<" if match.group(1).lower() in HTML_TAGS else "&lt;"


class _Writer(HTMLParser):
    """Writes clean HTML as lines of text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines = [""]
        # For each open list the number of the next item; None where items have no number.
        self._lists: list[int | None] = []
        self._marker = ""
        self._address = ""
        self._link_words = ""
        self._in_pre = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in LIST_TAGS:
            self._lists.append(1 if tag == "ol" else None)
            self._break()
        elif tag == "li":
            self._break()
            self._lines[-1] = self._marker = self._next_marker()
        elif tag == "p":
            self._break(blank=not self._lists)
        elif tag in ("br", "pre"):
            self._break()
            self._in_pre = self._in_pre or tag == "pre"
        elif tag == "a":
            self._address, self._link_words = dict(attrs).get("href") or "", ""

    def handle_endtag(self, tag: str) -> None:
        if tag in LIST_TAGS and self._lists:
            self._lists.pop()
            self._break()
        elif tag in ("li", "pre"):
            self._break()
            self._in_pre = self._in_pre and tag != "pre"
        elif tag == "p":
            self._break(blank=not self._lists)
        elif tag == "a" and self._address:
            if self._link_words.strip() != self._address:
                self._lines[-1] += f" ({self._address})"
            self._address = ""

    def handle_data(self, data: str) -> None:
        if not self._in_pre:
            self._write(data)
            return
        for number, line in enumerate(data.splitlines()):
            if number:
                self._break()
            self._write(line)
        if data.endswith(("\n", "\r")):
            self._break()

    def _write(self, data: str) -> None:
        words = re.sub(r"\s+", " ", data)
        if self._address:
            self._link_words += words
        if not self._lines[-1] or self._lines[-1].endswith(" "):
            words = words.lstrip(" ")
        self._lines[-1] += words

    def text(self) -> str:
        """Return what was written."""
        lines = "\n".join(line.rstrip() for line in self._lines)
        return re.sub(r"\n{3,}", "\n\n", lines).strip()

    def _break(self, *, blank: bool = False) -> None:
        """Begin a new line unless this one has no words yet; `blank` leaves an empty one before it."""
        if self._lines[-1].strip() and self._lines[-1] != self._marker:
            self._lines.append("")
        if blank and len(self._lines) > 1 and self._lines[-2]:
            self._lines.insert(-1, "")

    def _next_marker(self) -> str:
        indent = "  " * (len(self._lists) - 1)
        number = self._lists[-1] if self._lists else None
        if number is None:
            return f"{indent}- "
        self._lists[-1] = number + 1
        return f"{indent}{number}. "
