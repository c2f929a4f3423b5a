from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.models.choices import MOVES, Delivery, Kind, NormalizedState, check_move
from tickets.models.ticket_type import TYPES
from tickets.records.record_state import RecordState, normalized_state_of

CHANGE, INCIDENT = Kind.CHANGE_REQUEST, Kind.INCIDENT


@pytest.mark.parametrize(
    ("kind", "record", "normalized_state"),
    [
        (CHANGE, RecordState("-5", True), NormalizedState.NEW),
        (CHANGE, RecordState("-4", True), NormalizedState.IN_PROGRESS),
        (CHANGE, RecordState("3", False, close_code="successful"), NormalizedState.CLOSED),
        (CHANGE, RecordState("3", False, close_code="unsuccessful"), NormalizedState.CLOSED_UNSUCCESSFULLY),
        (CHANGE, RecordState("4", False), NormalizedState.CANCELED),
        (CHANGE, RecordState("-1", True, on_hold=True), NormalizedState.ON_HOLD),
        (CHANGE, RecordState("42", True), NormalizedState.IN_PROGRESS),
        (CHANGE, RecordState("42", False), NormalizedState.CLOSED),
        (INCIDENT, RecordState("1", True), NormalizedState.NEW),
        (INCIDENT, RecordState("3", True), NormalizedState.ON_HOLD),
        (INCIDENT, RecordState("6", True), NormalizedState.RESOLVED),
        (INCIDENT, RecordState("7", False), NormalizedState.CLOSED),
        (INCIDENT, RecordState("8", False), NormalizedState.CANCELED),
        (INCIDENT, RecordState("-5", True), NormalizedState.IN_PROGRESS),
    ],
)
def test_a_record_means(kind: Kind, record: RecordState, normalized_state: NormalizedState) -> None:
    assert normalized_state_of(kind, record) == normalized_state


@pytest.mark.parametrize("before", ["-4", "-3"])
def test_a_change_that_falls_back_from_approval_to_new_is_sent_back(before: str) -> None:
    assert (
        normalized_state_of(CHANGE, RecordState("-5", True), previous_state=before)
        == NormalizedState.SENT_BACK
    )


def test_what_the_instance_says_of_its_states_comes_first() -> None:
    named = {"42": NormalizedState.RESOLVED, "1": NormalizedState.ON_HOLD}
    assert normalized_state_of(INCIDENT, RecordState("42", True), named=named) == NormalizedState.RESOLVED
    assert normalized_state_of(INCIDENT, RecordState("1", True), named=named) == NormalizedState.ON_HOLD


@given(st.sampled_from(Kind), st.text(max_size=8), st.booleans(), st.booleans(), st.text(max_size=12))
def test_every_record_means_something(kind: Kind, state: str, active: bool, on_hold: bool, code: str) -> None:
    normalized_state = normalized_state_of(kind, RecordState(state, active, on_hold, code))
    if active and state not in TYPES[kind].states:
        assert normalized_state in (NormalizedState.IN_PROGRESS, NormalizedState.ON_HOLD)


def test_only_the_moves_of_the_table_are_allowed() -> None:
    for old, new in product(Delivery, Delivery):
        if new in MOVES[old]:
            check_move(old, new)
        else:
            with pytest.raises(ValueError, match="does not go"):
                check_move(old, new)


def test_no_worker_takes_what_was_given_up_and_only_a_person_unlinks_what_was_delivered() -> None:
    assert set(MOVES[Delivery.DISCARDED]) == {Delivery.WAITING, Delivery.ATTENTION}
    assert set(MOVES[Delivery.DELIVERED]) == {Delivery.UNLINKED}


def test_every_state_can_be_reached_from_waiting() -> None:
    reached = {Delivery.WAITING}
    while new := {state for old in reached for state in MOVES[old]} - reached:
        reached |= new
    assert reached == set(Delivery)
