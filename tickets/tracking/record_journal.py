"""A record's own journal fields, as people see them.

Where `sys_journal_field` is closed to the integration user, or shows it nothing without a word, the record's own fields
may hold the same entries one below the other, the newest first: a line with time, name and journal, the text, an empty
line (as seen on live instances). Time and name are written as the integration user is set up, so they stay as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from connector.servicenow.batch import Listing
from connector.servicenow.client import ids_query
from connector.servicenow.records import Page
from tickets.models import rich_text
from tickets.models.comments import Element

# The line above an entry: "2026-11-28 07:00:54 - Ada Lovelace (Work notes)", the last in the user's language.
_LONGEST_TITLE = 300
# More than that nobody reads on a page; the newest come first.
LONGEST = 200_000


@dataclass(frozen=True)
class Entry:
    """One entry: the line above it, empty where there is none, and its text."""

    title: str
    text: str

    @property
    def html(self) -> SafeString:
        """Its text as HTML that is safe to show."""
        return rich_text.shown(self.text)


def listing(kind: str, sys_ids: Sequence[str]) -> Listing:
    """Ask what people see in the journals of these records."""
    wanted = ("sys_id", *Element.values)
    query = ids_query("sys_id", sys_ids)
    return Listing(kind, query, wanted, len(sys_ids), display_values=True, optional=True)


def texts(pages: Sequence[Page]) -> dict[str, dict[str, str]]:
    """Return, by sys_id, the journals that may be seen of each record that came back; an empty one is there, too."""
    return {
        record.sys_id: {name: record.shown[name] for name in Element.values if name in record.shown}
        for page in pages
        for record in page.records
    }


def entries(shown: str) -> list[Entry]:
    """Cut what people see in a journal into its entries."""
    found: list[Entry] = []
    title, lines = "", list[str]()
    after_blank = True
    for line in shown.replace("\r\n", "\n").split("\n"):
        if after_blank and _is_title(line):
            found.append(Entry(title, "\n".join(lines).strip()))
            title, lines = line, []
        else:
            lines.append(line)
        after_blank = not line
    found.append(Entry(title, "\n".join(lines).strip()))
    return [entry for entry in found if entry.text or entry.title]


def _is_title(line: str) -> bool:
    if len(line) > _LONGEST_TITLE or not line.endswith((")", "）")):
        return False
    moment, dash, name = line.partition(" - ")
    return bool(dash) and any(one.isdigit() for one in moment) and ("(" in name or "（" in name)


def shortened(journals: Mapping[str, str]) -> dict[str, str]:
    """Return the journals that hold something, each as long as is kept."""
    return {name: text[:LONGEST] for name, text in journals.items() if text.strip()}
