"""The order of a list."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import F, OrderBy, QuerySet
from django.db.models.functions import Lower
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from scorecard.pages.list_address import ListAddress
from scorecard.pages.list_filter import options

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Rows = TypeVar("Rows", bound=QuerySet[Any])
Column = str | Lower


@dataclass(frozen=True, slots=True)
class Head:
    """A column's header: `address` is the order that choosing it asks for, empty where it cannot be sorted by."""

    key: str
    label: str
    address: str = ""
    aria: str = ""


class Sorting:
    """The order of a list: `-impact` is by score impact, the highest first. Unknown values come last."""

    # What the list can be sorted by: its column's key, and the columns behind it.
    sorts: Mapping[str, tuple[Column, ...]] = {}
    # What the columns are called, in their order on the page, those too that cannot be sorted by.
    labels: "Mapping[str, str | _StrPromise]" = {}
    # The columns that may hold nothing. To say of others where nothing comes would keep a database from its index.
    nullable: Collection[Column] = ()
    usual = ""
    # These settle what is equal otherwise, so that pages neither repeat nor lose a row.
    ties: tuple[OrderBy, ...] = ()

    def __init__(self, asked: str) -> None:
        known = asked if asked.removeprefix("-") in self.sorts else self.usual
        self.key = known.removeprefix("-")
        self.descending = known.startswith("-")

    @property
    def asked(self) -> str:
        """The order as an address says it."""
        return f"-{self.key}" if self.descending else self.key

    def apply(self, rows: Rows) -> Rows:
        """Sort the rows."""
        return rows.order_by(*self._first(), *self._ties())

    def _first(self) -> list[OrderBy]:
        return [self._by(column) for column in self.sorts[self.key]]

    def _ties(self) -> tuple[OrderBy, ...]:
        return self.ties

    def _by(self, column: Column) -> OrderBy:
        expression = F(column) if isinstance(column, str) else column
        is_last = True if column in self.nullable else None
        return OrderBy(expression, descending=self.descending, nulls_last=is_last)

    def heads(self, address: ListAddress) -> list[Head]:
        """Return the headers of all columns."""
        return [
            Head(key, str(label), self._next(key, address), self._aria(key))
            if key in self.sorts
            else Head(key, str(label))
            for key, label in self.labels.items()
        ]

    def choices(self) -> SafeString:
        """Return the options of a field that asks for the order. The usual one is no value: addresses do not say it."""
        orders = [(key, label) for key, label in self.labels.items() if key in self.sorts]
        ways = [("", gettext("%(column)s, ascending")), ("-", gettext("%(column)s, descending"))]
        named = [(way + key, words % {"column": label}) for key, label in orders for way, words in ways]
        return options(
            [("" if value == self.usual else value, words) for value, words in named],
            "" if self.asked == self.usual else self.asked,
        )

    def _aria(self, key: str) -> str:
        if key != self.key:
            return ""
        return "descending" if self.descending else "ascending"

    def _next(self, key: str, address: ListAddress) -> str:
        return address.having(sort=f"-{key}" if key == self.key and not self.descending else key)


class ActionSorting(Sorting):
    """The order of improvement actions. Unless asked otherwise, what brings most comes first, and last what is
    finished. The rows have `impact`.
    """

    sorts = {
        "rank": ("rank",),
        "title": (Lower("title"),),
        "impact": ("impact",),
        "points": ("score", "max_score"),
        "category": (Lower("category"),),
        "product": (Lower("product"),),
        "tickets": ("ticket_count",),
    }
    labels = {
        "rank": _("Rank"),
        "title": _("Improvement action"),
        "impact": _("Score impact"),
        "points": _("Points achieved"),
        "status": pgettext_lazy("action", "Status"),
        "category": _("Category"),
        "product": _("Product"),
        "tickets": _("Tickets"),
    }
    nullable = ("rank", "impact", "score", "max_score", "ticket_count")
    usual = "-impact"
    ties = (OrderBy(Lower("title")), OrderBy(F("control_id")))

    def _first(self) -> list[OrderBy]:
        if self.key == "impact" and self.descending:
            return [OrderBy(F("is_finished")), *super()._first()]
        return super()._first()
