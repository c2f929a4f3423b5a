from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.models.backoff import (
    ASKS_A_PERSON,
    BACKOFF,
    LONGEST_RATE_LIMIT,
    SPENDS_AN_ATTEMPT,
    AttemptResult,
    next_attempt_at,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
jitters = st.floats(0, 1, exclude_max=True)


def test_the_ladder_takes_about_three_days() -> None:
    assert len(BACKOFF) == 10
    assert timedelta(days=2.5) < sum(BACKOFF, timedelta()) < timedelta(days=3)


@given(st.integers(1, 20), jitters)
def test_an_unknown_outcome_climbs_the_ladder_and_then_asks_a_person(attempts: int, jitter: float) -> None:
    at = next_attempt_at(AttemptResult.OUTCOME_UNKNOWN, attempts=attempts, now=NOW, jitter=jitter)
    if attempts > len(BACKOFF):
        assert at is None
    else:
        step = BACKOFF[attempts - 1]
        assert at is not None
        assert step / 2 <= at - NOW <= step * 1.5


@pytest.mark.parametrize("result", sorted(ASKS_A_PERSON))
def test_what_trying_again_cannot_fix_asks_a_person_at_once(result: AttemptResult) -> None:
    assert next_attempt_at(result, attempts=1, now=NOW, jitter=0.5) is None


@given(st.timedeltas(timedelta(0), timedelta(days=2)), jitters)
def test_a_rate_limit_is_obeyed_up_to_an_hour(asked: timedelta, jitter: float) -> None:
    at = next_attempt_at(
        AttemptResult.RATE_LIMITED, attempts=0, now=NOW, jitter=jitter, retry_after=asked or None
    )
    assert at is not None
    assert at - NOW <= LONGEST_RATE_LIMIT * 1.1
    if timedelta(0) < asked <= LONGEST_RATE_LIMIT:
        assert at - NOW >= asked


@pytest.mark.parametrize("result", sorted(set(AttemptResult) - SPENDS_AN_ATTEMPT - ASKS_A_PERSON))
def test_what_is_not_the_tickets_fault_never_wears_it_out(result: AttemptResult) -> None:
    assert next_attempt_at(result, attempts=1_000, now=NOW, jitter=0.5) is not None
