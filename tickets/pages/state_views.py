"""The page of the ticket state names, a part of the ServiceNow configuration."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import permission_required
from accounts.requests import PersonRequest
from connector.health.error_help import out_of_calls
from connector.models import Connection
from tickets.configuration import state_names as naming
from tickets.models.state_labels import ENGLISH
from tickets.pages.state_forms import StateNamesForm

may_manage = permission_required("connector.manage_connection")


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def state_names(request: PersonRequest) -> HttpResponse:
    """Every state of both tables: the instance's name, ours, and what it means."""
    current = Connection.objects.current().first()
    if current is None:
        return redirect("connector:setup")
    language = get_language() or ENGLISH
    form = StateNamesForm(request.POST or None, states=naming.states(current.instance, language))
    if request.method == "POST" and form.is_valid():
        naming.save(current.instance, language, form.wanted(), request.user)
        messages.success(request, _("The ticket state names are saved."))
        return redirect("state_names")
    context = {
        "form": form,
        "connection": current,
        "is_read": naming.were_read(current.instance),
        "nav_section": "connector",
    }
    return render(request, "tickets/state_names.html", context, status=422 if form.errors else 200)


@require_POST
@may_manage
def read_state_names(request: PersonRequest) -> HttpResponse:
    """Ask the instance for its names."""
    told = naming.learn_now(timezone.now())
    if told:
        messages.success(request, _("The names were read from ServiceNow."))
    elif told == 0:
        said = _(
            "ServiceNow shows the integration user no names of states. Let it read the table sys_choice, or enter the"
            " names yourself."
        )
        messages.warning(request, said)
    else:
        said = _("ServiceNow could not be asked for its names just now. Nothing was changed.")
        messages.error(request, out_of_calls(timezone.now()) or said)
    return redirect("state_names")


@require_POST
@may_manage
def reset_state_names(request: PersonRequest) -> HttpResponse:
    """Forget our names and meanings."""
    current = Connection.objects.current().first()
    if current is not None:
        naming.reset(current.instance, request.user)
        messages.success(request, _("The ticket state names are those of ServiceNow again."))
    return redirect("state_names")
