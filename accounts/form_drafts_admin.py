from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts import form_drafts
from accounts.lengths import RowList


class KeptAdmin(admin.ModelAdmin):
    """For rows that people edit: what they typed is kept when their session ends meanwhile."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RowList]:
        """Return the list whose search has a longest text."""
        return RowList

    @form_drafts.keeps_typed
    def add_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Django's own, marked."""
        page: HttpResponse = super().add_view(*args, **kwargs)
        return page

    @form_drafts.keeps_typed
    def change_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Django's own, marked."""
        page: HttpResponse = super().change_view(*args, **kwargs)
        return page

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Fill in what was kept, and say so."""
        if form_drafts.restore(request, context["adminform"].form):
            messages.warning(request, _said(context["adminform"].form.was_kept))
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page


def _said(why: str) -> str:
    if why == "confirmed":
        return _(
            "This was not sent: you were asked for your password first. Here is what you had typed. Check it and send "
            "it again."
        )
    return _(
        "This was not sent: your sign-in had ended or changed in the meantime. Here is what you had typed. Check it "
        "and send it again."
    )
