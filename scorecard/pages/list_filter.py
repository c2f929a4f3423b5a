"""The filters of a list: the form that asks for them, and a chip for each that is active."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, cast

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import pgettext_lazy

from scorecard.pages.list_address import ListAddress

_SELECTED = SafeString(" selected")
ANY = [("", pgettext_lazy("filter", "All"))]


@dataclass(frozen=True, slots=True)
class Chip:
    """One active filter in words, and the address of the list without it."""

    name: str
    words: str
    address: str


@dataclass(frozen=True, slots=True)
class Select:
    """A field to choose in. Django's own widgets render a template for every option."""

    name: str
    label: str
    options: SafeString


@dataclass(frozen=True, slots=True)
class Box:
    """A field to tick."""

    name: str
    label: str
    is_ticked: bool


class ListFilter(forms.Form):
    """What to show of a list. Comes by GET; what it does not understand it ignores."""

    # Shown beside the button, not behind it.
    apart: tuple[str, ...] = ("q",)

    @property
    def is_filtering(self) -> bool:
        """Whether anything is left out that the plain list shows."""
        return any(self.values.values())

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """What was asked for and understood."""
        self.full_clean()
        return getattr(self, "cleaned_data", {})

    @property
    def searched(self) -> str:
        """The words that are looked for."""
        return str(self.values.get("q") or "")

    def selects(self) -> Iterator[Select]:
        """Yield the fields to choose in. One that has nothing to choose between is left out."""
        for name, field in self._behind():
            if isinstance(field, forms.ChoiceField) and len(choices := _choices(field)) > 1:
                yield Select(name, str(field.label), options(choices, self._asked(name)))

    def boxes(self) -> Iterator[Box]:
        """Yield the fields to tick."""
        for name, field in self._behind():
            if isinstance(field, forms.BooleanField):
                yield Box(name, str(field.label), bool(self.values.get(name)))

    def chips(self, address: ListAddress) -> list[Chip]:
        """Return the active filters, each with the address that is without it."""
        return [
            Chip(name, self._in_words(name, field), address.having(**{name: None}))
            for name, field in self.fields.items()
            if name not in self.apart and self.values.get(name)
        ]

    def _behind(self) -> Iterator[tuple[str, forms.Field]]:
        return ((name, field) for name, field in self.fields.items() if name not in self.apart)

    def _asked(self, name: str) -> str:
        return self.data.get(name, "") if self.values.get(name) else ""

    def _in_words(self, name: str, field: forms.Field) -> str:
        if not isinstance(field, forms.ChoiceField):
            return str(field.label)
        asked = self._asked(name)
        chosen = next((label for value, label in _choices(field) if str(value) == asked), asked)
        return f"{field.label}: {chosen}"


def _choices(field: forms.ChoiceField) -> list[tuple[Any, Any]]:
    return list(cast("Iterable[tuple[Any, Any]]", field.choices))


def options(choices: Iterable[tuple[Any, Any]], asked: str) -> SafeString:
    """Return the options of a field to choose in."""
    written = (_option(str(value), str(label), str(value) == asked) for value, label in choices)
    return SafeString("".join(written))


@lru_cache(maxsize=4096)
def _option(value: str, label: str, is_asked: bool) -> SafeString:
    """Write one option. The same few come with every list."""
    return format_html('<option value="{}"{}>{}</option>', value, _SELECTED if is_asked else "", label)
