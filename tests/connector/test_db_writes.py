"""Writing in turn, on whatever database the tests run."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from connector import db_writes

pytestmark = [pytest.mark.django_db(transaction=True)]
ON_SQLITE, ON_POSTGRESQL = (
    ("PRAGMA synchronous", "PRAGMA synchronous = {}"),
    ("SHOW synchronous_commit", "SELECT 1"),
)


@pytest.fixture
def waits_for_the_disk() -> Iterator[str]:
    """This connection as in operation; the tests' own waits for nothing. Gives what it says of itself."""
    before = level()
    _set(2)
    yield level()
    if before.isdigit():
        _set(int(before))


def level() -> str:
    """How this connection waits for the disk."""
    with connection.cursor() as cursor:
        cursor.execute((ON_SQLITE if connection.vendor == "sqlite" else ON_POSTGRESQL)[0])
        return str(cursor.fetchone()[0])


def _set(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute((ON_SQLITE if connection.vendor == "sqlite" else ON_POSTGRESQL)[1].format(number))


def test_the_next_write_waits_for_the_disk_again(waits_for_the_disk: str) -> None:
    with db_writes.in_turn_without_the_disk():
        inside = level()
    assert (inside, level()) == ("1" if connection.vendor == "sqlite" else "on", waits_for_the_disk)


def test_the_next_write_waits_for_the_disk_even_after_one_that_failed(waits_for_the_disk: str) -> None:
    with pytest.raises(ZeroDivisionError), db_writes.in_turn_without_the_disk():
        _ = 1 / 0
    assert level() == waits_for_the_disk


def test_inside_a_transaction_the_disk_is_the_transactions_own_matter(waits_for_the_disk: str) -> None:
    with transaction.atomic(), db_writes.in_turn_without_the_disk():
        inside = level()
    assert inside == waits_for_the_disk


def test_on_sqlite_one_thread_writes_at_a_time() -> None:
    inside, most = [], []

    def write(_number: int) -> None:
        try:
            with db_writes.in_turn():
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.01)
                inside.pop()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(12)))
    assert (max(most) == 1) == (connection.vendor == "sqlite")
