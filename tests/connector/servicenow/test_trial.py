"""A record made for trying: what is found out, and what becomes of it when the instance is unwell meanwhile."""

import pytest

from connector.health.tables import TABLES
from connector.servicenow import errors, trial
from connector.servicenow.client import Client
from connector.servicenow.errors import ServiceNowError
from connector.servicenow.trial import TrialUnclear
from tests.connector.callers import client_of
from tests.sandbox_process import SandboxProcess

PUT_AWAY = TABLES["incident"].canceled


@pytest.fixture
def client(sandbox: SandboxProcess) -> Client:
    return client_of(sandbox.url, sandbox.token())


@pytest.mark.parametrize("kind", ["lose_answer", "commit_then_500", "truncated", "cut_off", "partial_result"])
def test_a_record_that_was_made_all_the_same_is_found_and_canceled(
    client: Client, sandbox: SandboxProcess, kind: str
) -> None:
    sandbox.fault(kind)
    tried = trial.try_out(client, "incident", canceled=PUT_AWAY)
    assert (tried.kept_sys_id, tried.canceled) == (True, True)
    assert [row["state"] for row in sandbox.records("incident")] == [PUT_AWAY]


def test_a_record_under_another_id_is_found_by_its_key(client: Client, sandbox: SandboxProcess) -> None:
    sandbox.settings(honour_sys_id=False)
    sandbox.fault("lose_answer")
    tried = trial.try_out(client, "incident", canceled=PUT_AWAY)
    assert (tried.kept_sys_id, tried.kept_correlation_id, tried.canceled) == (False, True, True)
    assert len(sandbox.records("incident")) == 1


def test_a_journal_that_was_written_is_not_called_lost(client: Client) -> None:
    assert trial.try_out(
        client, "incident", {"work_notes": "Hello", "u_nowhere": "1"}, canceled=PUT_AWAY
    ).dropped_fields == ("u_nowhere",)


def test_a_key_that_the_instance_does_not_search_for_is_not_kept(
    client: Client, sandbox: SandboxProcess
) -> None:
    sandbox.settings(unreadable_fields="correlation_id", unreadable_field_query="ignored")
    sandbox.create("incident", short_description="Somebody else's")
    tried = trial.try_out(client, "incident", canceled=PUT_AWAY)
    assert (tried.kept_sys_id, tried.kept_correlation_id) == (True, False)


def test_a_record_that_nobody_can_find_is_named_by_the_key_to_look_for(
    client: Client, sandbox: SandboxProcess
) -> None:
    sandbox.fault("reset")
    with pytest.raises(TrialUnclear) as unclear:
        trial.try_out(client, "incident", canceled=PUT_AWAY)
    assert len(str(unclear.value)) == 36
    assert sandbox.records("incident") == []


def test_a_record_that_may_not_be_canceled_says_why(client: Client, sandbox: SandboxProcess) -> None:
    sandbox.fault("business_rule_abort", method="PATCH")
    tried = trial.try_out(client, "change_request", canceled=TABLES["change_request"].canceled)
    assert not tried.canceled
    assert "aborted by Business Rule" in tried.said
    assert tried.number.startswith("CHG")


def test_a_record_whose_state_is_not_ours_to_write_is_not_canceled(
    client: Client, sandbox: SandboxProcess
) -> None:
    sandbox.settings(unwritable_fields="state")
    tried = trial.try_out(client, "incident", canceled=PUT_AWAY)
    assert (tried.canceled, tried.said) == (False, "")


def test_a_record_that_cannot_be_read_again_counts_as_it_was_given(
    client: Client, sandbox: SandboxProcess
) -> None:
    sandbox.fault("acl_hidden", method="GET")
    assert trial.try_out(client, "incident", canceled=PUT_AWAY).number.startswith("INC")


# What ends the trial in its first step leaves no record; what ends it later leaves one that is not canceled.
@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate_limit", errors.RateLimited),
        ("unauthorized", errors.NotAuthenticated),
    ],
)
def test_what_is_no_answer_about_the_record_ends_the_trial(
    client: Client, sandbox: SandboxProcess, method: str, kind: str, error: type[ServiceNowError]
) -> None:
    sandbox.fault(kind, method=method, times=2)
    with pytest.raises(error) as caught:
        trial.try_out(client, "incident", canceled=PUT_AWAY)
    assert (caught.value.retryable, caught.value.outcome_unknown) == (True, False)
    assert len(sandbox.records("incident")) == (method == "PATCH")


@pytest.mark.parametrize("kind", ["forbidden", "business_rule_abort", "data_policy"])
def test_a_refused_creation_is_final(client: Client, sandbox: SandboxProcess, kind: str) -> None:
    sandbox.fault(kind)
    with pytest.raises(errors.Forbidden) as caught:
        trial.try_out(client, "incident", canceled=PUT_AWAY)
    assert not caught.value.retryable
