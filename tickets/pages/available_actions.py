"""What a person may do with a ticket, as its page offers it: the first button is the one that helps most."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets.models import Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery
from tickets.pages.cards import record_url


@dataclass(frozen=True)
class Action:
    """One button or menu item: a link, or a form that is posted."""

    label: str | Promise
    url: str
    icon: str = ""
    is_primary: bool = False
    is_post: bool = False
    is_external: bool = False

    @property
    def key(self) -> str:
        """What it is known again by when the page is refreshed around it."""
        return "open" if self.is_external else urlsplit(self.url).path.rstrip("/").rsplit("/", 1)[-1]


@dataclass(frozen=True)
class AvailableActions:
    """Everything that one person may do with one ticket: `more` is what stands in a menu behind the buttons."""

    buttons: tuple[Action, ...]
    more: tuple[Action, ...]


def available_actions(ticket: Ticket, person: User) -> AvailableActions:
    """Return what this person may do with this ticket now. Its instance must be loaded; asks the database nothing."""
    buttons = [*_views(ticket)]
    more: list[Action] = []
    if person.has_perm("tickets.change_ticket"):
        buttons += _decisions(ticket, may_create=person.has_perm("tickets.add_ticket"))
        more += _further(ticket)
    return AvailableActions(tuple(buttons), tuple(more))


def _views(ticket: Ticket) -> Iterator[Action]:
    """What changes nothing."""
    if address := record_url(ticket):
        yield Action(_("Open in ServiceNow"), address, "external", is_primary=True, is_external=True)
    if ticket.is_delivered and not ticket.is_archived:
        yield _posted("refresh", ticket, _("Refresh now"), "refresh")


def _decisions(ticket: Ticket, *, may_create: bool) -> Iterator[Action]:
    """What moves the ticket on, or takes it back."""
    if ticket.is_archived and not ticket.is_delivered and ticket.delivery != Delivery.UNLINKED:
        if ticket.may_be_discarded:
            yield _discard(ticket)
    elif ticket.may_be_sent_again:
        yield from _send_again(ticket)
    elif ticket.delivery == Delivery.ATTENTION:
        yield _link_what_was_answered(ticket)
    elif ticket.delivery == Delivery.CONFLICT:
        yield _to("link", ticket, _("Choose the record"), is_primary=True)
        yield _to("unlink", ticket, _("None of them"))
    elif ticket.delivery == Delivery.UNLINKED:
        yield from _unlinked(ticket, may_create=may_create)
    elif ticket.is_delivered:
        yield _to("unlink", ticket, _("Unlink"))
    if ticket.may_be_undiscarded:
        yield _posted("undo_discard", ticket, _("Undo discard"))


def _send_again(ticket: Ticket) -> Iterator[Action]:
    """A record of the other type is found only once the ticket is of that type: sending again alone would not help."""
    is_other_kind = ticket.last_result == AttemptResult.OTHER_KIND
    if not is_other_kind:
        yield _posted("retry", ticket, _("Send again"), "refresh", is_primary=True)
    yield _to("edit", ticket, _("Edit and send again"), is_primary=is_other_kind)


def _link_what_was_answered(ticket: Ticket) -> Action:
    """Where ServiceNow named a record in its answer, the page looks it up at once."""
    action = _link(ticket, is_primary=True)
    if ticket.last_result != AttemptResult.UNMATCHED_RECORD:
        return action
    return Action(action.label, f"{action.url}?record={quote(ticket.last_problem)}", "link", is_primary=True)


def _unlinked(ticket: Ticket, *, may_create: bool) -> Iterator[Action]:
    if not ticket.is_archived:
        yield _link(ticket, is_primary=True)
    if may_create:
        yield _to("anew", ticket, _("Send as a new ticket"))
    yield _discard(ticket)


def _further(ticket: Ticket) -> Iterator[Action]:
    """What is needed seldom, while the ticket waits or needs attention."""
    waits = ticket.delivery == Delivery.WAITING
    if ticket.is_archived or not (waits or ticket.delivery == Delivery.ATTENTION):
        return
    if ticket.may_be_sent_again or waits:
        yield _to("link", ticket, _("Link to a record"))
    else:
        yield _to("edit", ticket, _("Edit and send again"))
    if ticket.may_be_discarded:
        yield _discard(ticket)


def _link(ticket: Ticket, *, is_primary: bool) -> Action:
    return _to("link", ticket, _("Link to a record"), "link", is_primary=is_primary)


def _discard(ticket: Ticket) -> Action:
    return _to("discard", ticket, _("Discard"))


def _to(page: str, ticket: Ticket, label: Promise, icon: str = "", *, is_primary: bool = False) -> Action:
    return Action(label, reverse(f"tickets:{page}", args=[ticket.pk]), icon, is_primary)


def _posted(page: str, ticket: Ticket, label: Promise, icon: str = "", *, is_primary: bool = False) -> Action:
    return Action(label, reverse(f"tickets:{page}", args=[ticket.pk]), icon, is_primary, is_post=True)
