"""What keeps tickets from moving, in a person's words, with the one button that mends it."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from connector.budget import allowed
from connector.explanations import explain, moment, tries_again
from connector.models import Connection, Instance
from connector.sessions import UNOPENED
from tickets.states import Kind


@dataclass(frozen=True)
class Trouble:
    """A notice at the top of the ticket cards."""

    title: str
    text: str
    tone: str = "warning"
    url: str = ""
    action: str = ""
    is_mended_by_authorizing: bool = False


def trouble_of(connection: Connection, now: datetime) -> Trouble | None:
    """Say what is wrong with the current connection; None while all is well."""
    page = reverse("connector:connection")
    if refused := _refused(connection, now):
        return refused
    if pause := _pause(connection.instance, now):
        return pause
    if connection.instance.last_error_at is not None:
        return Trouble(
            title=_("ServiceNow does not answer as it should"),
            text=_(
                "Tickets wait here and are sent by themselves when it does. What is shown is what was last seen."
            ),
            url=page,
            action=_("See what is wrong"),
        )
    if connection.ends_soon(now):
        return Trouble(
            title=_("The sign-in to ServiceNow ends soon"),
            text=_("Authorize the connection again, so that tickets keep being sent."),
            is_mended_by_authorizing=True,
        )
    return None


def _keyless(instance: Instance) -> Trouble:
    """Say why nothing is sent to an instance whose records could not be found again, and what ends that."""
    kind = Kind(instance.keyless_table)
    return Trouble(
        title=_("ServiceNow keeps none of the keys by which records are found"),
        text=_(
            "A record came back without them, so a ticket whose answer gets lost could be made twice. Tickets wait here"
            " and nothing is lost. In ServiceNow, let the integration user write correlation_id of %(table)s: look for"
            " a field access rule, a read-only data policy or a business rule that clears it. Then try the fields; once"
            " a trial record keeps it, tickets are sent by themselves."
        )
        % {"table": kind.value},
        tone="danger",
        url=reverse("tickets:fields", args=[kind]),
        action=_("Try the fields"),
    )


def _pause(instance: Instance, now: datetime) -> Trouble | None:
    """Say until when nothing is asked of the instance, or sent to it, and why."""
    if instance.keyless_since:
        return _keyless(instance)
    title, until = "", now
    if instance.rate_limited_until and instance.is_rate_limited(now):
        title, until = _("ServiceNow asked to be left alone"), instance.rate_limited_until
    elif not instance.calls_left(now, allowed()):
        title = _("This hour's calls to ServiceNow are used up")
        until = instance.calls_free_at(now, allowed())
    if not title:
        return None
    return Trouble(
        title=title,
        text=_("Tickets wait here and are sent by themselves from %(moment)s on.")
        % {"moment": moment(until)},
        url=reverse("connector:connection"),
        action=_("See the connection"),
    )


def _refused(connection: Connection, now: datetime) -> Trouble | None:
    """Say why the portal cannot sign in."""
    if connection.needs_reauthorization:
        return Trouble(
            title=_("ServiceNow no longer accepts our sign-in"),
            text=_("Tickets wait here and nothing is lost. Authorize the connection again."),
            tone="danger",
            is_mended_by_authorizing=True,
        )
    unopened = explain(connection.instance.last_error) if connection.instance.last_error in UNOPENED else None
    if unopened is not None:
        return Trouble(
            title=str(unopened.what),
            text=str(unopened.next_step),
            tone="danger",
            url=reverse("connector:setup"),
            action=_("Set up the connection"),
        )
    if connection.token_refusals:
        return Trouble(
            title=_("ServiceNow refuses our sign-in"),
            text=f"{_('Tickets wait here and nothing is lost.')} {tries_again(connection, now)}",
            tone="danger",
            url=reverse("connector:connection"),
            action=_("See what is wrong"),
        )
    return None
