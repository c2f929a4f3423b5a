"""Delivery: exactly one record in ServiceNow per ticket, whatever dies.

ServiceNow has no idempotency key, and a create may be committed up to 60 seconds after its client gave up: so long may
an inbound REST transaction run (product documentation, default transaction quota rules). So:

* the intent (`sent_at`) is committed before the socket opens;
* whoever finds an intent looks for the record before sending again, by the primary key that we chose and by
  correlation id;
* an empty look-up proves nothing until the quarantine has passed, and one alone does not then;
* a refusal counts only where ServiceNow's own API says it in words that are known (`connector.servicenow.refusals`);
  after any other, and after every sending, it is looked for before it is sent again, whoever asks;
* a standard change template is used only once a trial has shown that records made from it keep the correlation id
  (`change_template`);
* a row that may come from a restored backup is looked up before its first send, whatever it says (`restore_guard`);
* every write names the claim token, so that a worker that lost its lease changes nothing;
* no transaction is open while the network is used.

Each step is announced to the interpreter's audit hooks (`sys.audit`): silence in operation, and the places at which
the crash tests end the process (docs/decisions/0006-audit-events-as-failpoints.md).
"""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F

from connector.access.calling import calling
from connector.access.client_factory import Pause, Paused
from connector.budget import allowed
from connector.clock import SHARED, Clock
from connector.models import CheckResult, Connection, Instance
from connector.servicenow.client import Client
from connector.servicenow.errors import Refused, ServiceNowError
from connector.servicenow.records import Record
from tickets.delivery import mapped_fields, quarantine, restore_guard, stopping
from tickets.delivery.lease import Claim
from tickets.delivery.result import Result, changes_after, jitter, result_of, write
from tickets.models import Ticket, TicketEvent
from tickets.models.backoff import AttemptResult, next_attempt_at
from tickets.models.change_template import ChangeTemplate
from tickets.models.choices import Delivery, Kind
from tickets.records import payload
from tickets.tracking import lookup, mirror

Told = Callable[[], datetime]

# The quarantine counts from the intent, with a margin of a minute for whatever happens before the socket opens. Whoever
# took longer than this (frozen, waiting for the database or for a new token) sends nothing: it could arrive when
# somebody else may send again.
LONGEST_PAUSE_BEFORE_SENDING = timedelta(seconds=5)
# So many creates a process has under way at once. A worker has more threads than that, so that some claim and settle
# meanwhile, and two more may have stored their intents, so that they stand ready when answers come. No more: where
# ServiceNow is slow, whoever waits is too late and starts again.
_sending = threading.BoundedSemaphore(2)
_intending = threading.BoundedSemaphore(4)
# The shortest wait between two look-ups.
SOONEST_LOOK = timedelta(seconds=3)
# The longest wait for an hour's calls, of which somebody may allow more meanwhile.
LONGEST_WAIT_FOR_CALLS = timedelta(minutes=5)
# How often what waits for a trial of the keys is tried.
TRIAL_LOOK = timedelta(minutes=1)


class TooLate(Exception):
    """So much time has passed since the intent that nothing may be sent on it any more."""


class KeysNotKept(Exception):
    """Meanwhile the instance made a record without either of our keys, so that nothing more is sent to it."""


class Turn(ExitStack):
    """One of the creates that may be under way at once, from `take` to the end of the block."""

    taken = False

    def take(self) -> None:
        """Wait for it; whoever repeats a call has it already. Raises `TooLate`."""
        if not self.taken:
            self.taken = _sending.acquire(timeout=LONGEST_PAUSE_BEFORE_SENDING.total_seconds())
            if not self.taken:
                raise TooLate
            self.callback(_sending.release)


def push(ticket_id: UUID, *, clock: Told = SHARED) -> AttemptResult | None:
    """Deliver one ticket if it is due, and say how this try ended; None when it was not ours to deliver.

    `clock` is asked once: what happens to it afterwards does not matter to this try.
    """
    return None if stopping.is_asked() else _push(ticket_id, Clock.read(clock))


def _push(ticket_id: UUID, clock: Clock) -> AttemptResult | None:
    tickets = Ticket.objects.select_related("instance", "requested_by", "action")
    claim: Claim[Ticket] | None = Claim.take(tickets, ticket_id, clock)
    if claim is None:
        return None
    sys.audit("tickets.delivery.push.claimed", str(ticket_id))
    # Never another instance's: a ticket belongs to the one that it was shared to.
    connection = Connection.objects.current().filter(instance=claim.job.instance_id).first()
    patience = LONGEST_PAUSE_BEFORE_SENDING.total_seconds()
    try:
        with calling(connection, clock=clock, reserve=0, patience=patience) as client:
            return write(claim, _deliver(claim, client, clock), clock())
    except Paused as paused:
        result = _paused(claim.job, paused.reason, clock())
    except ServiceNowError as error:
        result = _failed(claim, error, clock())
    return write(claim, result, clock())


def push_due(*, clock: Told = SHARED) -> int:
    """Deliver what is due, one ticket after the other. Returns how many were tried."""
    return sum(push(ticket_id, clock=clock) is not None for ticket_id in due(clock=clock))


def due(*, clock: Told = SHARED, limit: int = 250) -> Iterator[UUID]:
    """Yield what is due, oldest first, until the instance wants to be left alone or this hour's calls are used up.

    After a time of failures only one ticket goes ahead, until its delivery has succeeded.
    """
    connection = Connection.objects.working().first()
    if connection is None:
        return
    instance = connection.instance
    tickets = (
        Ticket.objects.due(Clock.read(clock))
        .filter(instance=instance)
        .order_by(F("next_attempt_at").asc(nulls_first=True), "created_at")
    )
    for ticket_id in tickets.values_list("pk", flat=True)[:limit]:
        if not instance.may_call(clock(), allowed()):
            return
        sys.audit("tickets.delivery.push.due", str(ticket_id))
        yield ticket_id
        # After failures, one at a time.
        if not instance.may_call(clock(), allowed()) or instance.circuit_open_until is not None:
            return


def _deliver(claim: Claim[Ticket], client: Client, clock: Clock) -> Result:
    ticket = claim.job
    values = payload.fields_of(ticket) | mapped_fields.of(ticket, client, clock())
    if restore_guard.may_be_there(ticket, clock()):
        result = _look(claim, client, values, clock)
        if result is not None:
            return result
    template = ChangeTemplate.objects.of(ticket.instance_id, ticket.kind)
    if template and not template.proven_at:
        # Seen not to keep our key.
        return _ask_a_person(AttemptResult.UNPROVEN, str(template))
    try:
        return _send(claim, client, values, template, clock)
    except Refused:
        if ticket.sent_at is None:
            raise
        # After an earlier send, a refusal may mean that its record exists by now: primary keys are unique. This is a
        # look-up again: should it fail, the earlier intent stays.
        claim.move(Delivery.CLAIMED, sent_at=ticket.sent_at)
        found = lookup.find_records(ticket, client)
        if not found:
            claim.move(Delivery.SENT)
            raise
        return _found(ticket, found, values, clock())


def _look(claim: Claim[Ticket], client: Client, values: dict[str, str], clock: Clock) -> Result | None:
    """Look for what an earlier try may have created. None: certainly nothing, so it may be sent again."""
    found = lookup.find_records(claim.job, client)
    sys.audit("tickets.delivery.push.looked", claim.job.correlation_id)
    if found:
        return _found(claim.job, found, values, clock())
    return _wait(claim.job, clock) or _doubt(claim.job, client, clock())


def _found(ticket: Ticket, found: list[Record], values: dict[str, str], now: datetime) -> Result:
    """One record is the ticket's; of two that carry our key, only a person can say which one counts."""
    if len(found) == 1:
        return _linked(ticket, found[0], AttemptResult.ADOPTED, values, now)
    numbers = [record.number for record in found]
    changes = {"last_problem": ", ".join(numbers)}
    event = TicketEvent.Type.CONFLICT
    return Result(AttemptResult.CONFLICT, Delivery.CONFLICT, changes, event, {"numbers": numbers})


def _wait(ticket: Ticket, clock: Clock) -> Result | None:
    """Look again later where what was sent may still come up. None: it was looked for often enough."""
    now, left = clock(), quarantine.left(ticket, clock)
    if left > timedelta(0):
        # Ever more rarely, until the quarantine ends; only then may anything be sent.
        soon = now + max(SOONEST_LOOK, (now - (ticket.sent_at or now)) / 2)
        anew = quarantine.counts_anew(ticket, clock)
        attempt = AttemptResult.COUNTS_ANEW if anew else AttemptResult.NOT_FOUND_YET
        return _put_back(ticket, attempt, now, again=min(soon, now + left))
    # Where records keep neither key, an empty look-up says nothing however long one waits: a person decides.
    if ticket.sent_at and not ticket.allow_duplicate:
        if keeps_no_key(ticket.instance):
            return _ask_a_person(AttemptResult.UNVERIFIABLE, ticket.last_problem)
        if not quarantine.was_unseen(ticket, clock):
            # The first look-up after the quarantine found nothing: once more before anything is sent.
            unseen, again = {"unseen_at": clock.steady()}, now + quarantine.LOOKS_APART
            return _put_back(ticket, AttemptResult.NOT_FOUND_YET, now, again=again, **unseen)
    return None


def _doubt(ticket: Ticket, client: Client, now: datetime) -> Result | None:
    """Leave what was not found to a person where sending it again would do no good. None: it may be sent."""
    if ticket.possible_refusal:
        # The answer to it may have been a refusal: sending it again would end likewise.
        return _ask_a_person(AttemptResult.DOUBTED, ticket.possible_refusal)
    # A backup may hold an intent as well: the kind may have been edited after what became of that was known.
    if restore_guard.is_fresh(ticket.created_at, now):
        return None
    others = lookup.find_of_other_kinds(ticket, client, may_be_refused=True)
    if not others:
        return None
    # A person sets the kind right, and the record is adopted then. Nothing of its own kind is there, nor on its way:
    # the kind may be edited.
    return _ask_a_person(AttemptResult.OTHER_KIND, others[0].number or others[0].sys_id, sent_at=None)


def keeps_no_key(instance: Instance) -> bool:
    """Whether records were seen to keep neither the sys_id that we choose nor the correlation id."""
    if instance.keyless_since:
        return True
    of_keys = CheckResult.objects.filter(connection__instance=instance, name="correlation_id")
    newest = of_keys.exclude(finding="untried").order_by("-checked_at").first()
    return instance.honours_sys_id is False and newest is not None and newest.finding == "lost"


def _send(
    claim: Claim[Ticket],
    client: Client,
    values: dict[str, str],
    template: ChangeTemplate | None,
    clock: Clock,
) -> Result:
    ticket = claim.job
    if ticket.instance.keyless_since and not ticket.allow_duplicate:
        return _keyless(ticket, clock())
    # Before the intent, which must not grow old in a queue.
    with _intending:
        try:
            record = _create(claim, client, values, template, clock)
        except TooLate:
            return _put_back(ticket, AttemptResult.LATE, clock())
        except KeysNotKept:
            return _keyless(ticket, clock())
    if record is None:
        return Result(AttemptResult.LOST_CLAIM, Delivery.WAITING)
    if not _carries_a_key(record, values):
        if template:
            template.disprove()
        # It could never be found again.
        return _ask_a_person(AttemptResult.UNMATCHED_RECORD, record.number or record.sys_id)
    return _linked(ticket, record, AttemptResult.DELIVERED, values, clock())


def _carries_a_key(record: Record, values: dict[str, str]) -> bool:
    return record.sys_id == values["sys_id"] or record.get("correlation_id") == values["correlation_id"]


def _create(
    claim: Claim[Ticket],
    client: Client,
    values: dict[str, str],
    template: ChangeTemplate | None,
    clock: Clock,
) -> Record | None:
    """Store the intent, then send. None: the claim was lost, and nothing was sent."""
    ticket = claim.job
    key = ticket.correlation_id
    sys.audit("tickets.delivery.push.intending", key)
    # That a second record is allowed is used up with it.
    sent_at = claim.begin_sending(Delivery.SENT, allow_duplicate=False)
    if sent_at is None:
        return None
    sys.audit("tickets.delivery.push.intent_stored", key)
    check_time = in_time(sent_at, clock)
    instance = Instance.objects.filter(pk=ticket.instance_id)
    with Turn() as turn:

        def check() -> None:
            turn.take()
            check_time()
            if not ticket.allow_duplicate and instance.filter(keyless_since__isnull=False).exists():
                raise KeysNotKept

        try:
            if template:
                record = client.create_from_template(template.sys_id, values, check=check)
            else:
                record = client.create(ticket.kind, values, check=check)
        finally:
            sys.audit("tickets.delivery.push.answered", key)
        # While the turn is held, so that of those behind nobody is sent before this is known.
        if not template and not _carries_a_key(record, values):
            instance.record_keys(ticket.kind, clock(), are_kept=False)
        return record


def in_time(sent_at: datetime, clock: Told) -> Callable[[], None]:
    """Return a check that raises `TooLate` once nothing may be sent on this intent any more."""

    def check() -> None:
        if clock() - sent_at > LONGEST_PAUSE_BEFORE_SENDING:
            raise TooLate

    return check


def _linked(
    ticket: Ticket, record: Record, attempt: AttemptResult, sent: dict[str, str], now: datetime
) -> Result:
    """The ticket has its record; every field that ServiceNow did not keep is listed."""
    named = mirror.normalized_states(ticket.instance, Kind(ticket.kind))
    changes = mirror.columns(ticket, record, now, named) | {
        "dropped_fields": payload.dropped_fields(sent, record.values),
        "delivered_at": now,
        "last_problem": "",
        "next_attempt_at": None,
    }
    event = TicketEvent.Type(attempt.value)
    return Result(attempt, Delivery.DELIVERED, changes, event, {"number": record.number})


def _put_back(
    ticket: Ticket, attempt: AttemptResult, now: datetime, *, again: datetime | None = None, **changes: Any
) -> Result:
    """Certain that this try sent nothing, the ticket waits as before. Spends no attempt."""
    again = again or next_attempt_at(attempt, attempts=ticket.attempts, now=now, jitter=jitter())
    as_before = ticket.intent_as_read() | {"next_attempt_at": again} | changes
    return Result(attempt, Delivery.WAITING, as_before)


def _keyless(ticket: Ticket, now: datetime) -> Result:
    """Its record could not be found again, so it waits for a trial that shows otherwise."""
    return _put_back(ticket, AttemptResult.KEYLESS, now, again=now + TRIAL_LOOK)


def _paused(ticket: Ticket, reason: Pause, now: datetime) -> Result:
    """No call may be made: it waits until one may be again; where that takes a person, it looks for itself."""
    instance = Instance.objects.get(pk=ticket.instance_id)
    if reason == Pause.BUDGET:
        again = min(instance.calls_free_at(now, allowed()), now + LONGEST_WAIT_FOR_CALLS)
        return _put_back(ticket, AttemptResult.BUDGET, now, again=again)
    if reason == Pause.RATE_LIMITED:
        return _put_back(ticket, AttemptResult.RATE_LIMITED, now, again=instance.rate_limited_until)
    if reason == Pause.BREAKER:
        return _put_back(ticket, AttemptResult.UNREACHABLE, now, again=instance.circuit_open_until)
    return _put_back(ticket, AttemptResult.LATE if reason == Pause.BUSY else AttemptResult.PAUSED, now)


def _failed(claim: Claim[Ticket], error: ServiceNowError, now: datetime) -> Result:
    """A call ended badly: it is tried again as `changes_after` says, or left to a person."""
    ticket, sending = claim.job, claim.stage == Delivery.SENT
    attempt = result_of(error, sending=sending)
    changes = changes_after(error, ticket, now, sending=sending)
    if sending and not error.outcome_unknown:
        changes["allow_duplicate"] = ticket.allow_duplicate
    if changes["next_attempt_at"] is not None:
        return Result(attempt, Delivery.WAITING, changes, error=error)
    event = TicketEvent.Type.ATTENTION
    return Result(attempt, Delivery.ATTENTION, changes, event, {"problem": error.detail}, error)


def _ask_a_person(attempt: AttemptResult, problem: str, **changes: Any) -> Result:
    """Nothing more happens until somebody decides."""
    event = TicketEvent.Type.ATTENTION
    changes |= {"last_problem": problem}
    return Result(attempt, Delivery.ATTENTION, changes, event, {"problem": problem})
