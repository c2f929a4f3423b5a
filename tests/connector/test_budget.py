"""The hour's calls: never more than allowed within any sixty minutes, whoever counts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import connection as database
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from connector.budget import HOUR, SLOT, Calls, slot_of
from connector.models import Connection, Instance
from tests.factories import InstanceFactory

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def counting(at: datetime, calls: Calls) -> Calls:
    """The same with a call at this moment."""
    moved = calls.at(at)
    return Calls(moved.slot_at, moved.total + 1, moved.earlier)


@given(st.lists(st.integers(0, 4 * 3600), max_size=60).map(sorted), st.integers(0, 4 * 3600))
def test_no_call_of_the_last_hour_is_forgotten_and_none_counts_longer_than_a_slot_more(
    seconds: list[int], later: int
) -> None:
    made = [NOON + timedelta(seconds=second) for second in seconds]
    calls = Calls(slot_of(NOON), 0)
    for at in made:
        calls = counting(at, calls)
    now = (made[-1] if made else NOON) + timedelta(seconds=later)
    count = calls.at(now).total
    assert sum(at >= now - HOUR for at in made) <= count <= sum(at > now - HOUR - SLOT for at in made)


@given(st.lists(st.integers(0, 7200), max_size=40).map(sorted), st.integers(1, 10))
def test_calls_are_free_from_the_moment_that_is_told_and_not_before(seconds: list[int], most: int) -> None:
    calls = Calls(slot_of(NOON), 0)
    for second in seconds:
        calls = counting(NOON + timedelta(seconds=second), calls)
    now = NOON + timedelta(seconds=7200)
    free_at = calls.free_at(now, most)
    assert calls.at(free_at).total < most
    assert free_at == now or calls.at(free_at - timedelta(seconds=1)).total >= most


def test_a_clock_that_was_put_back_does_not_stop_the_calls_for_ever() -> None:
    calls = Calls(slot_of(NOON + timedelta(days=365)), 10)
    assert calls.at(NOON).total == 10
    assert calls.free_at(NOON, 10) == NOON + HOUR + SLOT


@pytest.mark.django_db
def test_within_sixty_minutes_no_more_than_the_budget_is_called() -> None:
    row = Instance.objects.filter(pk=InstanceFactory.create().pk)
    seconds = [0, *range(3540, 3560), *range(3600, 3620), *range(7000, 7700, 10)]
    made = [at for at in seconds if row.spend_call(NOON + timedelta(seconds=at), 10)]
    assert max(sum(begin <= at < begin + 3600 for at in made) for begin in made) == 10
    assert len(made) > 10


@pytest.mark.django_db
def test_whose_clock_is_a_little_behind_counts_into_the_newer_slot() -> None:
    row = Instance.objects.filter(pk=InstanceFactory.create().pk)
    assert row.spend_call(NOON, 2)
    assert row.spend_call(NOON - timedelta(seconds=1), 2)
    assert not row.spend_call(NOON + timedelta(seconds=1), 2)


@pytest.mark.django_db(transaction=True)
def test_many_who_begin_a_slot_at_once_count_each_call_once() -> None:
    row = Instance.objects.filter(pk=InstanceFactory.create().pk)
    assert row.spend_call(NOON, 20)

    def spend(_number: int) -> bool:
        try:
            return row.spend_call(NOON + SLOT, 20)
        finally:
            database.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(40))) == 19
    assert row.get().calls_made(NOON + SLOT) == 20


@pytest.mark.django_db
def test_the_pages_tell_how_many_calls_count(
    client: Client, administrator: User, connection: Connection, settings: LazySettings
) -> None:
    settings.API_CALLS_PER_HOUR = 300
    now = timezone.now()
    row = Instance.objects.filter(pk=connection.instance_id)
    # The last call was half an hour ago, so the row itself was last written then. None of them stops counting soon.
    for minutes in (120, 50, 30):
        row.spend_call(now - timedelta(minutes=minutes), 300)
    count = f"{row.get().calls_made(now)} of 300"
    client.force_login(administrator)
    for page in (
        "/servicenow/",
        "/admin/connector/instance/",
        f"/admin/connector/instance/{row.get().pk}/change/",
    ):
        assert count in client.get(page).content.decode()
    assert count == "2 of 300"
