"""Troubleshooting shows what fits the state first; the rest is folded away, and readers see none of it."""

import re
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from connector.health.error_help import EXPLANATIONS
from connector.models import Connection, Instance
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db
PAGE, SETUP = "/servicenow/", "/servicenow/setup/"
REST = "All known failures"


@pytest.fixture
def connected() -> Connection:
    found: Connection = ConnectionFactory.create(
        is_current=True, status="connected", authorized_at=timezone.now()
    )
    return found


def parts(client: Client, person: User, address: str) -> tuple[str, str]:
    """What the card shows at once, and what it folds away."""
    client.force_login(person)
    page = unescape(client.get(address).content.decode())
    card = re.search(
        r'<section class="card" aria-labelledby="troubleshooting">.*?</section>', page, re.DOTALL
    )
    assert card
    first, _, rest = card[0].partition('<details class="troubleshooting__rest">')
    return first, rest


def what(code: str) -> str:
    return str(EXPLANATIONS[code].what)


def test_readers_see_none_of_it(client: Client, reader: User, connected: Connection) -> None:
    Instance.objects.update(last_error="hibernating", last_error_at=timezone.now())
    client.force_login(reader)
    page = client.get(PAGE).content.decode()
    assert "Troubleshooting" not in page
    assert "oauth_entity" not in page


def test_what_is_wrong_now_comes_first_and_stands_open(
    client: Client, secadmin: User, connected: Connection
) -> None:
    Instance.objects.update(last_error="login_page", last_error_at=timezone.now())
    first, rest = parts(client, secadmin, PAGE)
    assert what("login_page") in first
    assert str(EXPLANATIONS["login_page"].next_step) in first
    assert what("login_page") not in rest
    assert "<details>" not in first.partition(what("login_page"))[0]
    for code in ("hibernating", "pkce_refused", "token_refused"):
        assert what(code) not in first
        assert what(code) in rest


def test_a_sign_in_that_ended_is_what_is_wrong(client: Client, secadmin: User, connected: Connection) -> None:
    Connection.objects.update(status=Connection.Status.NEEDS_REAUTHORIZATION)
    first, _ = parts(client, secadmin, PAGE)
    assert what("needs_reauthorization") in first


def test_where_nothing_is_wrong_everything_is_folded_away(
    client: Client, secadmin: User, connected: Connection
) -> None:
    first, rest = parts(client, secadmin, PAGE)
    assert "No known failure fits the state of the connection." in first
    for code in ("hibernating", "code_refused", "forbidden"):
        assert what(code) not in first
        assert what(code) in rest
    assert REST in rest


def test_a_failure_while_authorizing_comes_first_in_the_set_up(client: Client, secadmin: User) -> None:
    ConnectionFactory.create(is_current=False)
    first, rest = parts(client, secadmin, f"{SETUP}?problem=pkce_refused")
    assert first.index(what("pkce_refused")) < first.index(what("code_refused"))
    assert what("hibernating") not in first
    assert what("hibernating") in rest


def test_a_set_up_that_begins_shows_what_happens_while_reaching_the_instance(
    client: Client, secadmin: User
) -> None:
    first, rest = parts(client, secadmin, SETUP)
    assert what("unreachable") in first
    assert "ServiceNow filters addresses" in first
    assert what("pkce_refused") not in first
    assert what("pkce_refused") in rest


def test_nothing_is_left_out_or_said_twice(client: Client, secadmin: User, connected: Connection) -> None:
    for state in ("", "unreachable", "no_answer"):
        Instance.objects.update(last_error=state)
        page = "".join(parts(client, secadmin, PAGE))
        for code, explanation in EXPLANATIONS.items():
            if code in ("unreachable", "needs_reauthorization", "pkce_refused", "forbidden", "no_answer"):
                assert page.count(str(explanation.what)) == 1, code
