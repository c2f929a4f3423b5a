"""What stands before and after a row of a list: the list's own order, forwards and backwards."""

from datetime import timedelta
from typing import Any, cast

import pytest
from django.db.models import QuerySet
from django.http import QueryDict
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.requests import PersonRequest
from scorecard.models import ImprovementAction
from scorecard.pages.action_filter import ActionFilter
from scorecard.pages.action_list import sorted_actions
from scorecard.pages.neighbors import LONGEST, Pages, SortedList, back_to, link_suffix, list_asked
from scorecard.pages.place import list_of
from scorecard.pages.sorting import ActionSorting
from tests.factories import NOON, ActionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def actions() -> None:
    """With equal values and unknown ones in every column."""
    for number in range(12):
        ActionFactory.create(
            title=f"{'Turn' if number % 2 else 'turn'} on {number // 3}",
            rank=number // 2 if number % 5 else None,
            score=number % 4,
            max_score=10 if number % 3 else None,
            category="Identity" if number % 2 else "",
            product=f"P{number % 3}",
            last_synced_at=NOON + timedelta(days=number // 4) if number % 6 else None,
        )


PAGES = Pages("scorecard:actions", "scorecard:action", "control_id")


def walk(came_from: SortedList[Any], rows: QuerySet[Any]) -> None:
    """Go through the list by its neighbors alone."""
    addresses = ["", *(row.get_absolute_url() for row in rows), ""]
    assert len(addresses) > 5
    for place, row in enumerate(rows, start=1):
        found = came_from.place(came_from.marked(ImprovementAction.objects.filter(pk=row.pk)).get())
        assert found.previous.partition("?")[0] == addresses[place - 1]
        assert found.next.partition("?")[0] == addresses[place + 1]


def asking(rf: RequestFactory, reader: User, query: str) -> PersonRequest:
    request = rf.get("/x/", {"list": query})
    request.user = reader
    return cast("PersonRequest", request)


@pytest.mark.parametrize("asked", [sign + key for key in ActionSorting.sorts for sign in ("", "-")])
def test_neighbors_are_those_of_the_list(actions: None, rf: RequestFactory, reader: User, asked: str) -> None:
    query = QueryDict(f"sort={asked}")
    listed = sorted_actions(ActionFilter(query, person=reader), ActionSorting(asked), 100.0)
    came_from = list_of(asking(rf, reader, query.urlencode()), 100.0)
    assert came_from is not None
    walk(came_from, listed)


def test_a_row_that_is_no_longer_in_the_list_still_has_its_place(
    actions: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sorting = ActionSorting("title")
    listed = sorting.apply(ImprovementAction.objects.all())
    one, gone, other = listed[3:6]
    with django_assert_num_queries(2):
        came_from = SortedList(QueryDict(), listed.exclude(pk=gone.pk), sorting, pages=PAGES)
        found = came_from.place(came_from.marked(ImprovementAction.objects.filter(pk=gone.pk)).get())
    assert found.previous.startswith(one.get_absolute_url())
    assert found.next.startswith(other.get_absolute_url())


def test_what_is_gone_meanwhile_has_no_neighbors(actions: None) -> None:
    came_from = SortedList(QueryDict(), ImprovementAction.objects.all(), ActionSorting("rank"), pages=PAGES)
    row = came_from.marked(ImprovementAction.objects.all())[0]
    ImprovementAction.objects.filter(pk=row.pk).delete()
    assert (came_from.place(row).previous, came_from.place(row).next) == ("", "")


def test_the_list_is_read_from_the_address_and_never_a_long_one(rf: RequestFactory) -> None:
    suffix = link_suffix("q=a%26b&sort=-due")
    asked = list_asked(rf.get(f"/x/{suffix}"))
    assert asked is not None
    assert (asked["q"], asked["sort"]) == ("a&b", "-due")
    assert list_asked(rf.get("/x/")) is None
    assert link_suffix("q=" + "x" * LONGEST) == ""
    assert list_asked(rf.get("/x/", {"list": "x" * (LONGEST + 1)})) is None


@pytest.mark.parametrize(
    ("referer", "to"),
    [
        ("http://testserver/x/?list=sort%3Ddue", "/x/?list=sort%3Ddue"),
        ("http://testserver/x/?next=1", "/x/"),
        ("http://testserver/y/?list=sort%3Ddue", "/x/"),
        ("https://evil.example/x/?list=1", "/x/"),
        ("", "/x/"),
    ],
)
def test_whoever_sent_a_form_keeps_the_place_in_the_list(rf: RequestFactory, referer: str, to: str) -> None:
    assert back_to(rf.post("/x/retry/", headers={"referer": referer}), "/x/").headers["Location"] == to
