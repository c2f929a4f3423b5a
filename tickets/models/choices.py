"""The two vocabularies of a ticket: how far *our* delivery got, and what *their* record means. Pure.

Delivery moves only along MOVES. What a ServiceNow record means is read by `record_state.normalized_state_of`.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Kind(models.TextChoices):
    """What is asked of ServiceNow. The value is the name of its table."""

    CHANGE_REQUEST = "change_request", pgettext_lazy("ticket kind", "Change request")
    INCIDENT = "incident", pgettext_lazy("ticket kind", "Incident")


class Delivery(models.TextChoices):
    """How far our delivery of a ticket got."""

    WAITING = "waiting", pgettext_lazy("delivery", "Waiting to be sent")
    CLAIMED = "claimed", pgettext_lazy("delivery", "Being sent")
    SENT = "sent", pgettext_lazy("delivery", "Sent, answer awaited")
    DELIVERED = "delivered", pgettext_lazy("delivery", "In ServiceNow")
    ATTENTION = "attention", pgettext_lazy("delivery", "Needs attention")
    CONFLICT = "conflict", pgettext_lazy("delivery", "Found twice in ServiceNow")
    UNLINKED = "unlinked", pgettext_lazy("delivery", "Unlinked")
    DISCARDED = "discarded", pgettext_lazy("delivery", "Discarded")


# from -> {to: what happened}
MOVES: dict[Delivery, dict[Delivery, str]] = {
    Delivery.WAITING: {
        Delivery.CLAIMED: "a worker takes it",
        Delivery.DELIVERED: "a person links it to a record",
        Delivery.DISCARDED: "a person gives it up before anything was sent",
    },
    Delivery.CLAIMED: {
        Delivery.CLAIMED: "the lease ran out and another worker takes it",
        Delivery.SENT: "the intent is stored; the socket opens next",
        Delivery.WAITING: "nothing could be sent, or the look-up found nothing yet",
        Delivery.DELIVERED: "the look-up found our record",
        Delivery.CONFLICT: "the look-up found two of our records",
        Delivery.ATTENTION: "the look-up is refused or leaves it to a person, or the template is not proven",
    },
    Delivery.SENT: {
        Delivery.CLAIMED: "the lease ran out, or a refusal followed an earlier send: it is looked for first",
        Delivery.DELIVERED: "ServiceNow answered with our record",
        Delivery.WAITING: "a definite no that may be tried again, or no answer that can be trusted",
        Delivery.ATTENTION: "ServiceNow refused it or answered with a stranger, or it was tried often enough",
        Delivery.CONFLICT: "ServiceNow holds two of our records",
    },
    Delivery.ATTENTION: {
        Delivery.WAITING: "a person tries again, edited or not",
        Delivery.DELIVERED: "a person links it to a record",
        Delivery.DISCARDED: "a person gives it up",
    },
    Delivery.CONFLICT: {
        Delivery.DELIVERED: "a person chooses one of the two",
        Delivery.UNLINKED: "a person says that it is neither",
        Delivery.DISCARDED: "a person gives it up, its instance being history",
    },
    Delivery.DELIVERED: {Delivery.UNLINKED: "a person takes the link away"},
    Delivery.UNLINKED: {
        Delivery.DELIVERED: "a person links it to a record",
        Delivery.DISCARDED: "a person gives it up, or sends it anew as another ticket",
    },
    Delivery.DISCARDED: {
        Delivery.WAITING: "a person undoes that, nothing having been sent: it waits as before",
        Delivery.ATTENTION: "a person undoes that, nothing having been sent: it needs attention as before",
    },
}
IN_HAND = (Delivery.CLAIMED, Delivery.SENT)
# The workers are at it.
MOVING = (Delivery.WAITING, *IN_HAND)
# Nothing more happens until a person decides.
NEEDS_ATTENTION = (Delivery.ATTENTION, Delivery.CONFLICT, Delivery.UNLINKED)
UNDELIVERED = (*MOVING, *NEEDS_ATTENTION)
# From where a person may link a ticket to a record: never while a worker holds it.
LINKABLE = (Delivery.WAITING, *NEEDS_ATTENTION)


def check_move(old: Delivery, new: Delivery) -> None:
    """Raise ValueError for a move that is not in the table."""
    if new not in MOVES[old]:
        raise ValueError(f"a ticket does not go from {old} to {new}")


class NormalizedState(models.TextChoices):
    """What a record's state means to us, whatever an instance calls it."""

    NEW = "new", pgettext_lazy("ticket state", "New")
    IN_PROGRESS = "in_progress", pgettext_lazy("ticket state", "In progress")
    ON_HOLD = "on_hold", pgettext_lazy("ticket state", "On hold")
    SENT_BACK = "sent_back", pgettext_lazy("ticket state", "Sent back")
    RESOLVED = "resolved", pgettext_lazy("ticket state", "Resolved")
    CLOSED = "closed", pgettext_lazy("ticket state", "Closed")
    CLOSED_UNSUCCESSFULLY = "closed_unsuccessfully", pgettext_lazy("ticket state", "Closed unsuccessfully")
    CANCELED = "canceled", pgettext_lazy("ticket state", "Canceled")
    MISSING = "missing", pgettext_lazy("ticket state", "Gone or hidden")


CLOSED = (NormalizedState.CLOSED, NormalizedState.CLOSED_UNSUCCESSFULLY, NormalizedState.CANCELED)


class Priority(models.IntegerChoices):
    """ServiceNow's five levels. Not every type of ticket has all (`TicketType.priorities`)."""

    CRITICAL = 1, pgettext_lazy("priority", "Critical")
    HIGH = 2, pgettext_lazy("priority", "High")
    MODERATE = 3, pgettext_lazy("priority", "Moderate")
    LOW = 4, pgettext_lazy("priority", "Low")
    PLANNING = 5, pgettext_lazy("priority", "Planning")


class PriorityLevel(models.TextChoices):
    """The three levels in which the cards show a priority, as Secure Score shows its own."""

    HIGH = "high", pgettext_lazy("priority on a card", "High")
    MEDIUM = "medium", pgettext_lazy("priority on a card", "Medium")
    LOW = "low", pgettext_lazy("priority on a card", "Low")

    @classmethod
    def of(cls, priority: Priority) -> "PriorityLevel":
        """Return the level of one of ServiceNow's five priorities."""
        if priority == Priority.MODERATE:
            return cls.MEDIUM
        return cls.HIGH if priority < Priority.MODERATE else cls.LOW


class Source(models.TextChoices):
    """Who recommended the task: Microsoft, when an improvement action was shared; else the person who wrote it."""

    MICROSOFT = "microsoft", _("Microsoft recommendation")
    USER = "user", _("User recommendation")


class Category(models.TextChoices):
    """The five categories of the data exchanged; "Devices" is plural here, unlike in Secure Score."""

    DEVICES = "devices", pgettext_lazy("category", "Devices")
    DATA = "data", pgettext_lazy("category", "Data")
    APPS = "apps", pgettext_lazy("category", "Apps")
    IDENTITY = "identity", pgettext_lazy("category", "Identity")
    INFRASTRUCTURE = "infrastructure", pgettext_lazy("category", "Infrastructure")


class Outcome(models.TextChoices):
    """What came of a ticket, by the points of its action. Only what a person should look at has a name."""

    POINTS_REACHED = "points_reached", pgettext_lazy("outcome", "All points, still open")
    NOT_EFFECTIVE = "not_effective", pgettext_lazy("outcome", "Closed but not effective")
    REGRESSED = "regressed", pgettext_lazy("outcome", "Completed, then regressed")
