"""The address of a form names the ticket that the form makes.

A browser that goes back to a form asks for the page anew and fills in what was typed, but not what was hidden. With
another id in it, to send it once more would make a second ticket.
"""

from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tickets.models import Ticket

PARAMETER = "ticket"


def ticket_id(request: HttpRequest) -> UUID | None:
    """Return the id in the address of a form; None where there is none, or nothing that is one."""
    try:
        return UUID(request.GET.get(PARAMETER, "")[:36])
    except ValueError:
        return None


def elsewhere(request: HttpRequest) -> HttpResponse | None:
    """Say where to go in place of showing a form: to the same form with an id, or to the ticket it made already."""
    if request.method == "POST":
        return None
    wanted = ticket_id(request)
    if wanted is None:
        return redirect(with_id(request, uuid4()))
    made = Ticket.objects.filter(pk=wanted).first()
    return redirect(made) if made else None


def with_id(request: HttpRequest, wanted: object) -> str:
    """Return this form's address with the id of its ticket."""
    parameters = request.GET.copy()
    parameters[PARAMETER] = str(wanted)
    return f"{request.path}?{parameters.urlencode()}"
