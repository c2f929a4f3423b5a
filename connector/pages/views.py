"""The pages of the ServiceNow connection: its state, setting it up, taking it apart."""

from collections.abc import Sequence
from typing import cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts import form_drafts
from accounts.access import permission_required
from accounts.models import User
from accounts.redirects import comes_back_to
from connector.access import client_factory
from connector.access.calling import calling
from connector.access.client_factory import Paused
from connector.clock import Clock
from connector.health import check_texts, error_help, troubleshooting
from connector.health import checks as connection_checks
from connector.health.condition import condition_of
from connector.health.connection_alert import sign_in_alert
from connector.health.error_help import explain, not_now, out_of_calls
from connector.health.problems import Problem, problems_of
from connector.models import Connection, Instance
from connector.pages.forms import InstanceForm, RemovalForm, SetupForm
from connector.servicenow.errors import ServiceNowError
from connector.setup import checklist, oauth_setup
from connector.setup.oauth_setup import AttemptRefused, Leftover

# ServiceNow's own words about a failure, for the page that explains it.
SAID = "servicenow_said"
may_view = permission_required("connector.view_connection")
may_manage = permission_required("connector.manage_connection")


@require_safe
@may_view
def connection(request: HttpRequest) -> HttpResponse:
    """How the connection is doing."""
    current = Connection.objects.current().select_related("instance", "authorized_by").first()
    now = timezone.now()
    found = problems_of(current, now) if current else []
    context = {
        "connection": current,
        "condition": condition_of(current, found) if current else None,
        "tries_again": error_help.tries_again(current, now) if current else "",
        "sign_in_alert": sign_in_alert(current, now, found) if current else None,
        "is_broken": Problem.BREAKER in found,
        "limited": out_of_calls(now) if Problem.RATE_LIMITED in found else "",
        "error": explain(current.instance.last_error) if current else None,
        "calls_made": current.instance.calls_made(now) if current else None,
        "calls_per_hour": settings.API_CALLS_PER_HOUR,
        "checks": _checks_of(current),
        "troubleshooting": troubleshooting.in_use(current, found) if current else None,
    }
    return render(request, "connector/connection.html", context)


@require_POST
@may_manage
def test(request: HttpRequest) -> HttpResponse:
    """Make one harmless call and say how it went."""
    current = Connection.objects.current().first()
    now = timezone.now()
    if current is not None:
        client_factory.insist(current, now)
    try:
        with calling(current, clock=Clock(now)) as client:
            user = client.whoami()
    except Paused as pause:
        _say(request, pause.reason)
    except ServiceNowError as error:
        _say(request, error.code)
    else:
        name = user.get("name") or user.get("user_name") if user else ""
        said = _("ServiceNow answers. The portal is signed in as %(name)s.") % {"name": name}
        messages.success(request, said if name else _("ServiceNow answers."))
    return redirect("connector:connection")


@require_POST
@may_manage
def check(request: HttpRequest) -> HttpResponse:
    """Make the checks of the connection in use again; with a record per table if that is asked for."""
    current = Connection.objects.current().first()
    if current is None:
        return _back_to_setup("not_connected")
    if _check(request, current, make_records=request.POST.get("make_records") == "yes"):
        messages.success(request, _("The checks are done."))
    return redirect(f"{reverse('connector:connection')}#checks")


@form_drafts.keeps_typed
@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
@never_cache
def setup(request: HttpRequest) -> HttpResponse:
    """The instance first, then what to register there and the form for what ServiceNow gives; saving makes a draft,
    which is then authorized.
    """
    draft, current = Connection.objects.drafts().first(), Connection.objects.current().first()
    is_saving = "client_id" in request.POST
    asked = request.GET.get("instance", "")
    form = SetupForm(request.POST if is_saving else None, known=draft or current, host=asked)
    form_drafts.restore(request, form)
    typed = request.POST.get("instance", form.initial["instance"])
    chooser = InstanceForm({"instance": typed} if typed or request.method == "POST" else None)
    host = chooser.cleaned_data["instance"] if chooser.is_valid() else ""
    if is_saving and form.is_valid():
        oauth_setup.save_draft(**form.cleaned_data, now=timezone.now())
        messages.success(request, _("Saved. Authorize the connection now."))
        return redirect(f"{reverse('connector:setup')}#authorize")
    if request.method == "POST" and host and not is_saving:
        return redirect(f"{reverse('connector:setup')}?{urlencode({'instance': host})}#step-entity")
    checks = _checks_of(current)
    code = request.GET.get("problem", "")
    is_away = not code and oauth_setup.is_away(request.session, draft)
    context = {
        "form": form,
        "chooser": chooser,
        "host": host,
        "draft": draft,
        "current": current,
        "checks": checks,
        "steps": checklist.steps(draft, current, checks, code),
        "troubleshooting": troubleshooting.setting_up(draft, current, "not_back" if is_away else code),
        "problem": explain("not_back" if is_away else code),
        "is_away": is_away,
        "said": request.session.pop(SAID, "") if code else "",
        "redirect_uri": oauth_setup.redirect_uri(host) if host else "",
        "demo_host": next(iter(settings.SERVICENOW_ALLOWED_HOSTS), "") if settings.DEMO else "",
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "connector/setup.html", context, status=status)


@require_POST
@may_manage
@never_cache
def authorize(request: HttpRequest) -> HttpResponse:
    """Begin: off to ServiceNow's own page, or straight to a token where no browser is needed.

    With `fix` it is the connection in use that is authorized again, whatever else is being set up.
    """
    now = timezone.now()
    draft = None if "fix" in request.POST else Connection.objects.drafts().first()
    try:
        if draft is None:
            current = Connection.objects.current().first()
            if current is None:
                return _back_to_setup("not_connected")
            draft = oauth_setup.draft_of(current, now)
        if not oauth_setup.has_client_secret(draft):
            return _back_to_setup("no_client_secret")
        if oauth_setup.needs_browser(draft):
            # A page and not a redirect: browsers hold the whole chain of redirects after a form to
            # `form-action`, and with single sign-on that chain leads on to hosts nobody can list beforehand.
            return render(
                request, "connector/leaving.html", {"address": oauth_setup.begin(request.session, draft, now)}
            )
        oauth_setup.sign_in(draft, now)
    except Paused as pause:
        return _back_to_setup(pause.reason)
    except ServiceNowError as error:
        return _failed(request, draft, error)
    return redirect("connector:confirm")


@require_POST
@may_manage
def discard(request: HttpRequest) -> HttpResponse:
    """Give up what is being set up; the connection in use stays as it is."""
    if oauth_setup.discard(_person(request), timezone.now()):
        messages.success(request, _("Discarded. The connection in use stays as it is."))
    return redirect("connector:setup")


@comes_back_to(lambda: _setup_with("no_attempt"))
@require_GET
@may_manage
@never_cache
def callback(request: HttpRequest, host: str) -> HttpResponse:
    """Where ServiceNow sends the browser back to, with a code that no other address may hold."""
    try:
        oauth_setup.finish(request.session, host, request.GET.dict(), timezone.now())
    except AttemptRefused as refusal:
        return _back_to_setup(refusal.code)
    except Paused as pause:
        return _back_to_setup(pause.reason)
    except ServiceNowError as error:
        return _failed(request, Connection.objects.drafts().first(), error)
    return redirect("connector:confirm")


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
@never_cache
def confirm(request: HttpRequest) -> HttpResponse:
    """Connect as this user? Only a yes puts the new connection into use."""
    person = _person(request)
    draft = Connection.objects.drafts().filter(authorized_at__isnull=False).first()
    if draft is None:
        return redirect("connector:setup")
    if request.method == "POST":
        # What was seen: another draft, or another user of this one, asks again.
        if request.POST.get("seen") != _version(draft):
            messages.warning(
                request, _("Somebody has authorized another connection in the meantime. Look again.")
            )
            return redirect("connector:confirm")
        leftovers = oauth_setup.enable(draft, person, timezone.now())
        if leftovers is None:
            return redirect("connector:setup")
        messages.success(request, _("Connected to %(name)s.") % {"name": draft.instance.name})
        _hand_back(request, leftovers)
        _check(request, Connection.objects.current().get())
        return redirect("connector:connection")
    context = {"draft": draft, "seen": _version(draft), "is_personal": oauth_setup.is_personal(draft, person)}
    return render(request, "connector/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def configuration(request: HttpRequest) -> HttpResponse:
    """Set up anew, or remove the connection."""
    current = Connection.objects.current().first()
    if current is None:
        return redirect("connector:setup")
    form = RemovalForm(request.POST or None, connection=current)
    if request.method == "POST" and form.is_valid():
        leftovers = oauth_setup.remove(current, _person(request), timezone.now())
        _hand_back(request, leftovers)
        messages.success(request, _("The connection is removed. Tickets that were sent stay listed here."))
        return redirect("connector:connection")
    context = {"form": form, "connection": current}
    return render(request, "connector/configuration.html", context, status=422 if form.errors else 200)


def _hand_back(request: HttpRequest, leftovers: Sequence[Leftover]) -> None:
    for host in oauth_setup.hand_back(leftovers, timezone.now()):
        said = _(
            "The tokens could not be handed back to %(host)s. Revoke them there under System OAuth > Manage Tokens."
        )
        messages.warning(request, said % {"host": host})


def _version(draft: Connection) -> str:
    return f"{draft.pk} {draft.authorized_at}"


def _checks_of(current: Connection | None) -> list[check_texts.CheckLine]:
    return check_texts.lines(current.check_results.all(), current.instance.last_error) if current else []


def _check(request: HttpRequest, current: Connection, *, make_records: bool = False) -> bool:
    client_factory.insist(current, timezone.now())
    try:
        connection_checks.run(current, now=timezone.now(), make_records=make_records)
    except Paused as pause:
        _say(request, pause.reason)
        return False
    except ServiceNowError as error:
        _say(request, error.code)
        return False
    return True


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)


def _back_to_setup(code: str) -> HttpResponse:
    return redirect(_setup_with(code))


def _setup_with(code: str) -> str:
    return f"{reverse('connector:setup')}?{urlencode({'problem': code})}"


def _failed(request: HttpRequest, draft: Connection | None, error: ServiceNowError) -> HttpResponse:
    request.session[SAID] = error.said
    if draft is not None:
        Instance.objects.filter(pk=draft.instance_id).record_failure(timezone.now(), error)
    return _back_to_setup(error.code)


def _say(request: HttpRequest, code: str) -> None:
    messages.error(request, not_now(code, timezone.now()))
