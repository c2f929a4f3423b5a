"""The living page of components, for people who write templates. Only in demonstration and development."""

from datetime import date, timedelta

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.views import may_view
from scorecard.models import ScoreDay
from scorecard.pages.trend import trend

_ROWS, _ROWS_A_PAGE = 120, 50
# A day that was alone, and gaps around it.
_POINTS = (41, 42, 41, None, 45, 44, 48, 47, 52, None, 47, None, 53, 53)


# Its texts are specimens and stay English.
class SpecimenForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(max_length=160)
    description = forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), help_text="Plain text.")
    kind = forms.ChoiceField(choices=[("change_request", "Change request"), ("incident", "Incident")])
    due_on = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    grant = forms.ChoiceField(
        choices=[("authorization_code", "Authorization code"), ("client_credentials", "Client credentials")],
        widget=forms.RadioSelect,
    )
    is_extra = forms.BooleanField(help_text="A second one is wanted.")
    locked = forms.CharField(disabled=True, required=False, initial="Cannot be changed")


@may_view
@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Every part of the pages in every state; one form is as it opens, one as it comes back."""
    form = SpecimenForm(auto_id="specimen_%s")
    refused = SpecimenForm({"kind": "incident", "due_on": "yesterday"}, auto_id="refused_%s")
    page = Paginator(range(_ROWS), _ROWS_A_PAGE).get_page(request.GET.get("page", 2))
    days = [
        ScoreDay(scored_on=date(2026, 11, 1) + timedelta(days=day), current_score=points, max_score=100)
        for day, points in enumerate(_POINTS)
        if points is not None
    ]
    return render(
        request,
        "portal/components.html",
        {"form": form, "refused": refused, "page": page, "trend": trend(days)},
    )
