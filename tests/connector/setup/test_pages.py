"""Setting the connection up and taking it apart, through the pages, against the sandbox."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from connector.access import client_factory
from connector.access.client_factory import open_client
from connector.health.error_help import EXPLANATIONS
from connector.models import Connection, ConnectionSecrets, ConnectionStatus
from connector.models.secret_fields import Bound
from connector.setup import oauth_setup
from tests.connector.errands import come_back, confirm, entered, explained, leave, text
from tests.sandbox_process import CLIENT, SandboxProcess

pytestmark = pytest.mark.django_db
PAGES = ["/servicenow/", "/servicenow/setup/", "/servicenow/configuration/"]


@pytest.mark.parametrize("grant", ["authorization_code", "client_credentials"])
def test_from_the_form_to_connected(
    browser: Client, sandbox: SandboxProcess, secadmin: User, grant: str
) -> None:
    saved = browser.post("/servicenow/setup/", entered(sandbox, grant=grant), follow=True)
    assert "Authorize" in text(saved)
    assert not Connection.objects.current().exists()
    if grant == "authorization_code":
        page = come_back(browser, sandbox.consent(leave(browser)))
    else:
        page = browser.post("/servicenow/authorize/", follow=True)
    assert "m365.integration" in text(page)
    assert not Connection.objects.current().exists()
    page = confirm(browser)
    assert page.redirect_chain[-1][0] == "/servicenow/"
    current = Connection.objects.working().get()
    assert (current.authorized_by, current.integration_user_name) == (secadmin, "m365.integration")
    assert (current.refresh_expires_at is not None) == (grant == "authorization_code")
    assert AuditEntry.objects.get().verb == "servicenow.connected"
    assert open_client(current, now=timezone.now()).whoami()
    assert "Connected" in text(browser.get("/servicenow/"))
    assert "ServiceNow answers" in text(browser.post("/servicenow/test/", follow=True))


@pytest.mark.parametrize("page", ["/servicenow/", "/servicenow/setup/"])
def test_what_is_connected_can_be_checked_although_it_never_was(
    browser: Client, connection: Connection, page: str
) -> None:
    assert "Not checked yet" in text(browser.get(page))
    assert "Run the checks" in text(browser.get(page))
    Connection.objects.update(status=ConnectionStatus.NEEDS_REAUTHORIZATION)
    assert "Run the checks" not in text(browser.get(page))


def test_a_code_that_a_reader_brings_along_is_in_no_page(client: Client, reader: User) -> None:
    client.force_login(reader)
    page = client.get("/servicenow/callback/acme.service-now.com/?code=a-code-of-servicenow&state=x")
    assert page.status_code == 403
    assert "a-code-of-servicenow" not in text(page)


def test_only_what_was_shown_is_connected(browser: Client, sandbox: SandboxProcess) -> None:
    browser.post("/servicenow/setup/", entered(sandbox, grant="client_credentials"))
    browser.post("/servicenow/authorize/")
    shown = re.search(r'name="seen" value="([^"]+)"', text(browser.get("/servicenow/confirm/")))
    assert shown
    # Somebody else authorizes as another user before the first person presses Connect.
    Connection.objects.drafts().update(authorized_at=timezone.now(), integration_user_name="mallory")
    page = browser.post("/servicenow/confirm/", {"seen": shown[1]}, follow=True)
    assert page.redirect_chain[-1][0] == "/servicenow/confirm/"
    assert "mallory" in text(page)
    assert not Connection.objects.current().exists()


def test_an_old_instance_is_connected_as_well(browser: Client, settings: LazySettings) -> None:
    with SandboxProcess(profile="legacy") as old:
        settings.SERVICENOW_ALLOWED_HOSTS = [old.host]
        browser.post("/servicenow/setup/", entered(old))
        come_back(browser, old.consent(leave(browser)))
        confirm(browser)
        current = Connection.objects.working().get()
        record = open_client(current, now=timezone.now()).create("change_request", {"short_description": "x"})
        assert record.number.startswith("CHG")


def test_no_page_shows_a_secret_or_a_token(
    browser: Client, sandbox: SandboxProcess, administrator: User
) -> None:
    browser.post("/servicenow/setup/", entered(sandbox, grant="client_credentials"))
    browser.post("/servicenow/authorize/")
    confirm(browser)
    ConnectionSecrets.objects.update(client_secret=Bound(("canary",), "canary-secret"))
    kept = ConnectionSecrets.objects.get()
    assert kept.access_token.text
    connection = Connection.objects.get()
    pages = [browser.get(page) for page in PAGES]
    browser.force_login(administrator)
    admin = [
        f"/admin/connector/{what}/"
        for what in ("connection", f"connection/{connection.pk}/change", "instance")
    ]
    pages += [browser.get(page) for page in admin]
    assert all(page.status_code == 200 for page in pages)
    for page in pages:
        assert not any(secret in text(page) for secret in (kept.client_secret.text, kept.access_token.text))


def test_a_form_that_is_sent_back_keeps_everything_but_the_secret(
    browser: Client, sandbox: SandboxProcess
) -> None:
    page = browser.post(
        "/servicenow/setup/", entered(sandbox, instance="evil.example", client_secret="canary")
    )
    assert page.status_code == 422
    assert 'value="evil.example"' in text(page)
    assert f'value="{CLIENT[0]}"' in text(page)
    assert "canary" not in text(page)
    assert not Connection.objects.exists()


def test_a_kept_secret_need_not_be_typed_again_but_never_follows_to_another_host(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    assert browser.post("/servicenow/setup/", entered(sandbox, client_secret="")).status_code == 302
    draft = Connection.objects.drafts().get()
    assert client_factory.oauth_client_of(draft).client_secret == CLIENT[1]
    elsewhere = browser.post("/servicenow/setup/", entered(sandbox, instance="acme", client_secret=""))
    assert "Enter the client secret" in text(elsewhere)


def test_the_end_of_the_sign_in_is_reckoned_with_the_lifespan_that_the_set_up_page_asks_for(
    browser: Client, sandbox: SandboxProcess
) -> None:
    asked = re.search(
        r"([\d,]+) seconds \((\d+) days\) or more", text(browser.get("/servicenow/setup/?instance=acme"))
    )
    assert asked
    lifespan = timedelta(seconds=int(asked[1].replace(",", "")))
    assert lifespan == timedelta(days=int(asked[2]))
    browser.post("/servicenow/setup/", entered(sandbox))
    come_back(browser, sandbox.consent(leave(browser)))
    draft = Connection.objects.drafts().get()
    assert draft.refresh_expires_at is not None
    assert draft.authorized_at is not None
    assert draft.refresh_expires_at - draft.authorized_at <= lifespan


def test_whoever_has_not_come_back_from_servicenow_is_told_why_that_may_be(
    browser: Client, sandbox: SandboxProcess
) -> None:
    browser.post("/servicenow/setup/", entered(sandbox))
    not_back = str(EXPLANATIONS["not_back"].what)
    said = f"<p><strong>{not_back}"
    assert said not in text(browser.get("/servicenow/setup/"))
    address = sandbox.consent(leave(browser))
    assert said in text(browser.get("/servicenow/setup/"))
    come_back(browser, address)
    assert said not in text(browser.get("/servicenow/setup/"))


def test_deny_is_explained(browser: Client, sandbox: SandboxProcess) -> None:
    browser.post("/servicenow/setup/", entered(sandbox))
    assert explained(come_back(browser, sandbox.consent(leave(browser), button="Deny")), "denied")


def test_a_callback_works_once_and_only_in_the_browser_that_asked(
    browser: Client, sandbox: SandboxProcess, secadmin: User
) -> None:
    browser.post("/servicenow/setup/", entered(sandbox))
    address = sandbox.consent(leave(browser))
    stranger = Client()
    stranger.force_login(secadmin)
    assert explained(come_back(stranger, address), "no_attempt")
    state = parse_qs(urlsplit(address).query)["state"][0]
    assert explained(come_back(browser, address.replace(state, "x" * len(state))), "wrong_state")
    assert "m365.integration" in text(come_back(browser, address))
    assert explained(come_back(browser, address), "no_attempt")


def test_a_code_that_comes_back_after_the_sign_in_ended_stands_in_no_address_of_ours(
    browser: Client, sandbox: SandboxProcess
) -> None:
    browser.post("/servicenow/setup/", entered(sandbox))
    address = sandbox.consent(leave(browser))
    browser.logout()
    page = come_back(browser, address)
    [(signing_in, _status)] = page.redirect_chain
    query = parse_qs(urlsplit(address).query)
    assert query["code"][0] not in signing_in
    assert query["state"][0] not in signing_in
    assert parse_qs(urlsplit(signing_in).query) == {"next": ["/servicenow/setup/?problem=no_attempt"]}


def test_a_callback_after_ten_minutes_is_too_late(browser: Client, sandbox: SandboxProcess) -> None:
    browser.post("/servicenow/setup/", entered(sandbox))
    address = sandbox.consent(leave(browser))
    session = browser.session
    attempt = session["servicenow_authorization"]
    session["servicenow_authorization"] = {**attempt, "at": attempt["at"] - 601}
    session.save()
    assert explained(come_back(browser, address), "too_late")


def test_a_code_of_another_attempt_is_explained(browser: Client, sandbox: SandboxProcess) -> None:
    browser.post("/servicenow/setup/", entered(sandbox))
    address = sandbox.consent(leave(browser))
    session = browser.session
    attempt, draft = session["servicenow_authorization"], Connection.objects.drafts().get()
    session["servicenow_authorization"] = {
        **attempt,
        "verifier": client_factory.seal("x" * 64, *oauth_setup.verifier_of(draft, attempt["state"])),
    }
    session.save()
    assert explained(come_back(browser, address), "pkce_refused")


@pytest.mark.parametrize("grant", ["authorization_code", "client_credentials"])
def test_a_wrong_secret_is_explained(browser: Client, sandbox: SandboxProcess, grant: str) -> None:
    browser.post("/servicenow/setup/", entered(sandbox, grant=grant, client_secret="wrong"))
    if grant == "authorization_code":
        page = come_back(browser, sandbox.consent(leave(browser)))
    else:
        page = browser.post("/servicenow/authorize/", follow=True)
    assert explained(page, "code_refused" if grant == "authorization_code" else "token_refused")
    assert not Connection.objects.current().exists()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("hibernating", "hibernating"),
        ("login_page", "login_page"),
        ("server_error", "server_error"),
        ("reset", "no_answer"),
    ],
)
def test_what_stands_in_the_way_of_a_token_is_explained(
    browser: Client, sandbox: SandboxProcess, fault: str, code: str
) -> None:
    browser.post("/servicenow/setup/", entered(sandbox, grant="client_credentials"))
    sandbox.fault(fault, route="token", method="any")
    assert explained(browser.post("/servicenow/authorize/", follow=True), code)


def test_a_stopped_instance_is_explained(browser: Client, sandbox: SandboxProcess) -> None:
    browser.post("/servicenow/setup/", entered(sandbox, grant="client_credentials"))
    sandbox.stop()
    assert explained(browser.post("/servicenow/authorize/", follow=True), "unreachable")
    assert "cannot be reached" in text(browser.get("/servicenow/setup/?problem=unreachable"))


def test_a_personal_account_is_warned_about(browser: Client, sandbox: SandboxProcess) -> None:
    browser.post("/servicenow/setup/", entered(sandbox))
    page = come_back(browser, sandbox.consent(leave(browser), user=("admin", "admin")))
    assert "This looks like a person's account" in text(page)


def test_readers_may_look_and_nothing_else(client: Client, reader: User, connection: Connection) -> None:
    client.force_login(reader)
    assert client.get("/servicenow/").status_code == 200
    assert "Test connection" not in text(client.get("/servicenow/"))
    for page in [
        *PAGES[1:],
        "/servicenow/callback/acme.service-now.com/",
        "/servicenow/confirm/",
        "/ticketProvisioning",
    ]:
        assert client.get(page).status_code == 403
    for page in [
        "/servicenow/test/",
        "/servicenow/authorize/",
        "/servicenow/discard/",
        "/servicenow/setup/",
        "/servicenow/confirm/",
    ]:
        assert client.post(page).status_code == 403


def test_the_original_address_serves_the_set_up_page(browser: Client) -> None:
    assert "Connect to ServiceNow" in text(browser.get("/ticketProvisioning"))
