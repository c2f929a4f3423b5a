"""At most four calls to an instance are under way at once, over all threads and processes, reads included."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection as database
from django.db import connections
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connector import locks
from connector.access.client_factory import Pause, Paused, open_client
from connector.access.turns import AT_ONCE, WORKER_PATIENCE, alone, turn
from connector.models import Connection
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.workers import ROOT, environment
from tickets.delivery.push import push
from tickets.tracking.poll import poll_delta, poll_sweep

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def other_process(connection: Connection) -> Iterator[subprocess.Popen[str]]:
    """A process that holds all turns, and goes on doing so."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "tests.connector.turn_holder",
        str(connection.instance_id),
    ]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def read_one(connection: Connection) -> None:
    """One look-up, in a thread of its own."""
    try:
        open_client(connection, now=timezone.now(), patience=WORKER_PATIENCE).read("incident", "0" * 32)
    finally:
        connections.close_all()


def most_at_once(sandbox: SandboxProcess) -> int:
    calls = [(datetime.fromisoformat(call["at"]), call["ms"]) for call in sandbox.requests()["requests"]]
    ended = [(at, at + timedelta(milliseconds=ms)) for at, ms in calls]
    return max(sum(at <= began < end for at, end in ended) for began, _ in ended)


def test_sixteen_look_ups_at_once_are_four_at_a_time(sandbox: SandboxProcess, connection: Connection) -> None:
    open_client(connection, now=timezone.now()).whoami()
    sandbox.clear()
    sandbox.fault("latency", method="GET", times=16, seconds=0.3)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(read_one, [connection] * 16))
    assert len(sandbox.requests()["requests"]) == 16
    assert most_at_once(sandbox) == 4


def test_a_page_waits_two_seconds_for_its_turn_and_says_so(
    sandbox: SandboxProcess, connection: Connection, other_process: subprocess.Popen[str], secadmin: User
) -> None:
    browser = Browser()
    browser.force_login(secadmin)
    before = len(sandbox.requests()["requests"])
    started = time.monotonic()
    page = browser.post(reverse("connector:test"), follow=True)
    assert time.monotonic() - started >= 2
    assert "ServiceNow is answering other calls of the portal just now." in page.content.decode()
    assert len(sandbox.requests()["requests"]) == before


def test_the_turns_of_a_killed_process_are_free_at_once(
    connection: Connection, other_process: subprocess.Popen[str]
) -> None:
    with pytest.raises(Paused) as caught:
        open_client(connection, now=timezone.now(), patience=0.1).whoami()
    assert caught.value.reason == Pause.BUSY
    other_process.kill()
    other_process.wait()
    # PostgreSQL notices a lost connection a moment later.
    assert open_client(connection, now=timezone.now(), patience=20).whoami()


def test_a_turn_that_ends_is_the_next_ones(connection: Connection) -> None:
    for _ in range(3 * AT_ONCE):
        with turn(connection.instance_id, 0):
            pass


def test_two_instances_do_not_wait_for_each_other(connection: Connection) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        held = [pool.submit(hold_briefly, connection.instance_id) for _ in range(AT_ONCE)]
        time.sleep(0.3)
        with turn(connection.instance_id + 1, 0):
            assert not any(one.done() for one in held)


def hold_briefly(instance_id: int) -> None:
    try:
        with turn(instance_id, 5):
            time.sleep(1)
    finally:
        connections.close_all()


@pytest.mark.parametrize(("work", "poll"), [("delta", poll_delta), ("sweep", poll_sweep)])
def test_one_delta_and_one_sweep_at_a_time(
    sandbox: SandboxProcess, connection: Connection, work: str, poll: object
) -> None:
    push(TicketFactory.create(instance=connection.instance).pk)
    before = len(sandbox.requests()["requests"])

    def elsewhere() -> None:
        try:
            poll()  # type: ignore[operator]
        finally:
            connections.close_all()

    with alone(connection.instance_id, work) as is_alone:
        assert is_alone
        with ThreadPoolExecutor(1) as pool:
            pool.submit(elsewhere).result()
    assert len(sandbox.requests()["requests"]) == before
    poll()  # type: ignore[operator]
    assert len(sandbox.requests()["requests"]) > before


def test_a_lock_is_held_by_one_and_free_again_after_it() -> None:
    held = locks.acquire("a")
    assert held is not None
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(is_taken, "a").result()
        assert not pool.submit(is_taken, "b").result()
        held.release()
        assert not pool.submit(is_taken, "a").result()


def is_taken(name: str) -> bool:
    try:
        held = locks.acquire(name)
        if held is not None:
            held.release()
        return held is None
    finally:
        database.close()
