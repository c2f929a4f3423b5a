"""What a state is called on our pages. Pure.

The words that somebody chose here come first, then those of the instance where it has words of its own, then
ServiceNow's out-of-the-box words, translated.
"""

from collections.abc import Iterable
from typing import Protocol

from django.utils import translation

from tickets.states import DEFAULT_LABELS, Kind

ENGLISH = "en"


class Named(Protocol):
    """A row of names: one state of one kind in one language."""

    kind: str
    value: str
    language: str
    their_label: str
    our_label: str


def name_of(kind: Kind, value: str, rows: Iterable[Named], language: str) -> str:
    """The name of a state in a language; empty where nobody has one. `rows` may hold those of other states too."""
    of_state = {row.language: row for row in rows if row.kind == kind and row.value == value}
    chosen = [row for row in (of_state.get(language), of_state.get(ENGLISH)) if row is not None]
    if ours := next((row.our_label for row in chosen if row.our_label), ""):
        return ours
    if language in of_state and language != ENGLISH and of_state[language].their_label:
        return of_state[language].their_label
    default = DEFAULT_LABELS[kind].get(value)
    with translation.override(ENGLISH):
        known = str(default or "")
    if ENGLISH in of_state and of_state[ENGLISH].their_label not in ("", known):
        return of_state[ENGLISH].their_label
    if default is not None:
        with translation.override(language):
            return str(default)
    return next((row.their_label for row in of_state.values() if row.their_label), "")


def their_name(kind: Kind, value: str, rows: Iterable[Named], language: str) -> str:
    """What the instance calls a state, in a language if it was read in that one; empty where it was not read."""
    told = {row.language: row.their_label for row in rows if (row.kind, row.value) == (kind, value)}
    return told.get(language) or told.get(ENGLISH) or next((label for label in told.values() if label), "")
