"""One entry of a document: its properties as values, and a note of each that is there but cannot be read. Pure."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from scorecard.importing.unread import LeftOut, Unread, UnreadKind, shown
from scorecard.models.rounding import DECIMALS

ID_LENGTH = 200
# Microsoft's longest text, of a remediation, has some 2,200 characters.
LONGEST = 20_000
# No word that stands for nothing is as long.
WORD = 20
LEVELS = {"low": "low", "moderate": "moderate", "medium": "moderate", "high": "high"}
# No tenant's points, users or ranks come near it; a double holds every whole number up to here.
LARGEST = 1e9
# What Microsoft writes where it has no data, in place of a name as well.
NO_DATA = -1
_SWITCH = {"true": True, "false": False}
# How scripts write that there is nothing. Where people write sentences, "None" is one of them.
_NOTHING = frozenset({"null", "(null)", "undefined", "nan", "n/a"})
_NO_WORD = _NOTHING | {"none", "-", "unknown"}
# ConvertTo-Json of Windows PowerShell writes moments so, in milliseconds since 1970; the zone behind says nothing more.
_DATE = re.compile(r"/Date\((-?[0-9]{1,14})(?:[+-][0-9]{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Secure Score began in 2017. What is older comes from a field that nobody filled in.
_EARLIEST = datetime(2017, 1, 1, tzinfo=UTC)
# The first moment that .NET knows, which it writes where there is none.
_NO_MOMENT = "0001-01-01"
# What PowerShell writes in place of an object that lies deeper than it was told to go.
_CUT_OFF = ("@{", "System.Object[]", "System.Collections.")


class DocumentError(Exception):
    """A document that cannot be used. The message says which, what is wrong with it, and what to do."""


class EntryError(DocumentError):
    """One entry that cannot be understood, while others of its document may be."""

    def __init__(self, message: str, unread: Unread) -> None:
        super().__init__(message)
        self.unread = unread


@dataclass(frozen=True, slots=True)
class Entry:
    """The properties of one entry. `label` is what people know it by."""

    item: Mapping[str, Any]
    document: str
    label: str
    left_out: LeftOut

    def text(self, name: str) -> str:
        """Sentences, or HTML. Empty where there are none."""
        text = self._told(name, LONGEST)
        return "" if len(text) < WORD and text.casefold() in _NOTHING else text

    def word(self, name: str, length: int) -> str:
        """A name or a category. Empty where there is none."""
        return plain_word(self._told(name, length), length)

    def words(self, name: str, length: int) -> list[str] | None:
        """A list of names; None where it cannot be read."""
        value = self.item.get(name)
        if isinstance(value, list):
            if not all(each is None or isinstance(each, str) for each in value):
                self.note(name)
            return [word for word in (plain_word(each, length) for each in value) if word]
        if _is_nothing(value):
            return []
        refuse_cut_off(value, self.document, name)
        self.note(name)
        return None

    def level(self, name: str) -> str:
        """One of `LEVELS`, empty where Microsoft names none."""
        return LEVELS.get(self.word(name, WORD).casefold(), "")

    def number(self, name: str) -> float | None:
        """A number from 0 to `LARGEST`; None where it is missing or cannot be read. Microsoft's -1 is "no data"."""
        value = self.item.get(name)
        found = as_number(value)
        if found is not None and 0 <= found <= LARGEST:
            return found
        if not _is_nothing(value) and found != NO_DATA:
            self.note(name)
        return None

    def points(self, name: str) -> float | None:
        """A number of points without the traces of binary fractions."""
        found = self.number(name)
        return None if found is None else round(found, DECIMALS)

    def whole(self, name: str) -> int | None:
        """A whole number."""
        found = self.number(name)
        return None if found is None else int(found)

    def moment(self, name: str) -> datetime | None:
        """A moment in UTC."""
        value = self.item.get(name)
        found = as_moment(value)
        if found is None and not _is_nothing(value) and not _is_no_moment(value):
            self.note(name)
        return found

    def flag(self, name: str) -> bool:
        """Whether something is so; what is not said is not."""
        return self.switch(name) is True

    def switch(self, name: str) -> bool | None:
        """Whether something is on; None where it is not said, or not as a yes or a no."""
        value = self.item.get(name)
        found = value if isinstance(value, bool) else _SWITCH.get(storable(value).casefold())
        if found is None and not _is_nothing(value):
            self.note(name)
        return found

    def _told(self, name: str, length: int) -> str:
        """Text of at most `length` characters; what is longer, or no text at all, is noted."""
        value = self.item.get(name)
        if not isinstance(value, str):
            if not _is_nothing(value) and value != NO_DATA:
                self.note(name)
            return ""
        text = storable(value)
        if len(value) > LONGEST or len(text) > length:
            self.note(name, UnreadKind.CUT)
        return text[:length]

    def note(self, name: str, kind: UnreadKind = UnreadKind.VALUE) -> None:
        """Note that a property cannot be read."""
        self.left_out.add(Unread(kind, self.document, self.label, name, shown(self.item.get(name))))

    def refuse(self, name: str) -> EntryError:
        """An error for a property without which the entry says nothing."""
        value = self.item.get(name)
        wrong = f"lacks {name}" if _is_nothing(value) else f"has a {name} that cannot be read: {shown(value)}"
        return EntryError(
            f"{self.document}: {self.label} {wrong}. Get it from Microsoft Graph again.",
            Unread(UnreadKind.ENTRY, self.document, self.label, name, shown(value)),
        )


def refuse_cut_off(value: object, document: str, name: str) -> None:
    """Raise `DocumentError` for text that PowerShell wrote in place of an object: all of the document is like that."""
    if isinstance(value, str) and value.lstrip()[:30].startswith(_CUT_OFF):
        raise DocumentError(
            f"{document} was cut off at a depth when it was saved: {name} is text, {shown(value)}. "
            "Save it again with ConvertTo-Json -Depth 20."
        )


def storable(value: object) -> str:
    """Text as a database stores it, cut; empty for what is none."""
    if not isinstance(value, str):
        return ""
    # PostgreSQL stores no NUL and no lone surrogate; both can be written in JSON.
    return value[:LONGEST].replace("\x00", "").encode("utf-8", "replace").decode().strip()


def plain_word(value: object, length: int) -> str:
    """A name; empty for the words that stand for none."""
    text = storable(value)[:length]
    return "" if len(text) < WORD and text.casefold() in _NO_WORD else text


def as_number(value: object) -> float | None:
    """A finite number, also of text; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > ID_LENGTH:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_moment(value: object) -> datetime | None:
    """A moment in UTC, as Graph or PowerShell writes it; None for everything else, and for what is older than Secure
    Score. No zone means UTC.
    """
    if isinstance(value, dict):
        # PowerShell's own object around a date.
        value = value.get("value")
    text = storable(value[:ID_LENGTH]) if isinstance(value, str) else ""
    try:
        if found := _DATE.fullmatch(text):
            moment = _EPOCH + timedelta(milliseconds=int(found[1]))
        else:
            moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment if moment >= _EARLIEST else None
    except (ValueError, OverflowError):
        return None


def key_of(control_id: str) -> str:
    """What tells controls apart: their IDs may differ in case and spaces from one answer to the next."""
    return " ".join(control_id.split()).casefold()


def _is_nothing(value: object) -> bool:
    if isinstance(value, str):
        return len(value) < WORD and storable(value).casefold() in {"", *_NO_WORD}
    return value is None


def _is_no_moment(value: object) -> bool:
    return isinstance(value, str) and value[:WORD].strip().startswith(_NO_MOMENT)
