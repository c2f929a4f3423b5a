"""The first steps with a new portal, as the home page lists them until all are done."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.roles import ADMINISTRATOR, SECURITY_ADMINISTRATOR, role_label
from connector.models import Connection
from scorecard.pages.import_status import ImportStatus
from tickets.models.querysets import Counts

Words = str | Promise


class Progress(Enum):
    """How far a step is. The value names its mark and its tone."""

    TODO = "todo", "neutral"
    WORKING = "working", "info"
    ATTENTION = "attention", "danger"
    DONE = "done", "success"


_LABELS: dict[Progress, Words] = {
    Progress.TODO: pgettext_lazy("installation checklist", "Not complete"),
    Progress.WORKING: pgettext_lazy("installation checklist", "In progress"),
    Progress.ATTENTION: pgettext_lazy("installation checklist", "Needs attention"),
    Progress.DONE: pgettext_lazy("installation checklist", "Completed"),
}
_SEND = _("Send the first ticket")


@dataclass(frozen=True)
class Step:
    """One step: how far it is, what is next and which role does that; `url` leads this person there if they may."""

    title: Words
    progress: Progress
    text: Words
    role: str
    url: str = ""
    action: Words = ""

    @property
    def mark(self) -> str:
        """What its number is drawn as."""
        return self.progress.value[0]

    @property
    def tone(self) -> str:
        """The tone of its badge."""
        return self.progress.value[1]

    @property
    def label(self) -> Words:
        """The words of its badge."""
        return _LABELS[self.progress]

    @property
    def is_done(self) -> bool:
        """Whether nothing remains to be done about it."""
        return self.progress == Progress.DONE

    @property
    def who(self) -> str:
        """The role that takes it, in words."""
        return role_label(self.role)


def steps(
    person: User,
    status: ImportStatus,
    connection: Connection | None,
    counts: Collection[Counts],
    *,
    was_sent: bool,
) -> list[Step]:
    """Return the three steps. `counts` are those of the ticket cards; `was_sent` says whether any ticket ever was."""
    may_create = person.has_perm("tickets.add_ticket")
    return [
        _score(status),
        _connect(connection, may_connect=person.has_perm("connector.manage_connection")),
        _sent() if was_sent else _send(status, connection, counts, may_create=may_create),
    ]


def _sent() -> Step:
    return Step(_SEND, Progress.DONE, _("The portal follows tickets in ServiceNow."), SECURITY_ADMINISTRATOR)


def _score(status: ImportStatus) -> Step:
    title = _("Read Secure Score")
    if status.calculated_at:
        return Step(title, Progress.DONE, _("It is read again every few hours."), ADMINISTRATOR)
    if status.failure:
        text = _("It could not be read. The card Microsoft Secure Score says why.")
        return Step(title, Progress.ATTENTION, text, ADMINISTRATOR)
    if status.is_busy:
        return Step(
            title,
            Progress.WORKING,
            _("The portal is reading it now. You need not wait here."),
            SECURITY_ADMINISTRATOR,
        )
    if status.is_set_up:
        text = _("The sign-in to Microsoft Graph is set. The portal reads the score within a few hours.")
        return Step(title, Progress.TODO, text, SECURITY_ADMINISTRATOR)
    text = _("Set the sign-in to Microsoft Graph in the portal's settings, or import saved answers.")
    return Step(title, Progress.TODO, text, ADMINISTRATOR)


def _connect(connection: Connection | None, *, may_connect: bool) -> Step:
    title = _("Connect ServiceNow")
    if connection is None:
        return Step(
            title,
            Progress.TODO,
            _("Enter the instance, then authorize the portal there. The set-up leads through both."),
            SECURITY_ADMINISTRATOR,
            url=reverse("connector:setup") if may_connect else "",
            action=_("Connect to ServiceNow"),
        )
    if connection.status != Connection.Status.CONNECTED:
        text = _("ServiceNow no longer accepts the sign-in. Authorize the connection again.")
        url = reverse("connector:connection")
        return Step(title, Progress.ATTENTION, text, SECURITY_ADMINISTRATOR, url, _("See what is wrong"))
    return Step(title, Progress.DONE, connection.instance.host, SECURITY_ADMINISTRATOR)


def _send(
    status: ImportStatus, connection: Connection | None, counts: Collection[Counts], *, may_create: bool
) -> Step:
    title = _SEND
    if connection is None:
        return Step(title, Progress.TODO, _("First connect ServiceNow."), SECURITY_ADMINISTRATOR)
    if any(count.attention for count in counts):
        text = _("A ticket needs attention. Its page says what can be done.")
        url = f"{reverse('tickets:list')}?attention=on"
        return Step(title, Progress.ATTENTION, text, SECURITY_ADMINISTRATOR, url, _("Open it"))
    if any(count.open for count in counts):
        return Step(title, Progress.WORKING, _("It is on its way to ServiceNow."), SECURITY_ADMINISTRATOR)
    if not status.calculated_at:
        text = _("It can be for an improvement action once Secure Score is read, or without one.")
        url = reverse("tickets:new") if may_create else ""
        return Step(title, Progress.TODO, text, SECURITY_ADMINISTRATOR, url, _("Create ticket"))
    return Step(
        title,
        Progress.TODO,
        _("Open an improvement action, choose Share, then ServiceNow."),
        SECURITY_ADMINISTRATOR,
        url=reverse("scorecard:actions") if may_create else "",
        action=_("View improvement actions"),
    )
