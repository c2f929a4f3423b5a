"""The table of what the types of tickets differ in."""

import pytest
from django.db import IntegrityError, transaction

from tests.factories import TicketFactory
from tickets.models.choices import Kind, NormalizedState, Priority
from tickets.models.ticket_type import TYPES, TicketType, type_of

EACH = pytest.mark.parametrize("entry", TYPES.values(), ids=TYPES)


def test_each_kind_has_one_entry_and_no_two_can_be_mistaken() -> None:
    assert list(TYPES) == list(Kind)
    for name in ("marker", "prefix", "example_number"):
        assert len({getattr(entry, name) for entry in TYPES.values()}) == len(TYPES)


@EACH
def test_what_the_portal_writes_is_read_back(entry: TicketType) -> None:
    assert entry.due_field in entry.shown_fields
    assert entry.example_number.startswith(entry.prefix)
    assert entry.kind is type_of(entry.table).kind


@EACH
def test_the_states_hold_a_beginning_and_every_end(entry: TicketType) -> None:
    assert entry.normalized_state_of(entry.first_state) == NormalizedState.NEW
    assert {NormalizedState.CLOSED, NormalizedState.CANCELED} <= {
        state.normalized_state for state in entry.states.values()
    }
    assert entry.normalized_state_of("no such state") is None
    assert entry.approval_states <= set(entry.states)


@EACH
def test_a_held_record_is_told_by_a_flag_or_by_a_state(entry: TicketType) -> None:
    by_state = NormalizedState.ON_HOLD in {state.normalized_state for state in entry.states.values()}
    assert by_state is not entry.is_held_by_flag


@pytest.mark.django_db
@EACH
def test_the_database_takes_the_priorities_of_a_type_and_no_others(entry: TicketType) -> None:
    for priority in Priority:
        if priority in entry.priorities:
            TicketFactory.create(kind=entry.kind, priority=priority)
        else:
            with pytest.raises(IntegrityError), transaction.atomic():
                TicketFactory.create(kind=entry.kind, priority=priority)


def test_another_text_is_no_type() -> None:
    with pytest.raises(ValueError, match="sc_request"):
        type_of("sc_request")
