"""The address of a preview names the actions that were chosen and the batch that their tickets make.

A browser that goes back asks for the page anew. So it finds the same preview, or the tickets where it was sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from scorecard.models import ImprovementAction

BATCH, ACTION = "batch", "action"


@dataclass(frozen=True)
class Selection:
    """What an address names: the batch, and the primary keys of the actions."""

    batch: UUID
    actions: list[int]


def address(actions: Iterable[ImprovementAction]) -> str:
    """Return where these actions are shown as a new batch."""
    parameters = QueryDict(mutable=True)
    parameters[BATCH] = str(uuid4())
    parameters.setlist(ACTION, [str(action.pk) for action in actions])
    return f"{reverse('tickets:bulk')}?{parameters.urlencode()}"


def selection(request: HttpRequest) -> Selection | None:
    """Return what the address names, or None where it names no batch."""
    try:
        batch = UUID(request.GET.get(BATCH, "")[:36])
    except ValueError:
        return None
    keys = request.GET.getlist(ACTION)
    return Selection(batch, [int(key) for key in keys if len(key) < 19 and key.isdecimal()])
