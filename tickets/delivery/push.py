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

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.models import F

from connector.access.client_factory import Paused, open_client
from connector.budget import allowed
from connector.clock import SHARED, Clock
from connector.models import CheckResult, Connection, Instance
from connector.servicenow.client import Client
from connector.servicenow.errors import Refused, ServiceNowError
from connector.servicenow.records import Record
from tickets.delivery import mapped_fields, pause, quarantine, results, stopping
from tickets.delivery.lease import Claim, lease
from tickets.delivery.restore_guard import is_fresh
from tickets.models import Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.change_template import ChangeTemplate
from tickets.models.choices import Delivery
from tickets.records import payload
from tickets.tracking import lookup

logger = logging.getLogger(__name__)
Told = Callable[[], datetime]
Create = Callable[..., Record]

# The quarantine counts from the intent, with a margin of a minute for whatever happens before the socket opens. Whoever
# took longer than this (frozen, waiting for the database or for a new token) sends nothing: it could arrive when
# somebody else may send again.
LONGEST_PAUSE_BEFORE_SENDING = timedelta(seconds=5)
# So many creates a process has under way at once. A worker has more threads than that, so that some claim and settle
# meanwhile, and two more may have stored their intents, so that they stand ready when answers come. No more: where
# ServiceNow is slow, whoever waits is too late and starts again.
_sending = threading.BoundedSemaphore(2)
_intending = threading.BoundedSemaphore(4)


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
    claim = Claim.take(ticket_id, clock)
    if claim is None:
        return None
    sys.audit("tickets.delivery.push.claimed", str(ticket_id))
    instance = Instance.objects.filter(pk=claim.ticket.instance_id)
    try:
        # Never another instance's: a ticket belongs to the one that it was shared to.
        connection = Connection.objects.current().filter(instance=claim.ticket.instance_id).first()
        result = _deliver(claim, _open(connection, clock), clock)
        instance.record_success(clock())
    except Paused as paused:
        result = pause.release(claim, paused.reason, clock())
    except ServiceNowError as error:
        instance.record_failure(clock(), error)
        result = results.failed(claim, error, clock())
    logger.info("ticket %s: %s", ticket_id, result.value)
    return result


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
        Ticket.objects.due(Clock.read(clock), lease())
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


def _open(connection: Connection | None, clock: Clock) -> Client:
    patience = LONGEST_PAUSE_BEFORE_SENDING.total_seconds()
    return open_client(connection, now=clock(), reserve=0, patience=patience)


def _deliver(claim: Claim, client: Client, clock: Clock) -> AttemptResult:
    values = payload.fields_of(claim.ticket) | mapped_fields.of(claim.ticket, client, clock())
    if _may_be_there(claim.ticket, clock()):
        result = _look(claim, client, values, clock)
        if result is not None:
            return result
    template = ChangeTemplate.objects.of(claim.ticket.instance_id, claim.ticket.kind)
    if template and not template.proven_at:
        return results.unproven(claim, str(template), clock())
    try:
        return _send(claim, client, values, template, clock)
    except Refused:
        if claim.ticket.sent_at is None:
            raise
        # After an earlier send, a refusal may mean that its record exists by now: primary keys are unique. This is a
        # look-up again: should it fail, the earlier intent stays.
        claim.move(Delivery.CLAIMED, sent_at=claim.ticket.sent_at)
        found = lookup.find_records(claim.ticket, client)
        if not found:
            claim.move(Delivery.SENT)
            raise
        if len(found) > 1:
            return results.conflict(claim, found, clock())
        return results.delivered(claim, found[0], AttemptResult.ADOPTED, clock(), values)


def _may_be_there(ticket: Ticket, now: datetime) -> bool:
    was_sent = ticket.sent_at is not None or ticket.first_sent_at is not None
    return was_sent or not is_fresh(ticket.created_at, now)


def _look(claim: Claim, client: Client, values: dict[str, str], clock: Clock) -> AttemptResult | None:
    """Look for what an earlier attempt may have created. None: certainly nothing, so it may be sent again."""
    found = lookup.find_records(claim.ticket, client)
    sys.audit("tickets.delivery.push.looked", claim.ticket.correlation_id)
    if len(found) > 1:
        return results.conflict(claim, found, clock())
    if found:
        return results.delivered(claim, found[0], AttemptResult.ADOPTED, clock(), values)
    return _wait(claim, clock()) or _ask_a_person(claim, client, clock())


def _wait(claim: Claim, now: datetime) -> AttemptResult | None:
    """Look again later where what was sent may still come up. None: it was looked for often enough."""
    ticket, left = claim.ticket, quarantine.left(claim.ticket, claim.clock)
    if left > timedelta(0):
        counts_anew = quarantine.counts_anew(ticket, claim.clock)
        return results.not_found_yet(claim, now, left, counts_anew=counts_anew)
    # Where records keep neither key, an empty look-up says nothing however long one waits: a person decides.
    if ticket.sent_at and not ticket.allow_duplicate:
        if keeps_no_key(ticket.instance):
            return results.unverifiable(claim, now)
        if not quarantine.was_unseen(ticket, claim.clock):
            return results.unseen(claim, now)
    return None


def _ask_a_person(claim: Claim, client: Client, now: datetime) -> AttemptResult | None:
    """Leave what was not found to a person where sending it again would do no good. None: it may be sent."""
    if claim.ticket.possible_refusal:
        return results.doubted(claim, now)
    # A backup may hold an intent as well: the kind may have been edited after what became of that was known.
    if is_fresh(claim.ticket.created_at, now):
        return None
    other = lookup.find_of_other_kind(claim.ticket, client)
    return results.other_kind(claim, other, now) if other else None


def keeps_no_key(instance: Instance) -> bool:
    """Whether records were seen to keep neither the sys_id that we choose nor the correlation id."""
    if instance.keyless_since:
        return True
    of_keys = CheckResult.objects.filter(connection__instance=instance, name="correlation_id")
    newest = of_keys.exclude(finding="untried").order_by("-checked_at").first()
    return instance.honours_sys_id is False and newest is not None and newest.finding == "lost"


def _send(
    claim: Claim, client: Client, values: dict[str, str], template: ChangeTemplate | None, clock: Clock
) -> AttemptResult:
    if claim.ticket.instance.keyless_since and not claim.ticket.allow_duplicate:
        return pause.until_keys_are_kept(claim, clock())
    create = (
        partial(client.create_from_template, template.sys_id)
        if template
        else partial(client.create, claim.ticket.kind)
    )
    # Before the intent, which must not grow old in a queue.
    with _intending:
        try:
            record = _create(claim, create, values, clock, by_template=template is not None)
        except TooLate:
            return results.release(claim, AttemptResult.LATE, clock())
        except KeysNotKept:
            return pause.until_keys_are_kept(claim, clock())
    if record is None:
        return results.record_attempt(claim, AttemptResult.LOST_CLAIM, clock())
    if not _carries_a_key(record, values):
        if template:
            template.disprove()
        return results.stranger(claim, record, clock())
    return results.delivered(claim, record, AttemptResult.DELIVERED, clock(), values)


def _carries_a_key(record: Record, values: dict[str, str]) -> bool:
    return record.sys_id == values["sys_id"] or record.get("correlation_id") == values["correlation_id"]


def _create(
    claim: Claim, create: Create, values: dict[str, str], clock: Clock, *, by_template: bool
) -> Record | None:
    """Store the intent, then send. None: the claim was lost, and nothing was sent."""
    key = claim.ticket.correlation_id
    sys.audit("tickets.delivery.push.intending", key)
    sent_at = clock()
    first = claim.ticket.first_sent_at or sent_at
    # The wish for a second record is used up with it.
    intent = {"sent_at": sent_at, "intent_at": clock.steady(), "first_sent_at": first, "unseen_at": None}
    if not claim.move(Delivery.SENT, **intent, possible_refusal="", allow_duplicate=False):
        return None
    sys.audit("tickets.delivery.push.intent_stored", key)
    check_time = in_time(sent_at, clock)
    instance = Instance.objects.filter(pk=claim.ticket.instance_id)
    with Turn() as turn:

        def check() -> None:
            turn.take()
            check_time()
            if not claim.ticket.allow_duplicate and instance.filter(keyless_since__isnull=False).exists():
                raise KeysNotKept

        try:
            record = create(values, check=check)
        finally:
            sys.audit("tickets.delivery.push.answered", key)
        # While the turn is held, so that of those behind nobody is sent before this is known.
        if not by_template and not _carries_a_key(record, values):
            instance.record_keys(claim.ticket.kind, clock(), are_kept=False)
        return record


def in_time(sent_at: datetime, clock: Told) -> Callable[[], None]:
    """Return a check that raises `TooLate` once nothing may be sent on this intent any more."""

    def check() -> None:
        if clock() - sent_at > LONGEST_PAUSE_BEFORE_SENDING:
            raise TooLate

    return check
