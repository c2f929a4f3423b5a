"""One thing done with each of many tickets. Each goes the way that it would go alone, and none holds up another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext as _

from accounts.models import User
from connector.access.client_factory import Paused
from connector.clock import Clock
from connector.health.error_help import not_now
from connector.servicenow.errors import ConditionIgnored, Refused, ServiceNowError
from tickets.actions import discard as discarding
from tickets.actions import share as sharing
from tickets.models import Ticket, TicketEvent, archived_instance
from tickets.models.backoff import CARRIES_NO_KEY, AttemptResult
from tickets.models.choices import IN_HAND, Delivery
from tickets.tracking import poll

# As many as a page of the list shows.
LIMIT = 50
# A person waits for the answer: what is not begun by then is left for another time.
PATIENCE = timedelta(seconds=30)


@dataclass(frozen=True)
class TicketResult:
    """What came of it for one ticket: `said` is for people, `is_done` whether it is as they wanted it."""

    ticket: Ticket
    is_done: bool
    said: str


def refresh_each(tickets: Sequence[Ticket], *, by: User, now: datetime) -> list[TicketResult]:
    """Read the records of tickets now, together, for ServiceNow counts calls."""
    refused = {ticket.pk: _not_read(ticket, now) for ticket in tickets}
    asked = [ticket for ticket in tickets if not refused[ticket.pk]]
    told = _events(asked)
    try:
        poll.refresh(asked, by=by)
    except Paused as pause:
        refused |= {ticket.pk: not_now(pause.reason, now) for ticket in asked}
    read = Ticket.objects.select_related("instance").in_bulk([ticket.pk for ticket in asked])
    news = {ticket for ticket, events in _events(asked).items() if events != told.get(ticket)}
    return [
        TicketResult(ticket, is_done=False, said=said)
        if (said := refused[ticket.pk])
        else _learnt(read[ticket.pk], now, is_news=ticket.pk in news)
        for ticket in tickets
    ]


def retry_each(tickets: Iterable[Ticket], *, by: User, now: datetime) -> list[TicketResult]:
    """Send tickets again that need attention, where sending alone helps."""
    return [_result(ticket, *_retried(ticket, by, now)) for ticket in tickets]


def discard_each(tickets: Iterable[Ticket], *, by: User, now: datetime) -> list[TicketResult]:
    """Give tickets up. Where ServiceNow has to be asked about some of them, that ends after `PATIENCE`."""
    clock = Clock(now)
    return [
        _result(ticket, *_discarded(ticket, by, clock))
        if clock() < now + PATIENCE
        else _result(ticket, False, _("ServiceNow took too long for the others. Select it once more."))
        for ticket in tickets
    ]


def not_discardable(ticket: Ticket) -> str:
    """Say why a ticket cannot be given up as it stands; empty where it can."""
    if ticket.may_be_discarded:
        return ""
    if ticket.delivery == Delivery.DISCARDED:
        return _("It was discarded already.")
    if ticket.is_delivered:
        return _("It is in ServiceNow. To give it up, open it and unlink it first.")
    if ticket.delivery in IN_HAND:
        return _("It is being sent just now. Wait until that has ended.")
    return _("It may exist in ServiceNow, so it cannot be discarded. Its page says what can be done.")


def _result(ticket: Ticket, is_done: bool, said: str) -> TicketResult:
    return TicketResult(ticket, is_done, said)


def _events(tickets: Iterable[Ticket]) -> dict[UUID, int]:
    """Count what the time lines of tickets tell, by key."""
    events = TicketEvent.objects.filter(ticket__in=tickets).order_by()
    return dict(events.values_list("ticket").annotate(Count("pk")))


def _not_read(ticket: Ticket, now: datetime) -> str:
    """Say why the record of a ticket is not read; empty where it is."""
    if refusal := archived_instance.refusal(ticket):
        return refusal
    if not ticket.sys_id:
        return _("It is not in ServiceNow, so there is nothing to read.")
    return ""


def _learnt(after: Ticket, now: datetime, *, is_news: bool) -> TicketResult:
    if is_news:
        return TicketResult(after, True, _("It has changed."))
    if after.is_missing or (after.seen_at and after.seen_at >= now):
        return TicketResult(after, True, _("Nothing has changed."))
    if after.seen_at and after.seen_at > now - poll.JUST_NOW:
        return TicketResult(after, True, _("ServiceNow was asked a moment ago; nothing has changed."))
    return TicketResult(after, False, _("ServiceNow gave no answer. What is shown is what was last seen."))


def _retried(ticket: Ticket, by: User, now: datetime) -> tuple[bool, str]:
    if refusal := archived_instance.refusal(ticket) or _not_sendable(ticket):
        return False, refusal
    if sharing.retry(ticket, by=by, now=now):
        return True, _("It will be sent again now.")
    return False, _("It was not sent again, because somebody was quicker. Its page says how it stands.")


def _not_sendable(ticket: Ticket) -> str:
    """Say why sending a ticket again would be wrong or of no use; empty where it helps."""
    if ticket.delivery in (Delivery.CONFLICT, Delivery.UNLINKED):
        return _("Which record is its own has to be decided first, on its page.")
    if ticket.delivery != Delivery.ATTENTION:
        return _("It does not need attention, so it was not sent again.")
    if ticket.last_result in CARRIES_NO_KEY:
        return _("ServiceNow may have a record of it that cannot be found. Decide on its page.")
    if ticket.last_result == AttemptResult.OTHER_KIND:
        return _("ServiceNow has a record of the other type. Open it and choose Edit and send again.")
    return ""


def _discarded(ticket: Ticket, by: User, clock: Clock) -> tuple[bool, str]:
    if refusal := not_discardable(ticket):
        return False, refusal
    try:
        if discarding.discard(ticket, by=by, now=clock()):
            return True, _("It was discarded. Nothing more is sent to ServiceNow.")
    except (Refused, ConditionIgnored):
        return False, _("ServiceNow refuses to say whether it has a record of it. Discard it on its page.")
    except (Paused, ServiceNowError):
        return False, _("ServiceNow could not be asked whether it has a record of it. Try again later.")
    ticket.refresh_from_db(fields=["delivery"])
    if ticket.delivery == Delivery.DISCARDED:
        return False, _("It was discarded already.")
    return False, _("It may exist in ServiceNow, so it was not discarded.")
