"""What becomes of a comment whose way into ServiceNow ended without a certain answer, or with a no."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import permission_required
from accounts.requests import PersonRequest
from tickets.delivery import comments as commenting
from tickets.models import TicketComment, archived_instance

may_change = permission_required("tickets.change_ticket")


@may_change
@require_POST
def send_again(request: PersonRequest, pk: str, comment: str) -> HttpResponse:
    """Send it once more: the person has looked for it in ServiceNow."""
    found = _comment(pk, comment)
    if refused := archived_instance.refusal(found.ticket):
        messages.error(request, refused)
    elif commenting.send_again(found, by=request.user, now=timezone.now()):
        messages.success(request, _("Your note will be in ServiceNow in a moment."))
    else:
        _tell_decided(request)
    return redirect(found.ticket)


@may_change
@require_POST
def give_up(request: PersonRequest, pk: str, comment: str) -> HttpResponse:
    """Send it no more."""
    found = _comment(pk, comment)
    if commenting.give_up(found, by=request.user):
        messages.success(request, _("The note was given up. It is not sent again."))
    else:
        _tell_decided(request)
    return redirect(found.ticket)


def _comment(ticket: str, comment: str) -> TicketComment:
    comments = TicketComment.objects.select_related("ticket__instance")
    found: TicketComment = get_object_or_404(comments, pk=comment, ticket=ticket)
    return found


def _tell_decided(request: PersonRequest) -> None:
    messages.info(request, _("This note no longer needs a decision."))
