"""People, for administrators: who is there, who comes, who goes, and what each may do.

Django's admin has the rest of a person. What nobody may do is decided in guards.py for both.
"""

from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import form_drafts, guards, handover, people, recent_sign_in
from accounts.access import permission_required
from accounts.models import User
from accounts.people_forms import NOBODY, AddForm, PeopleFilter, RoleForm, SuccessorForm
from accounts.requests import PersonRequest
from accounts.roles import role_among, role_label
from accounts.tasks import send_reset_links

PAGE = 50
may_view = permission_required("accounts.view_user")
may_add = permission_required("accounts.view_user", "accounts.add_user")
may_change = permission_required("accounts.view_user", "accounts.change_user")


class Row(NamedTuple):
    """One person in the list, with every word ready."""

    url: str
    name: str
    username: str
    email: str
    roles: str
    signed_in_at: datetime | None
    is_active: bool


@may_view
@require_safe
def people_list(request: PersonRequest) -> HttpResponse:
    """Everybody: search, filters, pages."""
    form = PeopleFilter(request.GET)
    found = form.select().prefetch_related("groups")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = [_row(one) for one in page]
    return render(request, "people/list.html", {"form": form, "page": page, "rows": rows})


def _row(one: User) -> Row:
    return Row(
        one.get_absolute_url(), str(one), one.username, one.email, _roles(one), one.last_login, one.is_active
    )


def _roles(one: User) -> str:
    return ", ".join(sorted(role_label(group.name) for group in one.groups.all())) or _("No role")


@sensitive_post_parameters("password1", "password2")
@form_drafts.keeps_typed
@may_add
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in.before_sending
def add(request: PersonRequest) -> HttpResponse:
    """Make an account, and have a link for its password sent where there is a mail server."""
    form = AddForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            newcomer: User = form.save()
            people.add(newcomer, form.roles, by=request.user)
        if form.sends_link:
            _have_link_sent(request, newcomer)
            text = _("%(name)s was added. An email with a link to choose a password is on its way.")
        else:
            text = _("%(name)s was added. Tell them their user name and password.")
        messages.success(request, text % {"name": newcomer})
        return redirect(newcomer)
    form_drafts.restore(request, form)
    context = {"form": form, "minutes": settings.PASSWORD_RESET_TIMEOUT // 60}
    return render(request, "people/add.html", context, status=422 if form.errors else 200)


@may_view
@require_safe
def person(request: PersonRequest, person: int) -> HttpResponse:
    """One person: who they are, what they may do, when they last signed in, and what can be done about them."""
    found = get_object_or_404(User.objects.select_related("successor"), pk=person)
    context = {
        "person": found,
        "roles": _roles(found),
        "predecessors": found.predecessors.all(),
        "reasons": _reasons(found, request.user),
        "belongings": [] if found.is_active else handover.in_words(found),
        "can_send_link": settings.HAS_MAIL_SERVER and found.email and found.has_usable_password(),
    }
    return render(request, "people/person.html", context)


def _reasons(found: User, by: User) -> dict[str, guards.Reason]:
    """Why each deed is not offered; empty for one that is."""
    return {
        "change": guards.why_not_change(found, by),
        "role": guards.why_not_roles(found, by),
        "deactivate": guards.why_not_deactivate(found, by),
    }


@form_drafts.keeps_typed
@may_change
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in.before_sending
def role(request: PersonRequest, person: int) -> HttpResponse:
    """Give somebody another role."""
    found = get_object_or_404(User, pk=person)
    held = people.roles_of(found)
    form = RoleForm(_sent(request), initial={"role": role_among(held) or NOBODY})
    if reason := guards.why_not_roles(found, request.user):
        return _refused(request, found, reason)
    if request.method == "POST" and form.is_valid():
        try:
            changed = people.change_roles(found, form.roles, by=request.user)
        except guards.Refused as refusal:
            return _refused(request, found, str(refusal))
        if changed:
            messages.success(
                request, _("The role of %(name)s is changed. They were signed out.") % {"name": found}
            )
        return redirect(found)
    form_drafts.restore(request, form)
    context = {"form": form, "person": found}
    return render(request, "people/role.html", context, status=422 if form.errors else 200)


@form_drafts.keeps_typed
@may_change
@require_http_methods(["GET", "HEAD", "POST"])
def deactivate(request: PersonRequest, person: int) -> HttpResponse:
    """Say what happens, ask who takes over, and let somebody in no more. Waits for no recent sign-in: whoever takes
    access away is in a hurry.
    """
    found = get_object_or_404(User, pk=person)
    reason = guards.why_not_deactivate(found, request.user)
    if reason or not found.is_active:
        return _refused(request, found, reason or _("This account is deactivated already."))
    belongings = handover.in_words(found)
    form = SuccessorForm(_sent(request), person=found, may_be_nobody=True) if belongings else None
    if request.method == "POST" and (form is None or form.is_valid()):
        successor = form.chosen if form else None
        try:
            people.deactivate(found, by=request.user, successor=successor)
        except guards.Refused as refusal:
            return _refused(request, found, str(refusal))
        messages.success(request, _("%(name)s is deactivated and signed out.") % {"name": found})
        return redirect(found)
    return _ask_for_successor(request, "people/deactivate.html", found, belongings, form)


@form_drafts.keeps_typed
@may_change
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: PersonRequest, person: int) -> HttpResponse:
    """Let somebody take over from a person who is deactivated already."""
    found = get_object_or_404(User, pk=person)
    belongings = handover.in_words(found)
    reason = guards.why_not_change(found, request.user)
    if reason or found.is_active or not belongings:
        return _refused(request, found, reason or _("There is nothing to hand over."))
    form = SuccessorForm(_sent(request), person=found, may_be_nobody=False)
    if request.method == "POST" and form.is_valid() and form.chosen:
        try:
            people.hand_over(found, form.chosen, by=request.user)
        except guards.Refused as refusal:
            return _refused(request, found, str(refusal))
        text = _("%(successor)s takes over from %(name)s.")
        messages.success(request, text % {"successor": form.chosen, "name": found})
        return redirect(found)
    return _ask_for_successor(request, "people/hand_over.html", found, belongings, form)


def _ask_for_successor(
    request: PersonRequest, template: str, found: User, belongings: list[str], form: SuccessorForm | None
) -> HttpResponse:
    if form:
        form_drafts.restore(request, form)
    context = {"person": found, "belongings": belongings, "form": form}
    return render(request, template, context, status=422 if form and form.errors else 200)


@form_drafts.keeps_typed
@may_change
@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in.before_sending
def reactivate(request: PersonRequest, person: int) -> HttpResponse:
    """Say with which role somebody is let in again, and do so."""
    found = get_object_or_404(User.objects.select_related("successor"), pk=person)
    reason = guards.why_not_change(found, request.user)
    if reason or found.is_active:
        return _refused(request, found, reason or _("This account is active already."))
    if request.method == "POST":
        people.reactivate(found, by=request.user)
        messages.success(request, _("%(name)s may sign in again.") % {"name": found})
        return redirect(found)
    return render(request, "people/reactivate.html", {"person": found, "roles": _roles(found)})


@may_change
@require_POST
def sign_out(request: PersonRequest, person: int) -> HttpResponse:
    """End somebody's sessions on every device."""
    found = get_object_or_404(User, pk=person)
    try:
        people.sign_out_everywhere(found, by=request.user)
    except guards.Refused as refusal:
        return _refused(request, found, str(refusal))
    messages.success(request, _("%(name)s is signed out everywhere.") % {"name": found})
    return redirect(found)


@may_change
@require_POST
def send_link(request: PersonRequest, person: int) -> HttpResponse:
    """Have a link to choose a password sent to somebody."""
    found = get_object_or_404(User, pk=person, is_active=True)
    reason = guards.why_not_change(found, request.user)
    if reason or not (settings.HAS_MAIL_SERVER and found.email and found.has_usable_password()):
        return _refused(request, found, reason or _("No link can be sent to this person."))
    _have_link_sent(request, found)
    messages.success(request, _("An email with a link to choose a password is on its way."))
    return redirect(found)


def _sent(request: PersonRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _have_link_sent(request: PersonRequest, to: User) -> None:
    key, language, by = to.pk, get_language(), request.user.pk
    # robust: without a broker nobody gets a link, and it can be sent again from the person's page.
    transaction.on_commit(lambda: send_reset_links.delay([key], language, by), robust=True)


def _refused(request: PersonRequest, found: User, reason: Promise | str) -> HttpResponse:
    """Lead back to the person's page, which says why not."""
    messages.error(request, str(reason))
    return redirect(found)
