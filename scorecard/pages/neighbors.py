"""What stands before and after one row of a list, in the order of the list."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote, urlsplit

from django.db.models import F, Model, OrderBy, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from accounts.redirects import page_of
from scorecard.pages.sorting import Sorting

Rows = TypeVar("Rows", bound=QuerySet[Any])
# Longer than any list's filters; what is longer comes from no link of ours.
LONGEST = 1000
# In the address of a row's page: the filters and the order of the list that one came from.
PARAMETER = "list"


@dataclass(frozen=True, slots=True)
class Pages:
    """Names of addresses: of the whole list, and of one row's page, which takes this field of the row."""

    whole: str
    one: str
    field: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row's page stands in the list that one came from: addresses, empty at the list's ends."""

    back: str
    previous: str
    next: str


def link_suffix(query: str) -> str:
    """What a list, whose own query string this is, adds to the addresses of its rows."""
    return f"?{PARAMETER}={quote(query, safe='')}" if len(query) <= LONGEST else ""


def list_asked(request: HttpRequest) -> QueryDict | None:
    """Return the filters and the order of the list that one came from; None where the address names none."""
    text = request.GET.get(PARAMETER)
    return None if text is None or len(text) > LONGEST else QueryDict(text)


def back_to(request: HttpRequest, page: str) -> HttpResponse:
    """Send somebody whose form was taken back to `page`, and to the place in the list that it had."""
    came_from = urlsplit(page_of(request))
    is_same = came_from.path == page and QueryDict(came_from.query[: 4 * LONGEST]).get(PARAMETER) is not None
    return redirect(f"{page}?{came_from.query}" if is_same else page)


@dataclass(frozen=True, slots=True)
class _Key:
    """What a list is sorted by: its name in the query, and what the row has there. Nulls come last."""

    name: str
    descending: bool
    may_be_null: bool
    value: Any

    def same(self) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if self.value is None else Q(**{self.name: self.value})

    def beyond(self, *, backwards: bool) -> list[tuple[Q, list[OrderBy]]]:
        """What comes after the row by this key alone, or before it: the nearer first, each with its order by it."""
        order = OrderBy(F(self.name), descending=self.descending != backwards)
        if self.value is None:
            return [(Q(**{f"{self.name}__isnull": False}), [order])] if backwards else []
        beyond = Q(**{f"{self.name}__{'lt' if order.descending else 'gt'}": self.value})
        nulls = [(Q(**{f"{self.name}__isnull": True}), list[OrderBy]())]
        return [(beyond, [order]), *(nulls if self.may_be_null and not backwards else ())]

    def order(self, *, backwards: bool) -> OrderBy:
        last, first = (None, True) if backwards else (True, None)
        nulls = {"nulls_last": last, "nulls_first": first} if self.may_be_null else {}
        return OrderBy(F(self.name), descending=self.descending != backwards, **nulls)


def _as_is(rows: Rows) -> Rows:
    return rows


class SortedList(Generic[Rows]):
    """A list that one came from: `rows` in an order. `prepare` adds to rows what that needs."""

    def __init__(
        self,
        asked: QueryDict,
        rows: Rows,
        sorting: Sorting,
        *,
        pages: Pages,
        prepare: Callable[[Rows], Rows] = _as_is,
    ) -> None:
        self.query, self.pages, self.prepare = asked.urlencode(), pages, prepare
        ordered = sorting.apply(prepare(rows))
        self.orders = [cast("OrderBy", order) for order in ordered.query.order_by]
        self.rows = ordered.alias(**self._expressions())

    def marked(self, row: Rows) -> Rows:
        """Have the one row of a page know what the list is sorted by."""
        return self.prepare(row).annotate(**self._expressions())

    def place(self, row: Model) -> Place:
        """Find the one before a row that is `marked`, and the one after, by one query. It may have left the list."""
        keys = [
            _Key(name, order.descending, bool(order.nulls_last), getattr(row, name))
            for name, order in zip(self._expressions(), self.orders, strict=True)
        ]
        found: QuerySet[Model] = QuerySet(type(row)).filter(pk=row.pk)
        pair = found.values_list(
            self._nearest(keys, backwards=True), self._nearest(keys, backwards=False)
        ).first()
        before, after = pair or (None, None)
        whole = reverse(self.pages.whole)
        return Place(f"{whole}?{self.query}" if self.query else whole, self._page(before), self._page(after))

    def _nearest(self, keys: list[_Key], *, backwards: bool) -> Coalesce:
        """Ask first for what differs in the last key alone, then in the one before, and so on: a range of one key after
        equal ones is what an index finds, and any of these in one condition is not.
        """
        ways: list[Subquery[Any]] = []
        for at in reversed(range(len(keys))):
            rest = [key.order(backwards=backwards) for key in keys[at + 1 :]]
            same = [key.same() for key in keys[:at]]
            for beyond, order in keys[at].beyond(backwards=backwards):
                rows = self.rows.filter(*same, beyond).order_by(*order, *rest)
                ways.append(Subquery(rows.values(self.pages.field)[:1]))
        return Coalesce(*ways, Value(None))

    def _page(self, key: Any) -> str:
        return "" if key is None else reverse(self.pages.one, args=[key]) + link_suffix(self.query)

    def _expressions(self) -> dict[str, Any]:
        return {f"sorted_by_{place}": order.expression for place, order in enumerate(self.orders)}
