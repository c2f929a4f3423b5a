"""What a person may do with a ticket in each state, without a page."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from connector.models import Connection
from tests.factories import NOON, ConnectionFactory, InstanceFactory, TicketFactory
from tickets.models import Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import IN_HAND, Delivery
from tickets.pages.available_actions import Action, AvailableActions, available_actions

pytestmark = pytest.mark.django_db
CLAIMED = {"claim_token": "3f0c6f2e-4a0e-4d3f-9a53-1f6f0f3c2a11", "claimed_until": NOON}
DELIVERED = {"sys_id": "a" * 32, "number": "CHG0000001"}


def ticket_in(delivery: Delivery, *, in_use: bool = True, **columns: Any) -> Ticket:
    """A ticket of an instance that is in use, or of an earlier one."""
    instance = InstanceFactory.create()
    if in_use:
        Connection.objects.update(is_current=False)
        ConnectionFactory.create(instance=instance, status=Connection.Status.CONNECTED, is_current=True)
    if delivery == Delivery.DELIVERED:
        columns |= DELIVERED
    if delivery in IN_HAND:
        columns |= CLAIMED
    if delivery == Delivery.SENT:
        columns |= {"sent_at": NOON}
    made: Ticket = TicketFactory.create(instance=instance, delivery=delivery, **columns)
    return made


def labels(actions: tuple[Action, ...]) -> list[str]:
    return [str(action.label) for action in actions]


def offered(ticket: Ticket, person: User) -> tuple[list[str], list[str]]:
    found = available_actions(ticket, person)
    return labels(found.buttons), labels(found.more)


@pytest.mark.parametrize(
    ("delivery", "result", "buttons", "more"),
    [
        (Delivery.WAITING, "", [], ["Link to a record", "Discard"]),
        (Delivery.CLAIMED, "", [], []),
        (Delivery.SENT, "", [], []),
        (Delivery.DELIVERED, AttemptResult.DELIVERED, ["Open in ServiceNow", "Refresh now", "Unlink"], []),
        (
            Delivery.ATTENTION,
            AttemptResult.REFUSED,
            ["Send again", "Edit and send again"],
            ["Link to a record", "Discard"],
        ),
        (Delivery.ATTENTION, AttemptResult.OTHER_KIND, ["Edit and send again"], ["Link to a record"]),
        (
            Delivery.ATTENTION,
            AttemptResult.UNVERIFIABLE,
            ["Link to a record"],
            ["Edit and send again", "Discard"],
        ),
        (Delivery.ATTENTION, AttemptResult.UNMATCHED_RECORD, ["Link to a record"], ["Edit and send again"]),
        (Delivery.CONFLICT, AttemptResult.CONFLICT, ["Choose the record", "None of them"], []),
        (
            Delivery.UNLINKED,
            AttemptResult.DELIVERED,
            ["Link to a record", "Send as a new ticket", "Discard"],
            [],
        ),
        (Delivery.DISCARDED, AttemptResult.REFUSED, ["Undo discard"], []),
        (Delivery.DISCARDED, AttemptResult.UNMATCHED_RECORD, [], []),
    ],
)
def test_a_security_administrator_is_offered(
    delivery: Delivery, result: str, buttons: list[str], more: list[str], secadmin: User
) -> None:
    assert offered(ticket_in(delivery, last_result=result), secadmin) == (buttons, more)


@pytest.mark.parametrize(
    ("delivery", "buttons"),
    [
        (Delivery.WAITING, ["Discard"]),
        (Delivery.CLAIMED, []),
        (Delivery.DELIVERED, ["Open in ServiceNow", "Unlink"]),
        (Delivery.ATTENTION, ["Discard"]),
        (Delivery.CONFLICT, ["Discard"]),
        (Delivery.UNLINKED, ["Send as a new ticket", "Discard"]),
        (Delivery.DISCARDED, []),
    ],
)
def test_nothing_of_an_earlier_instance_is_sent_or_asked(
    delivery: Delivery, buttons: list[str], secadmin: User
) -> None:
    assert offered(ticket_in(delivery, in_use=False), secadmin) == (buttons, [])


@pytest.mark.parametrize("delivery", Delivery)
def test_a_reader_is_offered_what_changes_nothing(delivery: Delivery, reader: User) -> None:
    buttons = ["Open in ServiceNow", "Refresh now"] if delivery == Delivery.DELIVERED else []
    assert offered(ticket_in(delivery), reader) == (buttons, [])


def test_the_first_of_the_buttons_alone_stands_out(secadmin: User) -> None:
    stuck = available_actions(ticket_in(Delivery.ATTENTION, last_result=AttemptResult.REFUSED), secadmin)
    assert [action.is_primary for action in stuck.buttons] == [True, False]
    other = available_actions(ticket_in(Delivery.ATTENTION, last_result=AttemptResult.OTHER_KIND), secadmin)
    assert [action.is_primary for action in other.buttons] == [True]


def test_what_sends_or_undoes_is_posted_and_the_rest_are_links(secadmin: User) -> None:
    def posted(actions: AvailableActions) -> list[str]:
        return [str(action.label) for action in actions.buttons + actions.more if action.is_post]

    assert posted(available_actions(ticket_in(Delivery.ATTENTION), secadmin)) == ["Send again"]
    assert posted(available_actions(ticket_in(Delivery.DELIVERED), secadmin)) == ["Refresh now"]
    assert posted(available_actions(ticket_in(Delivery.DISCARDED), secadmin)) == ["Undo discard"]


def test_a_record_that_servicenow_named_is_looked_up_at_once(secadmin: User) -> None:
    ticket = ticket_in(
        Delivery.ATTENTION, last_result=AttemptResult.UNMATCHED_RECORD, last_problem="CHG 0001&x"
    )
    [action] = available_actions(ticket, secadmin).buttons
    assert action.url == f"{reverse('tickets:link', args=[ticket.pk])}?record=CHG%200001%26x"


def test_a_sending_that_may_still_arrive_is_linked_or_edited_but_not_discarded(secadmin: User) -> None:
    ticket = ticket_in(Delivery.WAITING, sent_at=NOON - timedelta(days=1))
    assert offered(ticket, secadmin) == ([], ["Link to a record"])
