"""The page of the connection to Microsoft Graph: what is set, how reading goes, a test, and how to set it up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.access import permission_required
from scorecard.importing import clouds, credentials
from scorecard.importing.clouds import Cloud
from scorecard.importing.credentials import StoredCredential
from scorecard.importing.probe import Step, probe
from scorecard.models.import_failure import Failure
from scorecard.pages.import_status import PERMISSION, ImportStatus, advice_on, import_status
from scorecard.pages.score_days import newest_day

# Of a session: how the last test went, until it is shown.
TESTED = "secure_score_test"
Words = str | Promise
may_view = permission_required("scorecard.view_improvementaction")
may_read = permission_required(PERMISSION)

# What each variable of `.env` is at Microsoft.
_VARIABLES: dict[str, Words] = {
    "GRAPH_TENANT_ID": gettext_lazy("The Directory (tenant) ID on the overview of the app registration."),
    "GRAPH_CLIENT_ID": gettext_lazy("The Application (client) ID beside it."),
    "GRAPH_CLIENT_SECRET": gettext_lazy("The Value of the client secret, not its Secret ID."),
    "GRAPH_CLIENT_SECRET_EXPIRES_ON": gettext_lazy(
        "The day on which the client secret expires, such as 2027-11-30. The portal warns 30, 14 and 3 days before."
    ),
}
_NAMES: dict[str, Words] = {
    "GRAPH_CLIENT_CERTIFICATE": gettext_lazy("Certificate"),
    "GRAPH_CLIENT_CERTIFICATE_NEXT": gettext_lazy("Next certificate"),
    "GRAPH_CLIENT_SECRET": gettext_lazy("Client secret"),
    "GRAPH_CLIENT_SECRET_NEXT": gettext_lazy("Next client secret"),
}


@dataclass(frozen=True, slots=True)
class Badge:
    """A word and its tone."""

    label: Words
    tone: str


@dataclass(frozen=True, slots=True)
class TestedStep:
    """One step of a test in the reader's language."""

    title: str
    badge: Badge
    found: str
    advice: str
    detail: str


_PASSED = Badge(pgettext_lazy("connection check", "Passed"), "success")
_ATTENTION = Badge(pgettext_lazy("connection check", "Needs attention"), "danger")


@may_view
@require_safe
def connection(request: HttpRequest) -> HttpResponse:
    """How the connection is doing."""
    now = timezone.now()
    day = newest_day()
    status = import_status(request.user, day, now)
    context = {
        "nav_section": "secure_score_connection",
        "status": status,
        "condition": _condition(status),
        "newest": day,
        "tenant_id": settings.GRAPH_TENANT_ID,
        "client_id": settings.GRAPH_CLIENT_ID,
        "credentials": [(_NAMES[each.name], _said_of(each, status)) for each in credentials.stored()],
        "cloud": clouds.cloud(),
        "hosts": (settings.GRAPH_URL, settings.ENTRA_URL),
        "is_mixed": clouds.is_mixed(),
        "is_china": clouds.cloud() == Cloud.CHINA,
        "tested": [_told(each) for each in request.session.pop(TESTED, [])] if status.may_read else [],
        "variables": [(name, words, bool(getattr(settings, name))) for name, words in _VARIABLES.items()],
    }
    return render(request, "scorecard/connection.html", context)


@may_read
@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """Ask Microsoft for a token and one row, and say how each step went."""
    request.session[TESTED] = [result.as_json() for result in probe(timezone.now())]
    return redirect(f"{reverse('scorecard:connection')}#test")


def _condition(status: ImportStatus) -> Badge:
    if not status.is_set_up:
        return Badge(pgettext("secure score connection", "Not set up"), "neutral")
    if status.failure:
        return Badge(_ATTENTION.label, "danger")
    if status.is_busy:
        return Badge(pgettext("secure score connection", "In progress"), "info")
    if status.state.succeeded_at is None:
        return Badge(pgettext("secure score connection", "Not read yet"), "neutral")
    if status.days_old or status.days_unread:
        return Badge(_ATTENTION.label, "warning")
    return Badge(pgettext("secure score connection", "Working"), "success")


def _said_of(stored: StoredCredential, status: ImportStatus) -> str:
    if stored.ends_on is None and not status.may_read:
        return _("Set. When it expires is not known.")
    if stored.ends_on is None:
        return _("Set. When it expires is not known: set %(name)s_EXPIRES_ON.") % {"name": stored.name}
    return _("Set. Expires on %(day)s.") % {"day": date_format(stored.ends_on, "DATE_FORMAT")}


def _told(result: Mapping[str, str]) -> TestedStep:
    title = str(Step(result["step"]).label)
    if result["subject"]:
        title = f"{title} ({result['subject']})"
    if result["failure"]:
        failure = Failure(result["failure"])
        return TestedStep(title, _ATTENTION, str(failure.label), advice_on(failure), result["detail"])
    found = ""
    if result["seen"]:
        day = date_format(date.fromisoformat(result["seen"]), "DATE_FORMAT")
        found = _("The newest score is of %(day)s.") % {"day": day}
    return TestedStep(title, _PASSED, found, "", "")
