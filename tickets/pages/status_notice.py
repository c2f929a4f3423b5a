"""What the page of a ticket says of its delivery and of its record: the tone, the sentences, the hint and the link."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tickets.models import Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import MOVING, Delivery
from tickets.pages.cards import record_url

Words = str | Promise

# What helps after an attempt that ended so, beyond what its name says.
_HINTS: dict[AttemptResult, Words] = {
    AttemptResult.DOUBTED: _(
        "This was answered by ServiceNow in words that Scoredesk does not know, or by a machine in between such as a "
        "proxy. Fix what the answer names; then send the ticket again. It is looked for once more before that."
    ),
    AttemptResult.OTHER_KIND: _(
        "Edit the ticket and choose that type: it is linked to the record then, and nothing is sent."
    ),
    AttemptResult.UNMATCHED_RECORD: _(
        "No look-up would find that record. Link the ticket to it; sending again could make a second one."
    ),
    AttemptResult.UNVERIFIABLE: _(
        "Look in ServiceNow for a record of this name. If there is one, link the ticket to it; sending again could "
        "make a second one."
    ),
}
# Why a ticket that is not delivered shows nothing of a record.
_NO_RECORD: dict[Delivery, Words] = {
    Delivery.UNLINKED: _("No record is linked."),
    Delivery.DISCARDED: _("No record is linked."),
    Delivery.CONFLICT: _("No record is chosen yet."),
}


@dataclass(frozen=True)
class LastAttempt:
    """How the last attempt ended, while the next one is awaited: when calls are free again, or at `next_at`."""

    words: Words
    problem: str
    waits_for_calls: bool
    next_at: datetime | None


@dataclass(frozen=True)
class StatusNotice:
    """How far the delivery of a ticket is. `quote` is what ServiceNow said, in its own words."""

    tone: str
    text: Words
    title: Words = ""
    announcement: Words = ""
    quote: str = ""
    hint: Words = ""
    record_url: str = ""
    is_working: bool = False
    last_attempt: LastAttempt | None = None


@dataclass(frozen=True)
class Notice:
    """Something about a ticket that its reader should know, and where to go about it."""

    title: Words
    text: Words
    tone: str = "warning"
    url: str = ""
    action: Words = ""


def status_notice(ticket: Ticket) -> StatusNotice | None:
    """Say how far a ticket is; None where an earlier instance holds it and nothing more happens."""
    if ticket.is_delivered:
        return _delivered(ticket)
    if ticket.delivery == Delivery.UNLINKED:
        return StatusNotice("warning", _UNLINKED, title=ticket.state_words)
    if ticket.delivery == Delivery.CONFLICT:
        text = gettext(
            "More than one record carries this ticket's key: %(numbers)s. Choose the one to follow."
        ) % {"numbers": ticket.last_problem}
        return StatusNotice("danger", text, title=ticket.state_words)
    if ticket.delivery == Delivery.ATTENTION:
        return StatusNotice(
            "danger",
            _ending_words(ticket),
            title=ticket.state_words,
            quote=ticket.last_problem,
            hint=_HINTS.get(AttemptResult(ticket.last_result), "") if ticket.last_result else "",
        )
    if ticket.delivery == Delivery.DISCARDED:
        return StatusNotice("info", _DISCARDED)
    return _working(ticket) if is_moving(ticket) else None


def is_moving(ticket: Ticket) -> bool:
    """Whether workers are still at it, so that its page asks again by itself."""
    return ticket.delivery in MOVING and not ticket.is_archived


_UNLINKED = _(
    "Nothing is sent and nothing is followed. Link it to another record, send it as a new ticket, or discard it."
)
_DISCARDED = _(
    "This ticket was discarded. Nothing more is sent to ServiceNow; a record that it may have had there stays as it "
    "is."
)


def _delivered(ticket: Ticket) -> StatusNotice:
    return StatusNotice(
        "success",
        format_html(
            gettext("Ticket <strong>{number}</strong> was created in ServiceNow."), number=ticket.number
        ),
        announcement=gettext("Ticket %(number)s was created in ServiceNow.") % {"number": ticket.number},
        record_url=record_url(ticket),
    )


def _working(ticket: Ticket) -> StatusNotice:
    last = LastAttempt(
        _ending_words(ticket),
        ticket.last_problem,
        waits_for_calls=ticket.last_result == AttemptResult.BUDGET,
        next_at=ticket.next_attempt_at,
    )
    return StatusNotice(
        "info",
        _(
            "Sending to ServiceNow. The number appears here as soon as ServiceNow has given it; you need not wait."
        ),
        announcement=_("Sending to ServiceNow."),
        is_working=True,
        last_attempt=last if ticket.last_result else None,
    )


def _ending_words(ticket: Ticket) -> Words:
    return AttemptResult(ticket.last_result).label if ticket.last_result else ""


def without_record(ticket: Ticket) -> Words:
    """Say why nothing of a record is shown."""
    waits = _("Not known yet.") if ticket.sent_at else _("Not there yet.")
    return _NO_RECORD.get(Delivery(ticket.delivery), waits)


def warnings(ticket: Ticket, *, may_change: bool) -> Iterator[Notice]:
    """Yield what the reader of a ticket's page should know about its record."""
    if ticket.is_missing:
        yield Notice(
            _("ServiceNow no longer returns this record"),
            _(
                "It was deleted there, or an access rule hides it from the integration user. What is shown below is "
                "what was last seen."
            ),
        )
    if ticket.dropped_fields:
        yield Notice(_not_kept(ticket), ", ".join(ticket.dropped_fields))
    if ticket.twin_since:
        yield _twins(ticket, may_choose=may_change and not ticket.is_archived)
    if ticket.unread_since:
        since = date_format(timezone.localtime(ticket.unread_since), "SHORT_DATETIME_FORMAT")
        text = gettext(
            "This is so since %(since)s. What is shown below is what was last seen; open the record in ServiceNow to "
            "see how it stands."
        )
        yield Notice(_("What ServiceNow returns of this record cannot be stored"), text % {"since": since})


def _not_kept(ticket: Ticket) -> Words:
    if ticket.last_result == AttemptResult.ADOPTED:
        return _(
            "An earlier attempt had arrived: its record differs in these fields from what is asked for now"
        )
    return _("ServiceNow did not keep these fields as they were sent")


def _twins(ticket: Ticket, *, may_choose: bool) -> Notice:
    text = gettext(
        "ServiceNow holds %(numbers)s. The ticket goes on following %(number)s. Choose the one that is worked on, and "
        "cancel the other in ServiceNow."
    ) % {"numbers": ticket.twin_numbers, "number": ticket.number}
    return Notice(
        _("More than one record carries this ticket's key"),
        text,
        "danger",
        url=reverse("tickets:link", args=[ticket.pk]) if may_choose else "",
        action=_("Choose the record"),
    )
