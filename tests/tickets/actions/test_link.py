"""Linking, unlinking and choosing, judged by what the sandbox holds and what the ticket says afterwards."""

import pytest
from django.conf import LazySettings
from django.utils import timezone

from accounts.models import AuditEntry, User
from connector.clock import Clock as Now
from connector.models import Connection
from connector.servicenow.records import Record
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tests.tickets.linking import carriers, foreign, found, link_to
from tickets.actions import link
from tickets.actions.link import NotLinkable, Obstacle, Reason
from tickets.delivery.lease import Claim
from tickets.delivery.push import push, push_due
from tickets.models import Ticket, TicketEvent
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery, Kind, NormalizedState
from tickets.records.reference import Reference
from tickets.tracking import journal
from tickets.tracking.poll import poll_sweep

pytestmark = [pytest.mark.django_db]


def obstacle(ticket: Ticket, text: str) -> tuple[Obstacle, Ticket | None]:
    with pytest.raises(NotLinkable) as refused:
        link.link(ticket, found(ticket, text), by=None, now=timezone.now())
    return refused.value.obstacle, refused.value.other


def test_a_linked_record_is_tracked_and_nothing_is_created(
    sandbox: SandboxProcess, stuck: Ticket, secadmin: User
) -> None:
    row = foreign(sandbox)
    before = len(sandbox.records("change_request"))
    assert link_to(stuck, row, by=secadmin)
    stuck.refresh_from_db()
    assert (stuck.delivery, stuck.sys_id, stuck.number) == (Delivery.DELIVERED, row["sys_id"], row["number"])
    sandbox.change("change_request", row["sys_id"], state="-4", short_description="Made by hand, better")
    poll_sweep()
    stuck.refresh_from_db()
    assert (stuck.state, stuck.normalized_state) == ("-4", NormalizedState.IN_PROGRESS)
    assert stuck.record["short_description"] == "Made by hand, better"
    assert push_due() == 0
    assert len(sandbox.records("change_request")) == before
    event = stuck.events.get(type=TicketEvent.Type.LINKED)
    assert (event.actor, event.detail["number"]) == (secadmin, row["number"])
    assert AuditEntry.objects.get(verb="ticket.linked").detail["number"] == row["number"]


@pytest.mark.parametrize("delivery", [Delivery.WAITING, Delivery.ATTENTION, Delivery.CONFLICT])
def test_a_ticket_in_nobodys_hands_can_be_linked(
    sandbox: SandboxProcess, connection: Connection, delivery: Delivery
) -> None:
    ticket = TicketFactory.create(instance=connection.instance, delivery=delivery)
    assert link_to(ticket, foreign(sandbox))


@pytest.mark.parametrize("kind", Kind)
def test_a_record_is_found_by_its_address(
    sandbox: SandboxProcess, connection: Connection, kind: Kind
) -> None:
    ticket = TicketFactory.create(instance=connection.instance, kind=kind)
    row = foreign(sandbox, kind)
    address = f"{connection.instance.origin}/now/sow/record/{kind}/{row['sys_id']}"
    assert found(ticket, address).number == row["number"]


def test_what_is_not_there_is_not_linked(sandbox: SandboxProcess, stuck: Ticket) -> None:
    incident = foreign(sandbox, Kind.INCIDENT)
    assert obstacle(stuck, "CHG9999999") == (Obstacle.NOT_FOUND, None)
    assert obstacle(stuck, incident["number"]) == (Obstacle.OTHER_KIND, None)
    assert obstacle(stuck, incident["sys_id"]) == (Obstacle.OTHER_KIND, None)
    address = f"https://other.service-now.com/change_request.do?sys_id={foreign(sandbox)['sys_id']}"
    assert obstacle(stuck, address) == (Obstacle.OTHER_INSTANCE, None)


def test_what_is_not_there_is_told_where_the_other_table_may_not_be_read(
    sandbox: SandboxProcess, stuck: Ticket
) -> None:
    sandbox.fault("forbidden", method="GET", about="/table/incident", times=9)
    assert obstacle(stuck, "CHG9999999") == (Obstacle.NOT_FOUND, None)


def test_a_stranger_in_the_answer_is_not_taken_for_the_record(sandbox: SandboxProcess, stuck: Ticket) -> None:
    """ServiceNow ignores a condition on a field that may not be queried and returns every row then."""
    number = foreign(sandbox)["number"]
    sandbox.settings(unreadable_fields="number", unreadable_field_query="ignored")
    with link.client_for(stuck, timezone.now()) as client, pytest.raises(NotLinkable) as refused:
        link.find(stuck, Reference(number=number), client)
    assert refused.value.obstacle == Obstacle.NOT_FOUND


def test_two_records_with_one_number_are_not_chosen_from(sandbox: SandboxProcess, stuck: Ticket) -> None:
    first = foreign(sandbox)
    foreign(sandbox, number=first["number"])
    assert obstacle(stuck, first["number"]) == (Obstacle.AMBIGUOUS, None)
    assert found(stuck, first["sys_id"]).sys_id == first["sys_id"]


def test_another_tickets_record_is_refused(
    sandbox: SandboxProcess, stuck: Ticket, delivered: Ticket, connection: Connection
) -> None:
    assert obstacle(stuck, delivered.number) == (Obstacle.LINKED_ELSEWHERE, delivered)
    waiting = TicketFactory.create(instance=connection.instance)
    carries = foreign(sandbox, correlation_id=str(waiting.pk))
    assert obstacle(stuck, carries["number"]) == (Obstacle.OTHER_KEY, waiting)
    # An instance may keep the sys_id that was asked for and not the correlation id.
    asked = foreign(sandbox, sys_id=waiting.client_sys_id)
    assert obstacle(stuck, asked["number"]) == (Obstacle.OTHER_KEY, waiting)


def test_the_record_of_a_discarded_ticket_is_free(
    sandbox: SandboxProcess, stuck: Ticket, delivered: Ticket
) -> None:
    assert link.unlink(delivered, Reason.WRONG, by=None, now=timezone.now())
    assert obstacle(stuck, delivered.number) == (Obstacle.OTHER_KEY, delivered)
    Ticket.objects.filter(pk=delivered.pk).update(delivery=Delivery.DISCARDED)
    assert link_to(stuck, sandbox.records("change_request", number=delivered.number)[0])


def test_a_record_linked_meanwhile_by_another_ticket_is_refused_by_the_database(
    sandbox: SandboxProcess, stuck: Ticket, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the check and the update another request links the same record."""
    row, other = foreign(sandbox), TicketFactory.create(instance=connection.instance)
    record = found(stuck, row["number"])
    check = link.check_record

    def and_then_somebody_else(ticket: Ticket, record: Record) -> None:
        check(ticket, record)
        Ticket.objects.filter(pk=other.pk).update(delivery=Delivery.DELIVERED, sys_id=record.sys_id)

    monkeypatch.setattr(link, "check_record", and_then_somebody_else)
    with pytest.raises(NotLinkable) as refused:
        link.link(stuck, record, by=None, now=timezone.now())
    assert (refused.value.obstacle, refused.value.other) == (Obstacle.LINKED_ELSEWHERE, other)
    stuck.refresh_from_db()
    assert stuck.delivery == Delivery.ATTENTION
    assert not stuck.events.filter(type=TicketEvent.Type.LINKED).exists()


def test_a_ticket_in_a_workers_hands_is_not_linked(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    row = foreign(sandbox)
    record = found(ticket, row["number"])
    claim: Claim[Ticket] | None = Claim.take(Ticket.objects.all(), ticket.pk, Now.read(clock))
    assert claim is not None
    assert not link.link(ticket, record, by=None, now=clock())
    ticket.refresh_from_db()
    assert obstacle(ticket, row["number"]) == (Obstacle.IN_HAND, None)
    claim.move(Delivery.SENT, sent_at=clock())
    ticket.refresh_from_db()
    assert obstacle(ticket, row["number"]) == (Obstacle.IN_HAND, None)


def test_a_ticket_that_was_sent_since_it_was_read_is_not_linked(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    """It waits again, as when it was read; but now something of it may be on its way."""
    record = found(ticket, foreign(sandbox)["number"])
    sandbox.fault("reset")
    assert push(ticket.pk, clock=clock) == AttemptResult.OUTCOME_UNKNOWN
    assert Ticket.objects.get(pk=ticket.pk).delivery == ticket.delivery == Delivery.WAITING
    assert not link.link(ticket, record, by=None, now=clock())


def test_nothing_is_linked_while_an_earlier_send_may_arrive(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, settings: LazySettings
) -> None:
    row = foreign(sandbox)
    sandbox.fault("reset")
    push(ticket.pk, clock=clock)
    ticket.refresh_from_db()
    assert obstacle(ticket, row["number"]) == (Obstacle.MAY_ARRIVE, None)
    clock.advance(seconds=settings.PUSH_QUARANTINE + 1)
    assert link_to(ticket, row, now=clock)


def test_records_that_carry_the_key_are_not_overlooked(sandbox: SandboxProcess, stuck: Ticket) -> None:
    assert carriers(stuck) == []
    twins = [foreign(sandbox, correlation_id=str(stuck.pk)) for _ in range(2)]
    assert {record.number for record in carriers(stuck)} == {twin["number"] for twin in twins}


def test_of_two_records_one_is_chosen_and_the_other_named(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    sandbox.fault("reset")
    push(ticket.pk, clock=clock)
    for _ in range(2):
        foreign(sandbox, correlation_id=str(ticket.pk))
    clock.advance(hours=1)
    assert push(ticket.pk, clock=clock) == AttemptResult.CONFLICT
    ticket.refresh_from_db()
    one, other = carriers(ticket)
    assert link.link(ticket, one, others=[other], by=None, now=clock())
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.sys_id) == (Delivery.DELIVERED, one.sys_id)
    assert ticket.events.get(type=TicketEvent.Type.LINKED).detail["others"] == [other.number]
    assert len(sandbox.records("change_request", correlation_id=str(ticket.pk))) == 2


def test_notes_of_a_linked_record_are_mirrored(sandbox: SandboxProcess, stuck: Ticket) -> None:
    row = foreign(sandbox, work_notes="Before it was linked.")
    link_to(stuck, row)
    with link.client_for(stuck, timezone.now()) as client:
        journal.read_notes(stuck, row["sys_id"], client)
    assert [(note.text, note.record_sys_id) for note in stuck.notes.all()] == [
        ("Before it was linked.", row["sys_id"])
    ]
