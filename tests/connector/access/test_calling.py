"""Calling an instance: whatever the work shows about it is noted once, when it ends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from connector.access.calling import calling
from connector.access.client_factory import Pause, Paused
from connector.clock import Clock
from connector.models import Connection, Instance
from connector.servicenow.client import Client
from connector.servicenow.errors import Forbidden, NotAuthenticated, ServerError, ServiceNowError
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


class NotThisOne(Exception):
    """What a caller says although the instance has answered."""


def row() -> Instance:
    return Instance.objects.get()


def troubled(failures: int = 1) -> None:
    Instance.objects.update(
        consecutive_failures=failures, last_error="server_error", last_error_at=timezone.now()
    )


def test_work_that_ends_well_is_an_answer(connection: Connection) -> None:
    troubled()
    before = timezone.now()
    with calling(connection, clock=Clock(before)) as client:
        assert client.whoami()
        assert row().last_error == "server_error"
    assert (row().last_error, row().consecutive_failures) == ("", 0)
    contact = row().last_contact_at
    assert contact is not None
    assert contact > before


def test_an_error_that_ends_the_work_is_a_failure_and_is_raised(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    sandbox.fault("server_error", method="any")
    with pytest.raises(ServerError), calling(connection, clock=timezone.now) as client:
        client.whoami()
    assert (row().last_error, row().consecutive_failures) == ("server_error", 1)


def test_five_in_a_row_open_the_breaker_and_the_next_one_pauses(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    sandbox.fault("server_error", method="any", times=5)
    for _ in range(5):
        with pytest.raises(ServerError), calling(connection, clock=timezone.now) as client:
            client.whoami()
    connection.instance.refresh_from_db()
    with pytest.raises(Paused) as caught, calling(connection, clock=timezone.now):
        pytest.fail("it was to be left alone")
    assert caught.value.reason == Pause.BREAKER
    assert row().consecutive_failures == 5


def test_a_sign_in_that_fails_is_a_failure(connection: Connection, sandbox: SandboxProcess) -> None:
    Connection.objects.update(access_expires_at=timezone.now())
    sandbox.stop()
    with pytest.raises(ServiceNowError), calling(connection, clock=timezone.now):
        pytest.fail("there is nobody to ask")
    assert row().consecutive_failures == 1
    assert row().last_error


def test_a_no_is_raised_and_says_nothing_against_the_instance(connection: Connection) -> None:
    troubled()
    with pytest.raises(Forbidden), calling(connection, clock=timezone.now):
        raise Forbidden("Not this one.", status=403)
    assert row().consecutive_failures == 0


def test_an_error_that_the_work_takes_itself_is_an_answer(connection: Connection) -> None:
    troubled()
    with calling(connection, clock=timezone.now) as client:
        client.whoami()
        try:
            raise NotAuthenticated("x", status=401)
        except NotAuthenticated:
            pass
    assert row().last_error == ""


def test_work_that_asked_nothing_is_no_answer(connection: Connection) -> None:
    troubled()
    with calling(connection, clock=timezone.now):
        pass
    assert (row().last_error, row().consecutive_failures) == ("server_error", 1)


@pytest.mark.parametrize(("answered", "error"), [((), "server_error"), (NotThisOne, "")])
def test_what_else_ends_the_work_is_an_answer_only_where_the_caller_says_so(
    connection: Connection, answered: type[Exception] | tuple[()], error: str
) -> None:
    troubled()

    def work(client: Client) -> None:
        client.whoami()
        raise NotThisOne

    with pytest.raises(NotThisOne), calling(connection, clock=timezone.now, answered=answered) as client:
        work(client)
    assert row().last_error == error


def test_a_pause_on_the_way_is_neither(connection: Connection) -> None:
    troubled()
    with pytest.raises(Paused), calling(connection, clock=timezone.now):
        raise Paused(Pause.BUDGET)
    assert (row().last_error, row().consecutive_failures) == ("server_error", 1)


def test_what_is_asked_of_the_client_is_passed_on(connection: Connection) -> None:
    too_many = 10_000_000
    with pytest.raises(Paused) as caught, calling(connection, clock=timezone.now, at_least=too_many):
        pytest.fail("there are not so many calls left")
    assert caught.value.reason == Pause.BUDGET
    Instance.objects.update(rate_limited_until=timezone.now() + timedelta(minutes=1))
    connection.instance.refresh_from_db()
    with pytest.raises(Paused) as caught, calling(connection, clock=timezone.now):
        pytest.fail("it asked to be left alone")
    assert caught.value.reason == Pause.RATE_LIMITED


def test_nobody_is_called_without_a_connection() -> None:
    with pytest.raises(Paused) as caught, calling(None, clock=timezone.now):
        pytest.fail("there is nobody to call")
    assert caught.value.reason == Pause.NOT_CONNECTED
