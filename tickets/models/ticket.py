"""Tickets: what we asked of ServiceNow, how far its delivery got, and what the record says now."""

import re
import uuid
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Concat, Left, Lower, NullIf
from django.urls import reverse
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from connector.models import Instance
from connector.servicenow.records import SYS_ID
from scorecard.models import ImprovementAction
from tickets.models.backoff import CARRIES_NO_KEY, KNOWN_TO_EXIST, AttemptResult
from tickets.models.choices import (
    IN_HAND,
    LINKABLE,
    NEEDS_ATTENTION,
    Category,
    Delivery,
    Kind,
    NormalizedState,
    Priority,
    PriorityLevel,
    Source,
)
from tickets.models.comments import UNREAD_REASONS, NotesState
from tickets.models.outbound_job import OutboundJob
from tickets.models.outcome_notice import OUTCOME_NOTICES, OutcomeNotice
from tickets.models.querysets import TicketQuerySet
from tickets.models.record_condition import Condition
from tickets.models.state_labels import ENGLISH
from tickets.models.ticket_type import TYPES

LABEL_LENGTH = 200
_NEWEST = (F("created_at").desc(), F("id").desc())


def new_sys_id() -> str:
    """Return 32 lower-case hex digits, the form of ServiceNow's primary keys."""
    return uuid.uuid4().hex


def _label(reference: str) -> models.GeneratedField:
    """What people see in a reference of the record, or nothing, in a column that lists can be sorted and filtered by:
    the JSON of a hundred thousand tickets cannot.
    """
    # Longer ones than an index takes would be refused by PostgreSQL, and with them the whole ticket.
    label = NullIf(Left(KT(f"record_labels__{reference}"), LABEL_LENGTH), Value(""))
    return models.GeneratedField(expression=label, output_field=models.TextField(null=True), db_persist=True)


class Ticket(OutboundJob):
    """One share, and the one record in ServiceNow that it makes. Its primary key is the record's correlation id."""

    state_column = "delivery"
    intent_columns = (*OutboundJob.intent_columns, "allow_duplicate")

    id = models.UUIDField(_("correlation ID"), primary_key=True, default=uuid.uuid4, editable=False)
    instance = models.ForeignKey(Instance, models.PROTECT, related_name="tickets", verbose_name=_("instance"))
    kind = models.CharField(pgettext_lazy("ticket", "task type"), max_length=20, choices=Kind)
    name = models.CharField(pgettext_lazy("ticket", "task name"), max_length=160)
    description = models.TextField(pgettext_lazy("ticket", "task description"), max_length=4000)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority)
    due_on = models.DateField(_("due date"), null=True, blank=True)
    recommendation_source = models.CharField(_("recommendation source"), max_length=20, choices=Source)
    recommendation_category = models.CharField(_("recommendation category"), max_length=20, choices=Category)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        db_index=False,  # It leads an index below.
        related_name="tickets",
        verbose_name=_("requested by"),
    )
    action = models.ForeignKey(
        ImprovementAction,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("improvement action"),
    )
    is_extra = models.BooleanField(
        _("second ticket"),
        default=False,
        help_text=_("Whether this is a second ticket for its action, asked for by the requester."),
    )
    batch = models.UUIDField(
        pgettext_lazy("ticket", "batch"),
        null=True,
        blank=True,
        db_index=True,
        help_text=_("The same for all tickets that were shared in one go."),
    )
    extra_fields = models.JSONField(
        _("further fields"),
        default=dict,
        blank=True,
        help_text=_(
            "What a person chose for this ticket alone: by field, its name, value and display value."
        ),
    )
    is_open = models.BooleanField(_("open"), default=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    # Our delivery.
    delivery = models.CharField(
        pgettext_lazy("ticket", "delivery"), max_length=20, choices=Delivery, default=Delivery.WAITING
    )
    client_sys_id = models.CharField(max_length=32, unique=True, default=new_sys_id, editable=False)
    allow_duplicate = models.BooleanField(
        _("second record wanted"),
        default=False,
        help_text=_("Whether a person has it sent again although no look-up would find an earlier record."),
    )
    last_result = models.CharField(_("last result"), max_length=20, choices=AttemptResult, blank=True)
    dropped_fields = models.JSONField(_("fields not kept"), default=list, blank=True)

    # Their record, as last seen.
    sys_id = models.CharField(_("sys_id of the record"), max_length=32, blank=True)
    number = models.CharField(pgettext_lazy("ticket", "number"), max_length=40, blank=True)
    state = models.CharField(_("stored value of the state"), max_length=40, blank=True)
    state_label = models.CharField(_("state in ServiceNow's words"), max_length=100, blank=True)
    normalized_state = models.CharField(
        pgettext_lazy("ticket state", "meaning"), max_length=30, choices=NormalizedState, blank=True
    )
    active = models.BooleanField(_("active in ServiceNow"), default=True)
    record = models.JSONField(_("stored values of the record"), default=dict, blank=True)
    record_labels = models.JSONField(_("display values of the record"), default=dict, blank=True)
    sys_mod_count = models.IntegerField(_("updates in ServiceNow"), null=True, blank=True)
    sys_updated_on = models.DateTimeField(_("updated in ServiceNow at"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last checked at"), null=True, blank=True)
    # When ServiceNow first returned an older version than was seen before; it is believed once it does so again.
    older_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    missing_since = models.DateTimeField(_("missing since"), null=True, blank=True)
    unread_since = models.DateTimeField(
        _("not understood since"),
        null=True,
        blank=True,
        help_text=_("Since when what ServiceNow returns of the record cannot be stored."),
    )
    # Further open records that carry its key, by their sys_ids, and since when a person is to choose between them.
    twins = models.JSONField(default=dict, blank=True, editable=False)
    twin_since = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    score_when_closed = models.FloatField(_("points when closed"), null=True, blank=True)
    points_reached_at = models.DateTimeField(
        _("all points reached at"),
        null=True,
        blank=True,
        help_text=_("When the action reached all points while the ticket was open."),
    )
    their_priority = models.PositiveSmallIntegerField(_("priority in ServiceNow"), null=True, blank=True)
    their_due_on = models.DateField(_("due date in ServiceNow"), null=True, blank=True)
    their_due_cleared = models.BooleanField(
        _("due date cleared in ServiceNow"),
        default=False,
        help_text=_("Whether the record had a due date and somebody took it away."),
    )

    # What people wrote about it: entries are rows of their own (`TicketNote`) where ServiceNow shows them one by one.
    notes_state = models.CharField(
        _("reading of notes"), max_length=10, choices=NotesState, default=NotesState.NEVER, blank=True
    )
    notes_shown = models.JSONField(
        _("notes as the record shows them"),
        default=dict,
        blank=True,
        help_text=_("By journal, where the table of journal entries does not show them."),
    )

    # What counts: somebody else's change in ServiceNow comes before what was asked.
    current_priority = models.GeneratedField(
        expression=Coalesce("their_priority", "priority"),
        output_field=models.PositiveSmallIntegerField(_("priority"), choices=Priority),
        db_persist=True,
    )
    current_due_on = models.GeneratedField(
        expression=Case(
            When(their_due_cleared=True, then=Value(None)), default=Coalesce("their_due_on", "due_on")
        ),
        output_field=models.DateField(_("due date"), null=True),
        db_persist=True,
    )

    assignee = _label("assigned_to")
    assignment_group = _label("assignment_group")
    # Where words are looked for. It stands in an index, which is read in place of whole rows.
    searched_text = models.GeneratedField(
        expression=Lower(Concat("number", Value(" "), "name")),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["delivery", "next_attempt_at"], name="ticket_due"),
            models.Index(fields=["action", "-created_at"], name="ticket_last_of_action"),
            # SQLite takes a condition for one, and does not look for a truth value in an index.
            models.Index(fields=["current_due_on"], condition=Q(is_open=True), name="ticket_open_by_due"),
            models.Index(
                fields=["kind", "-created_at"], condition=Q(is_open=True), name="ticket_open_of_kind"
            ),
            # For the cards: what is open is all looked at, of the rest the newest alone.
            models.Index(
                fields=["instance", "kind", "-created_at"], condition=Q(is_open=True), name="ticket_card_open"
            ),
            models.Index(
                fields=["instance", "kind", "-created_at"],
                condition=Q(is_open=False),
                name="ticket_card_rest",
            ),
            # For the list: what it is sorted by, read from either end. They hold the key, so that a page far back reads
            # no rows; the first holds what is searched as well.
            models.Index(fields=["-created_at", "-id", "searched_text"], name="ticket_newest"),
            models.Index(Lower("name"), *_NEWEST, name="ticket_by_name"),
            models.Index(fields=["number", "-created_at", "-id"], name="ticket_by_number"),
            models.Index(fields=["kind", "-created_at", "-id"], name="ticket_by_kind"),
            models.Index(fields=["current_priority", "-created_at", "-id"], name="ticket_by_priority"),
            models.Index(
                fields=["delivery", "normalized_state", "-created_at", "-id", "missing_since"],
                name="ticket_by_status",
            ),
            models.Index(fields=["current_due_on", "-created_at", "-id"], name="ticket_by_due"),
            models.Index(fields=["requested_by", "-created_at", "-id"], name="ticket_by_requester"),
            models.Index(Lower("assignee"), *_NEWEST, "assignee", name="ticket_by_assignee"),
            models.Index(Lower("assignment_group"), *_NEWEST, "assignment_group", name="ticket_by_group"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "action"],
                condition=Q(is_open=True, is_extra=False),
                name="ticket_one_open_per_action",
            ),
            models.UniqueConstraint(
                fields=["instance", "sys_id"], condition=~Q(sys_id=""), name="ticket_record_unique"
            ),
            models.CheckConstraint(
                condition=Q(delivery=Delivery.DELIVERED) ^ Q(sys_id=""), name="ticket_delivered_has_record"
            ),
            models.CheckConstraint(
                condition=~Q(delivery__in=IN_HAND)
                | Q(claim_token__isnull=False, claimed_until__isnull=False),
                name="ticket_in_hand_has_claim",
            ),
            models.CheckConstraint(
                condition=~Q(delivery=Delivery.SENT) | Q(sent_at__isnull=False), name="ticket_sent_has_moment"
            ),
            models.CheckConstraint(
                condition=reduce(
                    or_, (Q(kind=kind, priority__in=entry.priorities) for kind, entry in TYPES.items())
                ),
                name="ticket_priority_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(recommendation_source=Source.USER) | Q(action__isnull=False),
                name="ticket_source_has_action",
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.name

    def get_absolute_url(self) -> str:
        """Return this ticket's page."""
        return reverse("tickets:ticket", args=[self.pk])

    @property
    def correlation_id(self) -> str:
        """The key that the record carries in ServiceNow."""
        return str(self.pk)

    @property
    def is_delivered(self) -> bool:
        """Whether its record in ServiceNow is known."""
        return self.delivery == Delivery.DELIVERED

    @property
    def is_missing(self) -> bool:
        """Whether the record was asked for by id and not returned: gone, or hidden by an access rule."""
        return self.missing_since is not None

    @property
    def assigned_to_words(self) -> str:
        """Who works on it, by name."""
        return self._called("assigned_to")

    @property
    def assignment_group_words(self) -> str:
        """Which group works on it, by name."""
        return self._called("assignment_group")

    def _called(self, reference: str) -> str:
        """What people see in a reference of the record; never its sys_id, which stands in place of a name at times."""
        label, value = str(self.record_labels.get(reference) or ""), self.record.get(reference)
        if label and not re.fullmatch(SYS_ID, label, re.IGNORECASE):
            return label
        if not value:
            return ""
        # A name that was asked for and is empty belongs to a record that is hidden from us.
        was_asked = reference in self.record_labels
        hidden = pgettext("reference", "Name hidden from the integration user")
        return hidden if was_asked else pgettext("reference", "Name not known yet")

    @property
    def has_unread_notes(self) -> bool:
        """Whether something may be written about its record that could not be read."""
        return self.notes_state in UNREAD_REASONS

    @property
    def unread_notes_reason(self) -> str:
        """Why what is written about its record is unknown, and what to do about it."""
        return str(UNREAD_REASONS.get(NotesState(self.notes_state), ""))

    @property
    def needs_attention(self) -> bool:
        """Whether nothing more happens until a person decides."""
        return self.delivery in NEEDS_ATTENTION

    @property
    def may_be_discarded(self) -> bool:
        """Whether a person may give it up: nothing was sent, or no record of what was sent is known, or it was unlinked
        from its record, or is history. Where something was sent, ServiceNow is asked first (`discard`).
        """
        if self.delivery == Delivery.UNLINKED:
            return True
        if self.delivery in (Delivery.WAITING, Delivery.ATTENTION, Delivery.CONFLICT) and self.is_archived:
            return True
        is_known = self.last_result in KNOWN_TO_EXIST
        waits = self.delivery == Delivery.WAITING and self.sent_at is None
        return not is_known and (waits or self.delivery == Delivery.ATTENTION)

    @property
    def may_be_undiscarded(self) -> bool:
        """Whether a person may undo that it was discarded: nothing of it was sent, or it was refused."""
        was_discarded = self.delivery == Delivery.DISCARDED and not self.is_archived
        return (
            was_discarded
            and self.sent_at is None
            and not self.sys_id
            and self.last_result not in KNOWN_TO_EXIST
        )

    @property
    def is_archived(self) -> bool:
        """Whether its instance is no longer the one in use, so that nothing of it can be sent or asked any more."""
        return not self.instance.is_current

    @property
    def may_be_unlinked(self) -> bool:
        """Whether there is a record, or a choice of records, that a person may say is not its own."""
        return self.delivery in (Delivery.DELIVERED, Delivery.CONFLICT)

    @property
    def may_be_linked(self) -> bool:
        """Whether a person may say which record is its own: there is none, or there are several."""
        return self.delivery in LINKABLE or (self.is_delivered and self.twin_since is not None)

    @property
    def has_several_records(self) -> bool:
        """Whether a person is to choose which of the records that carry its key is its own."""
        return self.delivery == Delivery.CONFLICT or self.twin_since is not None

    @property
    def twin_numbers(self) -> str:
        """The numbers of all records that carry its key, its own first."""
        return ", ".join([self.number, *(twin["number"] for twin in self.twins.values())])

    @property
    def may_be_sent_again(self) -> bool:
        """Whether sending it again is harmless: what an earlier attempt made would be found by its key."""
        return self.delivery == Delivery.ATTENTION and self.last_result not in CARRIES_NO_KEY

    @property
    def condition(self) -> Condition:
        """How far it is, and what its record means."""
        return Condition(self.kind, self.delivery, self.state, self.normalized_state, self.is_missing)

    @property
    def state_words(self) -> str:
        """The state in words for lists: theirs once delivered, else ours."""
        is_theirs = self.is_delivered and not self.is_missing
        names = self.instance.state_names.all() if is_theirs else ()
        return self.condition.words(names, get_language() or ENGLISH)

    @property
    def state_tone(self) -> str:
        """How loudly its state is shown: the tone of a badge, or empty for plain words."""
        return self.condition.tone

    @property
    def outcome_notice(self) -> OutcomeNotice | None:
        """What came of it by the points of its action, where a query added that (`with_outcome`)."""
        return OUTCOME_NOTICES.get(getattr(self, "outcome", ""))

    def is_overdue(self, today: date) -> bool:
        """Whether it is still open after its due day."""
        return self.is_open and self.current_due_on is not None and self.current_due_on < today

    @property
    def current_priority_label(self) -> str:
        """The priority that counts, in words."""
        return str(Priority(self.current_priority).label)

    @property
    def priority_level(self) -> PriorityLevel:
        """The priority that counts, as one of three levels."""
        return PriorityLevel.of(Priority(self.current_priority))

    def is_still_possible(self, now: datetime, quarantine: timedelta) -> bool:
        """Whether an earlier send may still arrive in ServiceNow."""
        return self.sent_at is not None and now < self.sent_at + quarantine

    def retry(self, now: datetime, *, a_second_is_wanted: bool = False, **edits: Any) -> bool:
        """Let the workers try again, with some columns edited. Returns False when the ticket no longer needs attention.

        Where no look-up could find what an earlier attempt may have made, it is sent again only where a person wants a
        second record. The kind changes only where certainly nothing was sent.
        """
        stuck = Ticket.objects.filter(pk=self.pk)
        if not a_second_is_wanted:
            stuck = stuck.exclude(last_result__in=CARRIES_NO_KEY)
        if edits.get("kind", self.kind) != self.kind:
            stuck = stuck.filter(sent_at=None)
        anew = {"attempts": 0, "last_problem": "", "possible_refusal": "", "unseen_at": None}
        again = {"next_attempt_at": now, **anew, **edits}
        return stuck.move(Delivery.ATTENTION, Delivery.WAITING, **again, allow_duplicate=a_second_is_wanted)
