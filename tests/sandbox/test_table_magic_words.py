"""Faults that a ticket's own short description asks for."""

import time

import pytest
import requests

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess


def post(caller: Caller, text: str, key: str = "k") -> requests.Response:
    return caller.ask("POST", "table/incident", json={"short_description": text, "correlation_id": key})


@pytest.mark.parametrize(
    ("kind", "status", "records"),
    [
        ("rate_limit", 429, 0),
        ("business_rule_abort", 403, 0),
        ("commit_then_500", 500, 1),
        ("hibernating", 200, 0),
    ],
)
def test_magic_words_spoil_the_first_attempt_only(
    sandbox: SandboxProcess, integration: Caller, kind: str, status: int, records: int
) -> None:
    text = f"Turn on MFA (sandbox:{kind})"
    assert post(integration, text).status_code == status
    assert len(sandbox.records("incident")) == records
    assert post(integration, text).status_code == 201


def test_an_answer_can_be_lost_by_magic_words(sandbox: SandboxProcess, integration: Caller) -> None:
    with pytest.raises(requests.ConnectionError):
        post(integration, "Turn on MFA sandbox:lose_answer")
    assert len(sandbox.records("incident")) == 1


def test_magic_words_say_how_often(integration: Caller) -> None:
    text = "sandbox:server_error*3 please"
    assert [post(integration, text).status_code for _ in range(4)] == [500, 500, 500, 201]


def test_magic_words_say_how_long(integration: Caller) -> None:
    started = time.monotonic()
    assert post(integration, "sandbox:latency=0.4").status_code == 201
    assert time.monotonic() - started >= 0.4


def test_another_record_with_the_same_words_has_its_own_bad_day(integration: Caller) -> None:
    assert [post(integration, "sandbox:server_error", key).status_code for key in "aab"] == [500, 201, 500]


@pytest.mark.parametrize("text", ["sandbox:nonsense", "the sandbox: server_error", "mysandbox:server_error"])
def test_other_words_are_not_magic(integration: Caller, text: str) -> None:
    assert post(integration, text).status_code == 201


def test_words_in_other_fields_are_not_magic(integration: Caller) -> None:
    answer = integration.ask("POST", "table/incident", json={"description": "sandbox:server_error"})
    assert answer.status_code == 201


def test_reset_forgets_who_had_a_bad_day(sandbox: SandboxProcess, integration: Caller) -> None:
    assert post(integration, "sandbox:server_error").status_code == 500
    sandbox.reset()
    fresh = Caller(sandbox.url, sandbox.token())
    assert post(fresh, "sandbox:server_error").status_code == 500
    fresh.http.close()
