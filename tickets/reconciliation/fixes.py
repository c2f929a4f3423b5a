"""What is done about the findings of a reconciliation, one choice for each kind. Nothing is sent to ServiceNow for it.

Each fix looks at the record anew: what was found may have changed since. A finding that could not be fixed says why
and can be chosen again.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import DataError, IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from accounts.models import AuditEntry, User
from connector.access.calling import calling
from connector.access.client_factory import Paused
from connector.access.turns import WORKER_PATIENCE
from connector.models import Connection, Instance
from connector.servicenow.client import Client
from connector.servicenow.errors import Refused, ServiceNowError
from connector.servicenow.records import Record
from scorecard.models import ImprovementAction
from tickets.delivery.push import push
from tickets.models import Finding, Reconciliation, Ticket, TicketEvent
from tickets.models.backoff import AttemptResult
from tickets.models.choices import IN_HAND, UNDELIVERED, Delivery, Kind, Priority, Source
from tickets.models.reconciliation import Discrepancy
from tickets.models.ticket_type import TYPES
from tickets.reconciliation import remote_records
from tickets.reconciliation.run import reason_of
from tickets.records import provenance
from tickets.records.payload import NAME_LENGTH
from tickets.tracking import duplicates, journal, lookup, mirror, poll

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]
# What is not fixed by then was left by a worker that died, or its message was lost.
LEFT_AFTER = timedelta(minutes=10)
_TOLD = (
    "sys_id", "number", "short_description", "description", "priority", "correlation_id", "sys_created_by",
    "sys_created_on",
)  # fmt: skip
_UNREAD = _(
    "Nothing was learned about this record: ServiceNow returned none of its type at all, or one that cannot be stored."
)


def fixable(run: Reconciliation) -> QuerySet[Finding]:
    """Those findings that this portal can do something about, and nobody has chosen yet.

    Of a delivered ticket's second record, and of one whose ticket was discarded, people decide.
    """
    for_people = Q(discrepancy=Discrepancy.DUPLICATE) & ~Q(ticket__delivery__in=UNDELIVERED)
    for_people |= Q(discrepancy=Discrepancy.UNKNOWN) & (
        Q(ticket__isnull=False) | Q(detail__origin=provenance.Origin.NO_KEY)
    )
    return run.findings.open().exclude(for_people)


def choose(
    run: Reconciliation,
    discrepancy: Discrepancy,
    *,
    by: User | None,
    now: datetime,
    finding_id: int | None = None,
) -> int:
    """Have one finding of a kind fixed, or all. Returns how many were chosen."""
    chosen = fixable(run).filter(
        discrepancy=discrepancy, **({"pk": finding_id} if finding_id is not None else {})
    )
    ids = list(chosen.values_list("pk", flat=True))
    with transaction.atomic():
        count = run.findings.open().filter(pk__in=ids).update(chosen_at=now, chosen_by=by, problem="")
        if count:
            AuditEntry.objects.record(
                actor=by,
                verb="reconciliation.fixed",
                target=str(run.pk),
                discrepancy=discrepancy.value,
                count=count,
            )
    return count


def fix_chosen(run_id: int, *, clock: Clock = timezone.now) -> int:
    """Mend what was chosen of a run. Returns how many findings are fixed now."""
    run = Reconciliation.objects.select_related("instance").get(pk=run_id)
    chosen = list(run.findings.chosen().select_related("ticket__instance", "ticket__action", "chosen_by"))
    if not chosen:
        return 0
    connection = Connection.objects.current().filter(instance=run.instance_id).first()
    try:
        with calling(connection, clock=clock, patience=WORKER_PATIENCE) as client:
            _fix(run.instance, client, chosen, clock)
    except Paused as pause:
        _give_back(run, chosen, reason_of(pause.reason))
    except ServiceNowError:
        _give_back(run, chosen, _("ServiceNow could not be asked just now."))
    return run.findings.filter(pk__in=[one.pk for one in chosen], fixed_at__isnull=False).count()


def _give_back(run: Reconciliation, chosen: Sequence[Finding], problem: str) -> None:
    """Let those that are not fixed yet be chosen again, and say why."""
    left = run.findings.chosen().filter(pk__in=[one.pk for one in chosen])
    left.update(chosen_at=None, problem=problem)


def fix_left(*, clock: Clock = timezone.now) -> int:
    """Mend what was chosen a while ago and not fixed since. Returns how many findings are fixed now."""
    left = Finding.objects.chosen().filter(chosen_at__lt=clock() - LEFT_AFTER)
    runs = sorted(set(left.values_list("run_id", flat=True)))
    # The time counts anew for what is taken: the next sweep leaves it alone, and turns to others if this one fails.
    taken = (run_id for run_id in runs if left.filter(run_id=run_id).update(chosen_at=clock()))
    return sum(fix_chosen(run_id, clock=clock) for run_id in taken)


def _fix(instance: Instance, client: Client, chosen: Sequence[Finding], clock: Clock) -> None:
    looked_at = [one for one in chosen if one.discrepancy in (Discrepancy.STALE, Discrepancy.MISSING)]
    if looked_at:
        _look_again(instance, client, looked_at, clock())
    for finding in chosen:
        if not Finding.objects.chosen().filter(pk=finding.pk).exists():
            continue  # Somebody else has fixed it meanwhile.
        if finding.discrepancy not in (Discrepancy.STALE, Discrepancy.MISSING):
            _settle(finding, _fix_one(instance, client, finding, clock), clock())


def _fix_one(instance: Instance, client: Client, finding: Finding, clock: Clock) -> str:
    """Mend one finding that needs no look of all. Returns what stood in the way; that must not stop the others."""
    try:
        if finding.discrepancy == Discrepancy.UNKNOWN:
            return _take_over(instance, client, finding, clock())
        return _have_looked_up(finding, client, clock)
    except Refused as error:
        return error.detail or str(error)
    except (ValueError, OverflowError, DataError, IntegrityError) as error:
        # Without the error's own words: they may quote the record.
        logger.warning("finding %s was left out (%s)", finding.pk, type(error).__name__)
        return _UNREAD


def _look_again(instance: Instance, client: Client, findings: Sequence[Finding], now: datetime) -> None:
    """Mirror what changed, and note what is gone or hidden, as the sweep does."""
    sys_ids: dict[Kind, list[str]] = defaultdict(list)
    for finding in findings:
        sys_ids[Kind(finding.kind)].append(finding.sys_id)
        if finding.detail.get("is_older") and finding.ticket:
            # The instance went back in time: its older version is the true one.
            same = Ticket.objects.filter(pk=finding.ticket.pk, sys_mod_count=finding.ticket.sys_mod_count)
            same.update(sys_mod_count=None)
    poll.look_at(instance, client, sys_ids, now)
    ids = [finding.sys_id for finding in findings]
    unseen = Ticket.objects.filter(instance=instance, sys_id__in=ids, missing_since=None).exclude(
        seen_at__gte=now
    )
    left = set(unseen.values_list("sys_id", flat=True))
    for finding in findings:
        _settle(finding, _UNREAD if finding.sys_id in left else "", now)


def _have_looked_up(finding: Finding, client: Client, clock: Clock) -> str:
    """Let the delivery find the record: it adopts one, and leaves two to a person. Returns what stood in the way: an
    ending, or words.
    """
    ticket, now = finding.ticket, clock()
    if ticket is None:
        return _("The ticket is no longer there.")
    if ticket.delivery == Delivery.ATTENTION and not lookup.find_records(ticket, client):
        if lookup.find_of_other_kinds(ticket, client, may_be_refused=True):
            return AttemptResult.OTHER_KIND.value
        return _("The record is gone or hidden, or no longer carries a key of Scoredesk.")
    was_stuck = ticket.delivery == Delivery.ATTENTION
    if duplicates.have_looked_up(ticket, now) and was_stuck:
        TicketEvent.objects.create(
            ticket=ticket, at=now, type=TicketEvent.Type.RETRIED, actor=finding.chosen_by
        )
    result = push(ticket.pk, clock=clock)
    ticket.refresh_from_db()
    if ticket.delivery in (Delivery.DELIVERED, Delivery.CONFLICT):
        return ""
    if result:
        return result.value
    in_hand = _("A worker has the ticket just now. Look again in a moment.")
    return in_hand if ticket.delivery in IN_HAND else _("The ticket has changed in the meantime. Look again.")


def _take_over(instance: Instance, client: Client, finding: Finding, now: datetime) -> str:
    """Make a ticket for a record that carries a key of Scoredesk. Returns what stood in the way."""
    kind = Kind(finding.kind)
    record = client.read(kind, finding.sys_id, _TOLD)
    shown = next(remote_records.whole(client, kind, [finding.sys_id]), None)
    key = provenance.key_of(record.get("correlation_id")) if record else None
    if record is None or shown is None or key is None:
        return _("The record is gone or hidden, or no longer carries a key of Scoredesk.")
    # Anybody may write a description; who made a record, ServiceNow says itself.
    ours = Connection.objects.filter(instance=instance).exclude(integration_user_name="")
    made_here = ours.filter(integration_user_name=record.get("sys_created_by")).exists()
    named = provenance.lines(record).get("Requested by (user ID)", "") if made_here else ""
    asked_by = User.objects.filter(username=named).first()
    person = asked_by or finding.chosen_by
    if person is None:
        return _("Nobody here is known to have asked for it. Say whose ticket it becomes.")
    try:
        with transaction.atomic():
            ticket = _ticket(instance, kind, record, person, now)
            ticket.pk = key
            if made_here:
                _give_back_its_action(ticket, record)
            for name, value in mirror.columns(
                ticket, shown, now, mirror.normalized_states(instance, kind)
            ).items():
                setattr(ticket, name, value)
            ticket.is_extra = ticket.action is not None and _has_an_open_ticket(ticket)
            ticket.save(force_insert=True)
            # What came of it is judged from then on.
            Ticket.objects.filter(pk=key).update(created_at=ticket.sent_at)
            TicketEvent.objects.record_action(
                ticket,
                TicketEvent.Type.ADOPTED,
                by=finding.chosen_by,
                now=now,
                detail={"number": record.number},
            )
            Finding.objects.filter(pk=finding.pk).update(ticket=ticket)
    except IntegrityError:
        # Whoever took it over may have died before saying so.
        if not Ticket.objects.filter(instance=instance, pk=key, sys_id=record.sys_id).exists():
            return _("A ticket with this key or this record is here already.")
    # What stands in its journal comes with its next change at the latest.
    with suppress(ServiceNowError, Paused):
        journal.read_notes(Ticket.objects.get(pk=key), record.sys_id, client)
    return ""


def _ticket(instance: Instance, kind: Kind, record: Record, person: User, now: datetime) -> Ticket:
    allowed = [str(value) for value in TYPES[kind].priorities]
    priority = record.get("priority")
    return Ticket(
        instance=instance,
        kind=kind,
        name=record.get("short_description")[:NAME_LENGTH],
        description=provenance.text(record, kind),
        priority=int(priority) if priority in allowed else Priority.MODERATE,
        due_on=provenance.due_on(record),
        recommendation_source=Source.USER,
        recommendation_category=provenance.category(record),
        requested_by=person,
        delivery=Delivery.DELIVERED,
        # A record from the future is as old as its ticket.
        sent_at=min(record.at("sys_created_on") or now, now),
        delivered_at=now,
        client_sys_id=record.sys_id,
    )


def _give_back_its_action(ticket: Ticket, record: Record) -> None:
    action = ImprovementAction.objects.filter(control_id=provenance.control_id(record)).first()
    if action and provenance.is_microsofts(record):
        ticket.action, ticket.recommendation_source = action, Source.MICROSOFT


def _has_an_open_ticket(ticket: Ticket) -> bool:
    same = {"instance": ticket.instance, "action": ticket.action, "is_extra": False}
    return Ticket.objects.open().filter(**same).exists()


def _settle(finding: Finding, problem: str, now: datetime) -> None:
    chosen = Finding.objects.chosen().filter(pk=finding.pk)
    if problem:
        chosen.update(chosen_at=None, problem=problem[:500])
    else:
        chosen.update(fixed_at=now)
