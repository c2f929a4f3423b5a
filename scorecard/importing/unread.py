"""What of a document could not be understood while the rest was imported: counted, and told to people."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

# More are counted but not told one by one.
MOST_TOLD = 50
FOUND_LENGTH = 60


class UnreadKind(TextChoices):
    """What became of what could not be understood."""

    ENTRY = "entry", _("%(document)s: %(entry)s was left out, since %(name)s cannot be read: %(found)s")
    VALUE = "value", _("%(document)s: %(entry)s: %(name)s cannot be read and counts as unknown: %(found)s")
    CUT = "cut", _("%(document)s: %(entry)s: %(name)s is too long, and its end was left out: %(found)s")
    TWICE = (
        "twice",
        _("%(document)s: %(entry)s is there twice with different content. The first that is in use counts."),
    )
    ABOVE = "above", _("%(document)s: %(entry)s: %(name)s is above the maximum: %(found)s")
    LATE = "late", _("%(document)s: %(entry)s was left out, since its day has not come yet: %(found)s")


@dataclass(frozen=True, slots=True)
class Unread:
    """One thing that could not be understood: the property `name` of an entry, and the beginning of what it held."""

    kind: UnreadKind
    document: str
    entry: str
    name: str = ""
    found: str = ""


@dataclass(slots=True)
class LeftOut:
    """Collects what could not be understood, the first `MOST_TOLD` with their words."""

    count: int = 0
    told: list[Unread] = field(default_factory=list)

    def add(self, unread: Unread) -> None:
        """Note one more."""
        self.count += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(unread)

    def take_over(self, other: "LeftOut") -> None:
        """Note all that another collected."""
        self.count += other.count
        self.told.extend(other.told[: max(MOST_TOLD - len(self.told), 0)])

    def as_json(self) -> list[dict[str, str]]:
        """What is stored, for `sentence`."""
        return [asdict(unread) for unread in self.told]


def sentence(stored: Mapping[str, Any]) -> str:
    """Say in the reader's language what `LeftOut.as_json` stored."""
    return str(UnreadKind(stored["kind"]).label) % stored


def shown(value: object) -> str:
    """The beginning of what a property held, on one line."""
    text = value[: FOUND_LENGTH * 2] if isinstance(value, str) else _kind_of(value)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= FOUND_LENGTH else text[: FOUND_LENGTH - 1] + "…"


def _kind_of(value: object) -> str:
    """The words for what is no text: a number as it is, else only what kind of thing."""
    if isinstance(value, list | dict):
        brackets = "[]" if isinstance(value, list) else "{}"
        return "…".join(brackets) if value else brackets
    if isinstance(value, int) and abs(value) >= 10**FOUND_LENGTH:
        return "…"
    return json.dumps(value, default=lambda other: type(other).__name__)
