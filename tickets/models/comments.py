"""What people write about a ticket: what stands in ServiceNow's journal, and what is on its way there."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from connector.clock import Clock
from tickets.models import rich_text
from tickets.models.outbound_job import OutboundJob, OutboundJobQuerySet, lease

COMMENT_LENGTH = 3500


class Element(models.TextChoices):
    """The two journals of a task. The value is the field's name.

    A comment is for the caller and may move an incident out of On Hold (ServiceNow, "Incident state model"); a work
    note is for those who work on it.
    """

    WORK_NOTES = "work_notes", pgettext_lazy("journal", "Work note")
    COMMENTS = "comments", pgettext_lazy("journal", "Comment for the caller")


class TicketNote(models.Model):
    """One entry of a record's journal, as last seen. ServiceNow only ever adds entries, and so do we."""

    ticket = models.ForeignKey(
        "tickets.Ticket", models.PROTECT, related_name="notes", verbose_name=_("ticket")
    )
    record_sys_id = models.CharField(_("sys_id of the record"), max_length=32, blank=True)
    sys_id = models.CharField(_("sys_id of the journal entry"), max_length=32)
    element = models.CharField(_("journal"), max_length=20, choices=Element)
    text = models.TextField(_("text"))
    by = models.CharField(pgettext_lazy("note", "by"), max_length=100, blank=True)
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("ticket note")
        verbose_name_plural = _("ticket notes")
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["ticket", "sys_id"], name="ticket_note_unique")]

    @property
    def html(self) -> SafeString:
        """Its text as HTML that is safe to show."""
        return rich_text.shown(self.text)


class NotesState(models.TextChoices):
    """What became of the last try to read what was written about a record."""

    NEVER = "", pgettext_lazy("notes", "Not read yet")
    READ = "read", pgettext_lazy("notes", "Read")
    # Neither the table nor the record shows anything, and either we know better or the table is closed.
    HIDDEN = "hidden", pgettext_lazy("notes", "Hidden from the integration user")
    REFUSED = "refused", pgettext_lazy("notes", "Refused by ServiceNow")
    CUT = "cut", pgettext_lazy("notes", "Not read to the end")


# Why notes are unknown, and what to do about it. They are read once more until they are known.
UNREAD_REASONS: dict[NotesState, str | Promise] = {
    NotesState.HIDDEN: _(
        "ServiceNow shows the integration user nothing of what is written about this record. Let it read the table "
        "sys_journal_field, or the fields work_notes and comments; what was missed then comes by itself."
    ),
    NotesState.REFUSED: _(
        "ServiceNow refuses the integration user the table sys_journal_field, and the record's own fields show "
        "nothing. Something may be written there. Let the integration user read that table, or the fields work_notes "
        "and comments; what was missed then comes by itself."
    ),
    NotesState.CUT: _(
        "ServiceNow did not answer to the end when it was asked what was written about this record. It is asked again "
        "by itself."
    ),
}
UNREAD_NOTES = tuple(UNREAD_REASONS)


class CommentState(models.TextChoices):
    """How far a comment of ours got."""

    WAITING = "waiting", pgettext_lazy("comment", "Waiting to be sent")
    DELIVERED = "delivered", pgettext_lazy("comment", "In ServiceNow")
    REFUSED = "refused", pgettext_lazy("comment", "Refused by ServiceNow")
    UNCERTAIN = "uncertain", pgettext_lazy("comment", "May not have arrived")
    DROPPED = "dropped", pgettext_lazy("comment", "Given up")
    GIVEN_UP = "given_up", pgettext_lazy("comment", "Given up: the ticket was unlinked from its record")


_UNCERTAIN = _(
    "ServiceNow did not say whether it arrived. Look for it there; if it is missing, send it again."
)
# What a person decides about: to send it again, or to give it up.
STUCK = (CommentState.REFUSED, CommentState.UNCERTAIN)


class CommentQuerySet(OutboundJobQuerySet["TicketComment"]):
    """Comments, in words."""

    def due(self, clock: Clock) -> "CommentQuerySet":
        """What a worker may take now: waiting and due, not in another worker's hands, its ticket's record known."""
        waiting = self.filter(state=CommentState.WAITING, next_attempt_at__lte=clock())
        return waiting.filter(ticket__delivery="delivered").free(clock, lease())

    def take(self, token: uuid.UUID, until: datetime) -> bool:
        """Take the one comment that this asks for. Returns False, having changed nothing, where it asks for none."""
        return self.move(CommentState.WAITING, CommentState.WAITING, claim_token=token, claimed_until=until)

    def in_the_record(self) -> "CommentQuerySet":
        """What ServiceNow took into the record that the ticket is linked to now."""
        return self.filter(state=CommentState.DELIVERED, record_sys_id=F("ticket__sys_id"))

    def not_mirrored(self) -> "CommentQuerySet":
        """What no mirrored note shows: on its way, stopped, or in a journal that was not read since."""
        unseen = Q(note_sys_id="", record_sys_id=F("ticket__sys_id"))
        return self.filter(~Q(state=CommentState.DELIVERED) | unseen)


class TicketComment(OutboundJob):
    """What somebody here wrote about a ticket, to be added to its journal once.

    A journal has no key of ours: the same text at the same time is how an entry is known again. So the intent
    (`sent_at`) is stored before the socket opens, and whoever finds one reads the journal before sending again.
    """

    state_column = "state"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(
        "tickets.Ticket", models.PROTECT, related_name="comments", verbose_name=_("ticket")
    )
    element = models.CharField(_("journal"), max_length=20, choices=Element, default=Element.WORK_NOTES)
    text = models.TextField(_("text"), max_length=COMMENT_LENGTH)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("author"),
    )
    state = models.CharField(_("status"), max_length=20, choices=CommentState, default=CommentState.WAITING)
    record_sys_id = models.CharField(_("sys_id of the record"), max_length=32, blank=True)
    note_sys_id = models.CharField(_("sys_id of the journal entry"), max_length=32, blank=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket comment")
        verbose_name_plural = _("ticket comments")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["state", "next_attempt_at"], name="comment_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "note_sys_id"], condition=~Q(note_sys_id=""), name="comment_note_unique"
            )
        ]

    @property
    def asks_a_person(self) -> bool:
        """Whether somebody has to say what becomes of it; nobody sends what waits for an earlier instance."""
        return self.state in STUCK or (self.state == CommentState.WAITING and self.ticket.is_archived)

    @property
    def tone(self) -> str:
        """The tone of the badge that says how far it got."""
        if self.state == CommentState.DELIVERED:
            return "success"
        return "danger" if self.asks_a_person else "warning"

    @property
    def hint(self) -> str:
        """What a person should look at before deciding about it."""
        return str(_UNCERTAIN) if self.state == CommentState.UNCERTAIN else ""

    @property
    def written(self) -> str:
        """What is added to the journal: the integration user's name stands above it, so the author's is in it."""
        return f"{self.author}: {self.text}" if self.author else self.text

    @property
    def html(self) -> SafeString:
        """What is added to the journal, as it will look there."""
        return rich_text.shown(self.written)
