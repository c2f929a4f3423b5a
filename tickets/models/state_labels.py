"""What a state is called on our pages.

The words that somebody chose here for a language come first, then those of the instance where it has words of its own,
then ServiceNow's out-of-the-box words, translated. What was chosen for one language is shown in another only where
nobody has any other name. The instance's own English words are shown where it has none in the reader's language, as
ServiceNow itself does: its state may mean something else than the word that we would translate.
"""

from collections.abc import Iterable
from typing import Protocol

from django.db import models
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from connector.models import Instance
from tickets.models.choices import Kind, NormalizedState
from tickets.models.ticket_type import TYPES

ENGLISH = "en"


class Named(Protocol):
    """A row of names: one state of one kind in one language."""

    @property
    def kind(self) -> str: ...

    @property
    def value(self) -> str: ...

    @property
    def language(self) -> str: ...

    @property
    def their_label(self) -> str: ...

    @property
    def our_label(self) -> str: ...


def name_of(kind: Kind, value: str, rows: Iterable[Named], language: str) -> str:
    """The name of a state in a language; empty where nobody has one. `rows` may hold those of other states too."""
    of_state = {row.language: row for row in rows if row.kind == kind and row.value == value}
    if language in of_state and of_state[language].our_label:
        return of_state[language].our_label
    if language in of_state and language != ENGLISH and of_state[language].their_label:
        return of_state[language].their_label
    known_state = TYPES[kind].states.get(value)
    default = known_state.label if known_state else None
    with translation.override(ENGLISH):
        known = str(default or "")
    if ENGLISH in of_state and of_state[ENGLISH].their_label not in ("", known):
        return of_state[ENGLISH].their_label
    if default is not None:
        with translation.override(language):
            return str(default)
    names = [row.their_label for row in of_state.values()] + [row.our_label for row in of_state.values()]
    return next(filter(None, names), "")


def their_name(kind: Kind, value: str, rows: Iterable[Named], language: str) -> str:
    """What the instance calls a state, in a language if it was read in that one; empty where it was not read."""
    told = {row.language: row.their_label for row in rows if (row.kind, row.value) == (kind, value)}
    return told.get(language) or told.get(ENGLISH) or next((label for label in told.values() if label), "")


class StateName(models.Model):
    """What one instance calls a state, what we call it, and what it means."""

    instance = models.ForeignKey(
        Instance, models.PROTECT, related_name="state_names", verbose_name=_("instance")
    )
    kind = models.CharField(pgettext_lazy("ticket", "task type"), max_length=20, choices=Kind)
    value = models.CharField(_("stored value"), max_length=40)
    language = models.CharField(_("language"), max_length=10, default="en")
    their_label = models.CharField(_("name in ServiceNow"), max_length=100, blank=True)
    our_label = models.CharField(pgettext_lazy("ticket state", "our name"), max_length=100, blank=True)
    normalized_state = models.CharField(
        pgettext_lazy("ticket state", "meaning"), max_length=30, choices=NormalizedState, blank=True
    )

    class Meta:
        verbose_name = _("ticket state name")
        verbose_name_plural = _("ticket state names")
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "kind", "value", "language"], name="state_name_unique"
            )
        ]
