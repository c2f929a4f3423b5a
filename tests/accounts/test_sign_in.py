"""Signing in and out, and what somebody who is not signed in gets to see."""

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
PASSWORD = "correct horse"
PUBLIC = {
    "livez", "readyz", "accounts:login", "accounts:language",
    "accounts:reset", "accounts:reset_sent", "accounts:reset_confirm",
}  # fmt: skip
ARGUMENTS: dict[str, dict[str, str]] = {
    "pk": {"pk": "00000000-0000-0000-0000-000000000000"},
    "control_id": {"control_id": "AdminMFAV2"},
    "batch": {"batch": "00000000-0000-0000-0000-000000000000"},
    "kind": {"kind": "incident"},
    "mapping": {"mapping": "1"},
    "uidb64": {"uidb64": "MQ"},
    "token": {"token": "set-password"},
    "comment": {"comment": "00000000-0000-0000-0000-000000000000"},
    "run": {"run": "1"},
    "discrepancy": {"discrepancy": "stale"},
    "person": {"person": "1"},
    "host": {"host": "acme.service-now.com"},
}
# Its own address holds a code of ServiceNow, which is kept nowhere.
ELSEWHERE = {"connector:callback": "/servicenow/setup/%3Fproblem%3Dno_attempt"}


@pytest.fixture
def person() -> User:
    """Somebody without a role who signs in with a password."""
    user = UserFactory.create(username="sem")
    user.set_password(PASSWORD)
    user.save()
    return user


def named_pages() -> dict[str, str]:
    """Every page of ours that has a name, and its address; the administration's are Django's."""
    return {name: address for name, address in _named(get_resolver().url_patterns, "") if name}


def _named(patterns: "list[URLPattern | URLResolver]", namespace: str) -> list[tuple[str, str]]:
    found = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                found += _named(pattern.url_patterns, f"{pattern.namespace}:")
        elif pattern.name:
            name = f"{namespace}{pattern.name}"
            converters = pattern.pattern.converters
            arguments = {name: value for key in converters for name, value in ARGUMENTS[key].items()}
            found.append((name, reverse(name, kwargs=arguments)))
    return found


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_right_password_opens_the_home_page(client: Client, person: User) -> None:
    page = client.post(LOGIN, {"username": "sem", "password": PASSWORD})
    assert (page.status_code, page["Location"]) == (302, "/")
    assert signed_in(client)


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    client: Client, person: User, settings: LazySettings
) -> None:
    client.post(LOGIN, {"username": "sem", "password": PASSWORD})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize(("username", "given"), [("sem", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_sign_in_says_so_without_saying_what_was_wrong(
    client: Client, person: User, username: str, given: str
) -> None:
    page = client.post(LOGIN, {"username": username, "password": given})
    assert page.status_code == 200
    assert not signed_in(client)
    assert page.context["form"].errors
    assert PASSWORD not in page.content.decode()


def test_somebody_who_left_cannot_sign_in(client: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    client.post(LOGIN, {"username": "sem", "password": PASSWORD})
    assert not signed_in(client)


def test_signing_in_leads_back_to_the_page_that_was_asked_for(client: Client, person: User) -> None:
    asked = client.get("/tickets/?kind=incident")
    assert asked["Location"] == f"{LOGIN}?next=/tickets/%3Fkind%3Dincident"
    page = client.post(
        asked["Location"], {"username": "sem", "password": PASSWORD, "next": "/tickets/?kind=incident"}
    )
    assert page["Location"] == "/tickets/?kind=incident"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"]
)
def test_signing_in_never_leads_to_another_site(client: Client, person: User, target: str) -> None:
    page = client.post(LOGIN, {"username": "sem", "password": PASSWORD, "next": target})
    assert page["Location"] == "/"


def test_signing_out_ends_the_session_and_takes_a_post(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get("/accounts/logout/").status_code == 405
    assert signed_in(client)
    page = client.post("/accounts/logout/")
    assert (page.status_code, page["Location"]) == (302, LOGIN)
    assert not signed_in(client)
    assert client.get("/")["Location"] == f"{LOGIN}?next=/"


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(client: Client) -> None:
    referer = {"Referer": "http://testserver/tickets/?kind=incident"}
    for address in ("/accounts/logout/", f"/tickets/{ARGUMENTS['pk']['pk']}/retry/"):
        assert (
            client.post(address, headers=referer)["Location"] == f"{LOGIN}?next=/tickets/%3Fkind%3Dincident"
        )
        elsewhere = client.post(address, headers={"Referer": "http://testserver.evil.example/"})
        assert elsewhere["Location"] == f"{LOGIN}?next=/"


def test_whoever_is_signed_in_already_is_sent_on(client: Client, reader: User) -> None:
    client.force_login(reader)
    assert client.get(f"{LOGIN}?next=/tickets/")["Location"] == "/tickets/"
    assert client.get(LOGIN)["Location"] == "/"


def test_forms_of_other_sites_sign_nobody_in_or_out(person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(LOGIN, {"username": "sem", "password": PASSWORD}).status_code == 403
    client.force_login(person)
    assert client.post("/accounts/logout/").status_code == 403
    assert signed_in(client)


@pytest.mark.parametrize(("name", "address"), named_pages().items())
def test_whoever_is_not_signed_in_is_sent_to_sign_in(client: Client, name: str, address: str) -> None:
    looked, sent = client.get(address), client.post(address)
    if name in PUBLIC:
        assert not any("next=" in answer.headers.get("Location", "") for answer in (looked, sent))
        return
    assert (looked.status_code, looked["Location"]) == (302, f"{LOGIN}?next={ELSEWHERE.get(name, address)}")
    assert (sent.status_code, sent["Location"]) == (302, f"{LOGIN}?next={ELSEWHERE.get(name, '/')}")


@pytest.mark.parametrize("address", ["/admin/", "/admin/accounts/user/", "/admin/login/", "/admin/nothing/"])
def test_the_administration_has_no_sign_in_of_its_own(client: Client, address: str) -> None:
    page = client.get(address, follow=True)
    assert page.redirect_chain[-1][0].startswith(LOGIN)


@pytest.mark.parametrize("role", ["reader", "secadmin"])
@pytest.mark.parametrize(
    "address", ["/admin/", "/admin/accounts/user/", "/admin/nothing/", "/admin/login/?next=/admin/"]
)
def test_whoever_may_not_administer_is_refused_and_told_what_to_do(
    client: Client, role: str, address: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(role))
    page = client.get(address, follow=True)
    assert page.status_code == 403
    text = page.content.decode()
    assert "The administration is for administrators" in text
    assert "ask an administrator for the role Administrator" in text
    assert "role Security Administrator" not in text


def test_signing_in_on_the_way_to_the_administration_ends_at_the_same_page(
    client: Client, person: User
) -> None:
    form = {"username": "sem", "password": PASSWORD, "next": "/admin/"}
    assert client.post(LOGIN, form, follow=True).status_code == 403


@pytest.mark.parametrize("address", ["/tickets/new/", "/tickets/new/?kind=incident"])
def test_a_fragment_without_a_session_sends_the_whole_page_to_sign_in(client: Client, address: str) -> None:
    answer = client.get(
        address, headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/tickets/?kind=incident"}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    # Back to the page the person was on; the fragment alone is none.
    assert answer["HX-Redirect"] == f"{LOGIN}?next=/tickets/%3Fkind%3Dincident"


@pytest.mark.parametrize("current", ["https://evil.example/x", "nonsense", ""])
def test_a_fragment_never_leads_to_another_site(client: Client, current: str) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": current}
    assert client.get("/tickets/new/", headers=headers)["HX-Redirect"] == f"{LOGIN}?next=/"
    # A page that refreshes itself stays and shows a link.
    assert f'href="{LOGIN}?next=/"' in client.get("/cards/", headers=headers).content.decode()


def test_readers_may_look_at_tickets_and_post_nothing(client: Client, reader: User) -> None:
    client.force_login(reader)
    nothing = ARGUMENTS["pk"]["pk"]
    assert client.get("/tickets/").status_code == 200
    for address in (
        "/tickets/new/",
        "/tickets/share/AdminMFAV2/",
        f"/tickets/{nothing}/retry/",
        f"/tickets/{nothing}/discard/",
    ):
        assert client.post(address).status_code == 403, address


def test_somebody_without_a_role_sees_no_page_of_ours(client: Client, person: User) -> None:
    client.force_login(person)
    for address in ("/", "/cards/", "/secure-score/", "/tickets/", "/servicenow/"):
        assert client.get(address).status_code == 403, address
