"""The dialog "Share to ServiceNow", and its sibling without an action."""

from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from django import forms
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from scorecard.models import ImprovementAction
from tickets.actions.bulk import NOTE_LENGTH, Terms
from tickets.actions.share import TicketRequest
from tickets.actions.suggestions import Proposal, category_of
from tickets.models import Ticket
from tickets.models.choices import Category, Kind, Priority, Source
from tickets.models.comments import COMMENT_LENGTH, Element
from tickets.models.ticket_type import DEFAULT, TYPES, type_of
from tickets.records.payload import NAME_LENGTH, TEXT_LENGTH

LONGEST_AHEAD = timedelta(days=3653)
_NO_SUCH_PRIORITY = _(
    "The priority chosen in a row does not exist for this task type. It is taken back below: choose another one there, "
    "or another task type."
)


class TextField(forms.CharField):
    """Lines of text. Browsers count an end of line once, but send two characters for it (HTML standard, "Form
    submission").
    """

    def to_python(self, value: Any) -> str:
        """Return the text as the browser counted it."""
        return str(super().to_python(str(value).replace("\r\n", "\n") if value else value))


class TaskForm(forms.Form):
    """What every task has, one or many: its type, priority and due date."""

    kind = forms.ChoiceField(label=pgettext_lazy("ticket", "Task type"), choices=Kind)
    priority = forms.TypedChoiceField(
        label=_("Priority"), choices=list(reversed(Priority.choices)), coerce=int, initial=Priority.MODERATE
    )
    due_on = forms.DateField(
        label=_("Due date"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.last_day = today + LONGEST_AHEAD
        self.fields["due_on"].widget.attrs |= {"min": today.isoformat(), "max": self.last_day.isoformat()}

    def clean_due_on(self) -> date | None:
        """Refuse a day that has passed, and one so far ahead that it is a slip of the pen."""
        due_on: date | None = self.cleaned_data["due_on"]
        if due_on and due_on < self.today:
            raise forms.ValidationError(gettext("This day has passed. Choose today or a later day."))
        if due_on and due_on > self.last_day:
            raise forms.ValidationError(
                gettext("This day is more than ten years ahead. Choose %(day)s or an earlier day.")
                % {"day": date_format(self.last_day, "SHORT_DATE_FORMAT")}
            )
        return due_on

    def clean(self) -> dict[str, Any]:
        """Refuse a priority that the type does not have: ServiceNow knows four for change requests."""
        cleaned = super().clean() or {}
        kind, priority = cleaned.get("kind"), cleaned.get("priority")
        if kind and priority and priority not in type_of(kind).priorities:
            lowest = max(type_of(kind).priorities)
            self.add_error(
                "priority",
                gettext(
                    "ServiceNow has no priority %(priority)s for this task type. Choose %(lowest)s or higher, "
                    "or another task type."
                )
                % {"priority": Priority(priority).label, "lowest": lowest.label},
            )
        return cleaned


class WrittenForm(TaskForm):
    """A task with its name and description."""

    name = forms.CharField(
        label=pgettext_lazy("ticket", "Task name"),
        max_length=NAME_LENGTH,
        error_messages={"required": _("Give the task a name.")},
    )
    description = TextField(
        label=pgettext_lazy("ticket", "Task description"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Say what is to be done.")},
    )
    field_order: list[str] | None = ["name", "description", "kind", "category", "priority", "due_on"]


class TicketForm(WrittenForm):
    """What a person asks of ServiceNow. Carries the ticket's id, so that sending it twice makes one ticket."""

    ticket_id = forms.UUIDField(widget=forms.HiddenInput)
    field_order = ["ticket_id", "name", "description", "kind", "category", "priority", "due_on"]

    def ticket_request(self) -> TicketRequest:
        """Return what was asked for. Only for a valid form."""
        data = self.cleaned_data
        return TicketRequest(
            kind=data["kind"],
            name=data["name"],
            description=data["description"],
            priority=data["priority"],
            due_on=data["due_on"],
            recommendation_source=Source.USER,
            recommendation_category=data.get("category", ""),
            is_extra=False,
        )


class NewTicketForm(TicketForm):
    """A ticket without an improvement action: a person's own recommendation."""

    category = forms.ChoiceField(label=pgettext_lazy("ticket", "Recommendation category"), choices=Category)

    @classmethod
    def blank(cls, kind: str, today: date, ticket_id: UUID | None = None) -> "NewTicketForm":
        """Return an empty form for one kind of ticket, and for the ticket of this id or of a new one."""
        return cls(
            initial={"ticket_id": ticket_id or uuid4(), "kind": kind, "priority": Priority.MODERATE},
            today=today,
        )


class ShareForm(TicketForm):
    """A ticket for an improvement action: Microsoft's recommendation."""

    is_extra = forms.BooleanField(label=_("Create a second ticket all the same"), required=False)

    def __init__(self, *args: Any, action: ImprovementAction, reason: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.action = action
        self.fields["priority"].help_text = reason
        open_tickets = Ticket.objects.open().of_current_instance().filter(action=action)
        self.open_ticket = open_tickets.order_by("created_at").first()
        if self.open_ticket is None:
            del self.fields["is_extra"]

    @classmethod
    def proposing(
        cls, action: ImprovementAction, proposal: Proposal, today: date, ticket_id: UUID | None = None
    ) -> "ShareForm":
        """Return a form filled in from the action, for the ticket of this id or of a new one."""
        initial = {
            "ticket_id": ticket_id or uuid4(),
            "name": proposal.name,
            "description": proposal.description,
            "kind": proposal.kind,
            "priority": proposal.priority,
            "due_on": proposal.due_on,
        }
        return cls(action=action, reason=proposal.reason, initial=initial, today=today)

    def clean(self) -> dict[str, Any]:
        """Refuse a second open ticket that nobody chose, unless it is the first one, sent again."""
        cleaned = super().clean()
        resent = self.open_ticket is not None and self.open_ticket.pk == cleaned.get("ticket_id")
        if self.open_ticket and not resent and not cleaned.get("is_extra"):
            self.add_error(
                "is_extra",
                gettext("This action already has an open ticket. Tick the box to create a second one."),
            )
        return cleaned

    def ticket_request(self) -> TicketRequest:
        """Return what was asked for, as Microsoft's recommendation."""
        extra = bool(self.cleaned_data.get("is_extra"))
        return {
            **super().ticket_request(),
            "recommendation_source": Source.MICROSOFT,
            "recommendation_category": category_of(self.action),
            "is_extra": extra,
        }


class BulkForm(TaskForm):
    """What the tickets of many actions have in common; empty means: as proposed for each action. Rows of the preview
    may be dropped (`drop`: control IDs) and have priorities of their own (`row_priority`: control ID, colon, priority).
    """

    priority = forms.TypedChoiceField(
        label=_("Priority"),
        required=False,
        choices=[("", _("As proposed for each action")), *reversed(Priority.choices)],
        coerce=int,
        empty_value=None,
    )
    note = TextField(
        label=_("Note"),
        help_text=_("Goes before each task description."),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    # What the person saw: sending anything else shows it first.
    previewed = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    was_kept = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"].help_text = _("Empty: proposed by priority.")

    def clean(self) -> dict[str, Any]:
        """Read the rows as well; a priority that the type does not have is refused there, too."""
        cleaned = super().clean()
        data = cast("QueryDict", self.data)
        cleaned["dropped"] = frozenset(data.getlist("drop"))
        known = {str(one.value): one for one in type_of(cleaned.get("kind") or DEFAULT).priorities}
        chosen = [row.rpartition(":") for row in data.getlist("row_priority") if row]
        cleaned["priorities"] = {control: known[value] for control, _colon, value in chosen if value in known}
        if len(cleaned["priorities"]) < len(chosen):
            self.add_error(None, _NO_SUCH_PRIORITY)
        return cleaned

    @classmethod
    def blank(cls, today: date) -> "BulkForm":
        """Return the form for a selection that has just been made."""
        return cls(initial={"kind": DEFAULT}, today=today)

    def terms(self) -> Terms:
        """Return what was asked for; in place of what is not valid, what the form starts with."""
        self.full_clean()
        data = getattr(self, "cleaned_data", {})
        return Terms(
            Kind(data.get("kind") or DEFAULT),
            Priority(data["priority"]) if data.get("priority") else None,
            data.get("due_on"),
            data.get("note", ""),
            data.get("priorities", {}),
            data.get("dropped", frozenset()),
        )


class CommentForm(forms.Form):
    """Something to add to a ticket's journal. Carries the comment's id, so that sending it twice writes it once."""

    comment_id = forms.UUIDField(widget=forms.HiddenInput)
    text = TextField(
        label=pgettext_lazy("journal", "Work note"),
        max_length=COMMENT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write something first.")},
    )
    is_comment = forms.BooleanField(required=False)

    def __init__(self, *args: Any, kind: Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = TYPES[kind].words
        self.fields["is_comment"].label = str(words.comment_label)
        self.fields["is_comment"].help_text = str(words.comment_help)

    @property
    def element(self) -> Element:
        """Which journal it goes to. Only for a valid form."""
        return Element.COMMENTS if self.cleaned_data["is_comment"] else Element.WORK_NOTES
