"""Search over everything that a person may see: improvement actions and tickets."""

from urllib.parse import urlencode

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import anyone_signed_in
from accounts.lengths import SEARCH_LENGTH, limit
from accounts.requests import PersonRequest
from scorecard.models import ImprovementAction, ImprovementActionQuerySet, ScoreDay
from scorecard.pages.action_filter import for_sorting
from scorecard.pages.neighbors import link_suffix
from scorecard.pages.sorting import ActionSorting
from tickets.models import Ticket
from tickets.models.querysets import TicketQuerySet

# So many of each are shown; the list behind the link has all.
MOST = 10


class SearchForm(forms.Form):
    """What to look for. The browser would cut a longer text unseen, so that only the answer tells the limit."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        widget=forms.SearchInput({"aria-keyshortcuts": "/", "data-shortcut": "/"}),
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        limit(self.fields["q"], SEARCH_LENGTH)


@anyone_signed_in
@require_safe
def search(request: PersonRequest) -> HttpResponse:
    """Actions and tickets that have every word. The exact number of a ticket, or ID of a control, leads to its page."""
    sees_actions = request.user.has_perm("scorecard.view_improvementaction")
    sees_tickets = request.user.has_perm("tickets.view_ticket")
    if not (sees_actions or sees_tickets):
        raise PermissionDenied
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    actions = ImprovementAction.objects.all() if sees_actions else ImprovementAction.objects.none()
    tickets = Ticket.objects.all() if sees_tickets else Ticket.objects.none()
    if page := _named(text, actions, tickets):
        return redirect(page)
    context: dict[str, object] = {"form": form, "text": text, "most": MOST}
    if text:
        # One more than is shown tells that there are more. The lists have the same ones in the same order.
        context["actions"] = _in_order(actions.search(text))[: MOST + 1]
        context["tickets"] = tickets.search(text).listed()[: MOST + 1]
        context["in_list"] = link_suffix(urlencode({"q": text}))
    else:
        form.fields["q"].widget.attrs["autofocus"] = True
    return render(request, "portal/search.html", context, status=422 if form.errors else 200)


def _named(
    text: str, actions: ImprovementActionQuerySet, tickets: TicketQuerySet
) -> ImprovementAction | Ticket | None:
    """The one thing whose number or ID the text is; None where there is none, or more than one."""
    if not text or len(text.split()) > 1:
        return None
    # Numbers as ServiceNow gives them: the index needs the very letters.
    found = [*tickets.filter(number__in={text, text.upper()})[:2]] or [
        *actions.filter(control_id__iexact=text)[:2]
    ]
    return found[0] if len(found) == 1 else None


def _in_order(actions: ImprovementActionQuerySet) -> ImprovementActionQuerySet:
    """As in their list, which leaves out what Microsoft does not score."""
    sorting = ActionSorting("")
    found = sorting.apply(for_sorting(actions, sorting, ScoreDay.newest_maximum()))
    return found.order_by("-is_scored", *found.query.order_by).select_related("plan")
