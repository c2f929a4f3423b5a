"""The address that a code comes back to: one for each instance, shown before it has to be registered."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from connector.access.client_factory import open_client
from connector.models import Connection
from tests.connector.errands import come_back, confirm, entered, explained, leave, text
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
SETUP = "/servicenow/setup/"


@pytest.fixture
def elsewhere(sandbox: SandboxProcess, settings: LazySettings) -> Iterator[SandboxProcess]:
    """A second instance that the portal may talk to."""
    with SandboxProcess() as other:
        settings.SERVICENOW_ALLOWED_HOSTS = [sandbox.host, other.host]
        yield other


def asked_for(address: str) -> str:
    return parse_qs(urlsplit(address).query)["redirect_uri"][0]


def paths(sandbox: SandboxProcess) -> list[str]:
    return [call["path"] for call in sandbox.requests()["requests"]]


def test_the_set_up_asks_for_the_instance_first_then_shows_the_address_to_register(
    browser: Client, sandbox: SandboxProcess
) -> None:
    page = text(browser.get(SETUP))
    assert 'name="instance"' in page
    assert "/servicenow/callback/" not in page
    assert 'name="client_id"' not in page
    chosen = browser.post(SETUP, {"instance": f"{sandbox.url}/nav_to.do?uri=home.do"}, follow=True)
    assert chosen.status_code == 200
    assert f'data-copy="{sandbox.callback}"' in text(chosen)
    assert 'name="client_id"' in text(chosen)
    assert f'type="hidden" name="instance" value="{sandbox.host}"' in text(chosen)
    assert not Connection.objects.exists()


def test_an_instance_that_may_not_be_talked_to_is_refused_before_anything_is_registered(
    browser: Client, sandbox: SandboxProcess
) -> None:
    for answer in (
        browser.post(SETUP, {"instance": "evil.example"}),
        browser.get(SETUP, {"instance": "evil.example"}),
    ):
        assert "This is not a ServiceNow instance" in text(answer)
        assert "/servicenow/callback/" not in text(answer)
        assert 'value="evil.example"' in text(answer)
    assert browser.post(SETUP, {"instance": ""}).status_code == 422


def test_what_is_known_of_one_instance_is_not_offered_for_another(
    browser: Client, connection: Connection, sandbox: SandboxProcess
) -> None:
    assert f'value="{connection.client_id}"' in text(browser.get(SETUP))
    page = text(browser.get(SETUP, {"instance": "acme"}))
    assert 'data-copy="http://127.0.0.1:8000/servicenow/callback/acme.service-now.com/"' in page
    assert f'value="{connection.client_id}"' not in page


def test_the_address_survives_authorizing_again(browser: Client, sandbox: SandboxProcess) -> None:
    browser.post(SETUP, entered(sandbox))
    first = leave(browser)
    assert asked_for(first) == sandbox.callback
    come_back(browser, sandbox.consent(first))
    confirm(browser)
    assert f'data-copy="{sandbox.callback}"' in text(browser.get(SETUP))
    again = leave(browser)
    assert asked_for(again) == sandbox.callback
    come_back(browser, sandbox.consent(again))
    confirm(browser)
    assert open_client(Connection.objects.working().get(), now=timezone.now()).whoami()


def test_a_code_at_the_address_of_another_instance_is_refused_unredeemed(
    browser: Client, sandbox: SandboxProcess, elsewhere: SandboxProcess
) -> None:
    browser.post(SETUP, entered(sandbox))
    address = sandbox.consent(leave(browser))
    sandbox.clear()
    mixed_up = address.replace(sandbox.host, elsewhere.host)
    assert mixed_up.startswith(elsewhere.callback)
    assert explained(come_back(browser, mixed_up), "wrong_instance")
    assert paths(sandbox) == []
    assert paths(elsewhere) == []
    # The attempt is used up: its code is not taken at the right address either.
    assert explained(come_back(browser, address), "no_attempt")
    assert paths(sandbox) == []


@pytest.mark.parametrize("grant", ["authorization_code", "client_credentials"])
def test_replacing_the_instance_hands_the_old_tokens_back(
    browser: Client, sandbox: SandboxProcess, elsewhere: SandboxProcess, grant: str
) -> None:
    connect(browser, sandbox, grant)
    client = open_client(Connection.objects.current().get(), now=timezone.now())
    sandbox.clear()
    connect(browser, elsewhere, grant)
    assert set(paths(sandbox)) == {"/oauth_revoke_token.do"}
    assert len(paths(sandbox)) == (2 if grant == "authorization_code" else 1)
    assert open_client(Connection.objects.current().get(), now=timezone.now()).whoami()
    with pytest.raises(Exception, match=r"not_authenticated|not_connected"):
        client.whoami()


def test_replacing_the_client_hands_the_old_tokens_back_and_the_new_ones_work(
    browser: Client, sandbox: SandboxProcess
) -> None:
    connect(browser, sandbox, "client_credentials")
    Connection.objects.update(client_id="an-older-client")
    sandbox.clear()
    # The sandbox has one client only, which gives everybody a token of their own here.
    sandbox.expire_tokens("all")
    connect(browser, sandbox, "client_credentials")
    assert paths(sandbox).count("/oauth_revoke_token.do") == 1
    assert open_client(Connection.objects.current().get(), now=timezone.now()).whoami()


def test_authorizing_the_same_client_again_revokes_nothing(browser: Client, sandbox: SandboxProcess) -> None:
    connect(browser, sandbox, "authorization_code")
    sandbox.clear()
    come_back(browser, sandbox.consent(leave(browser)))
    confirm(browser)
    assert "/oauth_revoke_token.do" not in paths(sandbox)


def test_tokens_of_another_instance_that_was_set_up_and_discarded_are_handed_back(
    browser: Client, sandbox: SandboxProcess, elsewhere: SandboxProcess, connection: Connection
) -> None:
    browser.post(SETUP, entered(elsewhere, grant="client_credentials"))
    browser.post("/servicenow/authorize/")
    elsewhere.clear()
    browser.post("/servicenow/discard/")
    assert paths(elsewhere) == ["/oauth_revoke_token.do"]


def test_an_old_instance_that_is_away_is_named_and_holds_nothing_up(
    browser: Client, sandbox: SandboxProcess, elsewhere: SandboxProcess
) -> None:
    connect(browser, sandbox, "client_credentials")
    sandbox.stop()
    page = connect(browser, elsewhere, "client_credentials")
    assert Connection.objects.working().get().instance.host == elsewhere.host
    assert "tokens could not be handed back to" in text(page)
    assert sandbox.host in text(page)


def connect(browser: Client, sandbox: SandboxProcess, grant: str) -> Any:
    """Connect an instance, and follow to the page where that ends."""
    browser.post(SETUP, entered(sandbox, grant=grant))
    if grant == "authorization_code":
        come_back(browser, sandbox.consent(leave(browser)))
    else:
        browser.post("/servicenow/authorize/")
    return confirm(browser)
