"""Branches of the client that are seldom taken."""

from uuid import uuid4

import pytest
from django.utils import timezone

from connector.access.client_factory import open_client
from connector.health.tables import TABLES
from connector.models import Connection
from connector.servicenow import metadata, trial
from connector.servicenow.certificates import refusal_in
from connector.servicenow.errors import Forbidden, ServerError
from tests.sandbox_process import SandboxProcess


def test_an_error_of_another_kind_says_nothing_of_certificates() -> None:
    assert refusal_in(ValueError("no certificate in sight")) is None
    assert refusal_in(ValueError()) is None


def test_an_error_wrapped_without_end_is_followed_for_a_while() -> None:
    error: Exception = ValueError("the innermost")
    for _ in range(20):
        error = ValueError(error)
    assert refusal_in(error) is None


def test_a_no_that_cannot_be_believed_looks_like_one() -> None:
    assert Forbidden("no", status=403, outcome_unknown=True).may_be_a_no
    assert not Forbidden("no", status=403).may_be_a_no
    assert not ServerError("no", status=500).may_be_a_no


@pytest.mark.django_db
def test_whether_the_dictionary_shows_a_row(sandbox: SandboxProcess, connection: Connection) -> None:
    """The integration user of a careful customer may not even ask."""
    client = open_client(connection, now=timezone.now())
    with pytest.raises(Forbidden):
        metadata.shows_dictionary(client)


@pytest.mark.django_db
def test_the_record_of_an_unclear_trial_is_canceled_before_the_next(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    key = str(uuid4())
    sandbox.create("incident", correlation_id=key, short_description="An unclear trial")
    trial.try_out(
        open_client(connection, now=timezone.now()),
        "incident",
        canceled=TABLES["incident"].canceled,
        unclear=key,
    )
    [left] = sandbox.records("incident", correlation_id=key)
    assert left["active"] == "false"
