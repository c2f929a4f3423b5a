"""What is wrong with a connection is decided in one place; the badge, the alert and troubleshooting show it."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from connector.budget import slot_of
from connector.health import troubleshooting
from connector.health.condition import condition_of
from connector.health.connection_alert import alert_of, sign_in_alert
from connector.health.error_help import EXPLANATIONS, explain
from connector.health.problems import Problem, problems_of
from connector.models import Connection, ConnectionStatus, Instance
from tests.factories import NOON

SOON = NOON + timedelta(seconds=40)
ALL = settings.API_CALLS_PER_HOUR
# What a row says, the badge's word and tone, and how the alert begins (empty: there is none).
SHOWN: dict[Problem, tuple[dict[str, Any], str, str, str]] = {
    Problem.NEEDS_REAUTHORIZATION: (
        {"status": ConnectionStatus.NEEDS_REAUTHORIZATION},
        "Needs to be authorized again",
        "danger",
        "ServiceNow no longer accepts our sign-in",
    ),
    Problem.SECRETS_UNREADABLE: (
        {"last_error": "wrong_key", "last_error_at": NOON},
        "Does not answer as it should",
        "danger",
        "The stored secrets cannot be decrypted.",
    ),
    Problem.TOKEN_REFUSED: (
        {"token_refusals": 2, "next_token_at": SOON},
        "Sign-in refused",
        "danger",
        "ServiceNow refuses our sign-in",
    ),
    Problem.KEYLESS: (
        {"keyless_since": NOON, "keyless_table": "incident"},
        "Connected",
        "success",
        "ServiceNow keeps none of the keys",
    ),
    Problem.RATE_LIMITED: (
        {"rate_limited_until": SOON},
        "Asked us to wait",
        "warning",
        "ServiceNow asked to be left alone",
    ),
    Problem.BUDGET: (
        {"calls_slot_at": slot_of(NOON), "calls_in_hour": ALL},
        "Connected",
        "success",
        "This hour's calls to ServiceNow are used up",
    ),
    Problem.ERROR: (
        {"last_error": "no_answer", "last_error_at": NOON},
        "Does not answer as it should",
        "danger",
        "ServiceNow does not answer as it should",
    ),
    Problem.BREAKER: ({"circuit_open_until": SOON}, "Connected", "success", ""),
    Problem.ENDS_SOON: (
        {"refresh_expires_at": NOON + timedelta(days=3)},
        "Connected",
        "success",
        "The sign-in to ServiceNow ends soon",
    ),
}


def connected(*problems: Problem) -> Connection:
    """A connection in use with all of this wrong."""
    found = Connection(instance=Instance(host="acme.service-now.com"), status=ConnectionStatus.CONNECTED)
    for problem in problems:
        for name, value in SHOWN[problem][0].items():
            setattr(found if hasattr(found, name) else found.instance, name, value)
    return found


def test_nothing_is_wrong_with_one_that_works() -> None:
    connection = connected()
    assert problems_of(connection, NOON) == []
    assert alert_of(connection, NOON) is None
    condition = condition_of(connection, [])
    assert (str(condition.label), condition.tone) == ("Connected", "success")
    assert troubleshooting.in_use(connection, []).now == []


@pytest.mark.parametrize("problem", Problem)
def test_each_problem_is_found_and_shown(problem: Problem) -> None:
    connection = connected(problem)
    _row, label, tone, title = SHOWN[problem]
    found = problems_of(connection, NOON)
    assert found == [problem]
    condition = condition_of(connection, found)
    assert (str(condition.label), condition.tone) == (label, tone)
    alert = alert_of(connection, NOON)
    assert (alert.title.startswith(title) and bool(title)) if alert else not title


@pytest.mark.parametrize("problem", Problem)
def test_what_is_over_is_no_problem(problem: Problem) -> None:
    connection = connected(problem)
    passes = {Problem.RATE_LIMITED, Problem.BREAKER, Problem.BUDGET}
    later = NOON + timedelta(hours=3)
    assert problems_of(connection, later) == ([] if problem in passes else [problem])


def test_what_keeps_tickets_from_moving_comes_first() -> None:
    everything = [one for one in Problem if one != Problem.ERROR]
    for count in range(len(everything)):
        connection = connected(*everything[count:])
        assert problems_of(connection, NOON) == everything[count:]
        alert, first = alert_of(connection, NOON), SHOWN[everything[count]][3]
        assert alert
        assert alert.title.startswith(first or SHOWN[Problem.ENDS_SOON][3])


def test_a_red_word_comes_before_a_yellow_one() -> None:
    connection = connected(Problem.ERROR, Problem.RATE_LIMITED)
    assert str(condition_of(connection, problems_of(connection, NOON)).label) == SHOWN[Problem.ERROR][1]
    alert = alert_of(connection, NOON)
    assert alert
    assert alert.title == SHOWN[Problem.RATE_LIMITED][3]


def test_troubleshooting_shows_what_there_is_an_explanation_for() -> None:
    shown = [Problem.NEEDS_REAUTHORIZATION, Problem.ERROR, Problem.RATE_LIMITED, Problem.BREAKER]
    connection = connected(*reversed(shown), Problem.BUDGET, Problem.ENDS_SOON)
    codes = ["needs_reauthorization", "no_answer", "rate_limited", "breaker"]
    now = troubleshooting.in_use(connection, problems_of(connection, NOON)).now
    assert now == [EXPLANATIONS[code] for code in codes]
    assert explain("no_answer") in now


def test_the_page_of_the_connection_asks_to_authorize_only_where_that_fixes_it() -> None:
    for problem in Problem:
        connection = connected(problem)
        alert = sign_in_alert(connection, NOON, problems_of(connection, NOON))
        fixes = problem in (Problem.NEEDS_REAUTHORIZATION, Problem.ENDS_SOON)
        assert (alert is not None and alert.is_fixed_by_authorizing) == fixes
    both = connected(Problem.ENDS_SOON, Problem.NEEDS_REAUTHORIZATION)
    first = sign_in_alert(both, NOON, problems_of(both, NOON))
    assert first
    assert first.tone == "danger"


def test_the_words_are_in_the_readers_language() -> None:
    with translation.override("ja"):
        alert = alert_of(connected(Problem.RATE_LIMITED), NOON)
        assert alert
        assert alert.title != SHOWN[Problem.RATE_LIMITED][3]
        connection = connected(Problem.NEEDS_REAUTHORIZATION)
        assert str(condition_of(connection, problems_of(connection, NOON)).label) == "再認可が必要"
