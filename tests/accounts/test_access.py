"""Who gets where: every address x every kind of person x every method, against one table.

The addresses come from the URL configuration itself: one without a row here fails.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.conf import urls
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.checks import run_checks
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.test import Client
from django.urls import path, resolve, reverse

from accounts.access import Address, every_address
from accounts.models import User
from portal.checks import PUBLIC
from portal.urls import urlpatterns as portal_urls
from tests.accounts.access_table import ADMINISTRATION, EVERYBODY, METHODS, OURS, SHADOWED, Row, row_of
from tests.factories import ActionFactory, TicketCommentFactory, TicketFactory, UserFactory, person

LOGIN, ADMIN_LOGIN = "/accounts/login/", "/admin/login/"
# What browsers send, on every run; the rest, which takes three times as long, where there is time.
USUAL = ("GET", "POST")
RARE = pytest.param(
    tuple(one for one in METHODS if one not in USUAL), marks=pytest.mark.slow, id="other methods"
)


def rows() -> Iterator[tuple[Address, Row]]:
    for address in every_address():
        if address.name in SHADOWED:
            continue
        row = row_of(address)
        assert row is not None, f"no row says who may open {address.name or 'unnamed'} at /{address.route}"
        yield address, row


@pytest.fixture
def things(db: None) -> dict[str, str]:
    """What the addresses name."""
    action, ticket = ActionFactory.create(), TicketFactory.create()
    comment = TicketCommentFactory.create(ticket=ticket)
    return {
        "control_id": action.control_id,
        "pk": str(ticket.pk),
        "person": str(UserFactory.create().pk),
        "kind": "incident",
        "comment": str(comment.pk),
        "batch": str(ticket.pk),
        "mapping": "1",
        "run": "1",
        "discrepancy": "stale",
        "host": "acme.service-now.com",
        "object_id": "1",
        "id": "1",
        "content_type_id": "1",
        "app_label": "accounts",
        "url": "nothing/",
        "uidb64": "MQ",
        "token": "set-password",
    }


def fill(address: Address, things: dict[str, str]) -> str:
    """An address's path, with things that exist in the places of its parameters."""
    # Django's admin still has patterns that are regular expressions.
    plain = re.sub(r"\^?\(\?P<(\w+)>[^)]*\)(/?)\$", r"<\1>\2", address.route)
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: things[found[1]], plain)


def browser_of(who: str) -> Client:
    """A browser in which a person of one kind is signed in, so far as that goes."""
    client = Client(raise_request_exception=False)
    if who == "anonymous":
        return client
    if who in ("no role", "disabled"):
        user: User = UserFactory.create()
        user.set_password("correct horse")
    elif who == "administrator":
        # By the role alone: a superuser's rights would hide a permission that is missing.
        user = UserFactory.create()
        user.groups.add(Group.objects.get(name="Administrator"))
    else:
        user = person({"reader": "Security Reader", "security administrator": "Security Administrator"}[who])
    user.set_password("correct horse")
    user.save()
    client.force_login(user)
    if who == "disabled":
        User.objects.filter(pk=user.pk).update(is_active=False)
    return client


def outcome(response: Any) -> str:
    """What happened, in one word."""
    to = response.headers.get("Location", "").partition("?")[0]
    if response.status_code == 302 and to in (LOGIN, ADMIN_LOGIN):
        return "sign in"
    if response.status_code >= 500:
        return f"failed with {response.status_code}"
    return {403: "refused", 405: "no such method"}.get(response.status_code, "reached")


def expected(address: Address, row: Row, who: str, method: str) -> set[str]:
    """What may happen."""
    if who in row.people:
        # Signing out leads to the sign-in page, and so does the administration's own door, which sends on from there.
        leads_there = {"accounts:logout", "accounts:sign_out_everywhere", "administration_sign_out"}
        reached = "sign in" if address.name in {*leads_there, "administration_sign_in"} else "reached"
        otherwise = {"refused", "no such method"} if address.is_administration else {"no such method"}
        return {reached} if method in row.methods else otherwise
    if who in ("anonymous", "disabled"):
        return {"sign in"}
    return {"refused"} if method in row.methods else {"refused", "no such method"}


@pytest.fixture
def plain_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal without its page: to render a thousand of the same takes three times as long as all the rest."""
    monkeypatch.setattr(urls, "handler403", lambda request, exception: HttpResponseForbidden())


def wrong_answers(
    who: str, things: dict[str, str], methods: Iterable[str] = METHODS, only: str = ""
) -> list[str]:
    """Try everything, or one address, as one kind of person; whatever came out otherwise than the table says."""
    client = browser_of(who)
    found, cookies = [], client.cookies.output(header="", sep=";")
    logging.disable()  # Thousands of refusals, all of them meant.
    for address, row in rows():
        if only not in ("", address.name):
            continue
        for method in methods:
            client.cookies = SimpleCookie(cookies)  # Signing out would take them away.
            with transaction.atomic():
                response = client.generic(method, fill(address, things))
                transaction.set_rollback(True)
            if outcome(response) not in expected(address, row, who, method):
                found.append(f"{who}: {method} /{address.route} -> {outcome(response)}")
    logging.disable(logging.NOTSET)
    return found


@pytest.mark.django_db
@pytest.mark.usefixtures("plain_refusals")
@pytest.mark.parametrize("methods", [pytest.param(USUAL, id="GET and POST"), RARE])
@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_everybody_gets_exactly_where_the_table_says(
    who: str, methods: Iterable[str], things: dict[str, str]
) -> None:
    assert wrong_answers(who, things, methods) == []


def test_no_row_is_left_over() -> None:
    names = {address.name for address in every_address()}
    assert set(OURS) <= names
    models = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    assert set(ADMINISTRATION) == models
    assert {name for name, row in OURS.items() if row.people == EVERYBODY} == PUBLIC


def test_the_administrations_own_doors_are_shut() -> None:
    for name in SHADOWED:
        assert not resolve(reverse(name)).namespaces, name


def open_door(request: HttpRequest) -> HttpResponse:
    return HttpResponse("secrets")


undeclared = path("undeclared/", open_door, name="undeclared")
urlpatterns = [undeclared, *portal_urls]


@pytest.mark.urls(__name__)
def test_a_view_that_declares_nothing_is_refused_at_the_start() -> None:
    said = [problem for problem in run_checks() if problem.id == "portal.E005"]
    assert [problem.msg for problem in said] == ["undeclared at /undeclared/ does not say who may see it."]


@pytest.mark.urls(__name__)
def test_an_address_without_a_row_fails() -> None:
    with pytest.raises(AssertionError, match="no row says who may open undeclared"):
        list(rows())


@pytest.mark.django_db
@pytest.mark.urls("tests.accounts.leaky_urls")
def test_a_door_that_is_too_open_is_found(things: dict[str, str]) -> None:
    assert "no role: GET /tickets/new/ -> reached" in wrong_answers("no role", things, only="tickets:new")


def test_every_view_of_the_portal_passes_the_check() -> None:
    assert [problem for problem in run_checks() if str(problem.id).startswith("portal.E00")] == []
