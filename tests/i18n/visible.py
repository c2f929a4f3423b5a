"""What a person sees or hears of a page, told apart by language."""

from collections.abc import Iterator
from html.parser import HTMLParser

# Attributes that are read out or shown; values of buttons and inputs are data here.
SPOKEN = {"aria-label", "title", "alt", "placeholder"}
SPOKEN_DATA = {"data-announce", "data-copied", "data-not-copied", "data-failed", "data-offline"}
NOT_TEXT = {"code", "script", "style", "textarea"}
VOID = {"br", "hr", "img", "input", "link", "meta"}


class Visible(HTMLParser):
    """Collects texts outside code, and outside elements in another language than the page's.

    A template parsed as a page may close what it did not open and the reverse; that changes nothing here.
    """

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and what its attributes say."""
        skipped = tag in NOT_TEXT or (tag != "html" and any(name == "lang" for name, _ in attrs))
        if tag not in VOID:
            self._open.append((tag, skipped))
        if not self._is_skipping():
            self.texts += [value for name, value in attrs if value and name in SPOKEN | SPOKEN_DATA]

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element of that name."""
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        """Note a piece of text."""
        if not self._is_skipping():
            self.texts.append(data)

    def _is_skipping(self) -> bool:
        return any(skipped for _, skipped in self._open)


def visible_texts(html: str) -> Iterator[str]:
    """Yield each text of a page that is in the page's own language, with single spaces and never empty."""
    parser = Visible()
    parser.feed(html)
    parser.close()
    for text in parser.texts:
        if words := " ".join(text.split()):
            yield words
