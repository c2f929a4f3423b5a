"""The page Secure Score connection: what it says in every state, and to whom."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from scorecard.models import ScoreDay
from scorecard.tasks import import_from_graph
from tests.scorecard.certificates import certificate, pem_of_key, rsa_key
from tests.scorecard.conftest import Microsoft
from tests.scorecard.pages.test_import_status import import_badly

pytestmark = pytest.mark.django_db
PAGE, TEST = "/secure-score/connection/", "/secure-score/connection/test/"
SETTINGS = ("GRAPH_TENANT_ID", "GRAPH_CLIENT_ID", "GRAPH_CLIENT_SECRET")


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def text(client: Client, person: User, address: str = PAGE) -> str:
    """What the page says, without what is there for browsers alone."""
    client.force_login(person)
    response = client.get(address)
    assert response.status_code == 200
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<wbr>|\u200b", "", main).split())


def result_of(client: Client, person: User) -> str:
    """What a test finds."""
    client.force_login(person)
    response = client.post(TEST, follow=True)
    assert response.redirect_chain == [(f"{PAGE}#test", 302)]
    main = re.sub(r"<wbr>", "", response.content.decode()).partition('id="test"')[2]
    return " ".join(main.partition("</table>")[0].split())


def test_what_is_missing_is_named_to_whom_it_concerns(
    client: Client, reader: User, secadmin: User, administrator: User
) -> None:
    for person in (secadmin, administrator):
        said = text(client, person)
        assert f"Missing in .env: {', '.join(SETTINGS)}." in said
        assert "SecurityEvents.Read.All" in said
        assert "Grant admin consent" in said
    said = text(client, reader)
    assert "Ask an administrator of this portal" in said
    assert not any(name in said for name in SETTINGS)
    assert TEST not in said
    assert client.post(TEST).status_code == 403


def test_a_part_that_is_missing_is_named(
    microsoft: Microsoft, settings: LazySettings, client: Client, secadmin: User, reader: User
) -> None:
    settings.GRAPH_CLIENT_ID = ""
    assert "Not set: GRAPH_CLIENT_ID." in text(client, secadmin)
    assert "Not set: GRAPH_CLIENT_ID." in result_of(client, secadmin)
    assert not microsoft.asked()
    assert "GRAPH_CLIENT_ID" not in text(client, reader)


def test_the_secret_is_told_as_set_and_never_shown(
    microsoft: Microsoft, settings: LazySettings, client: Client, secadmin: User
) -> None:
    said = text(client, secadmin)
    assert settings.GRAPH_TENANT_ID in said
    assert settings.GRAPH_CLIENT_ID in said
    assert "Set. When it expires is not known: set GRAPH_CLIENT_SECRET_EXPIRES_ON." in said
    page = client.post(TEST, follow=True).content.decode()
    assert settings.GRAPH_CLIENT_SECRET not in said + page


def test_a_test_asks_for_a_token_and_one_row_and_stores_nothing(
    microsoft: Microsoft, client: Client, secadmin: User
) -> None:
    said = result_of(client, secadmin)
    assert said.count("Passed") == 3
    assert "Microsoft Entra signs the portal in (GRAPH_CLIENT_SECRET)" in said
    assert "The newest score is of 23 November 2026." in said
    assert [each["route"] for each in microsoft.asked()] == ["token", "secureScores"]
    assert not ScoreDay.objects.exists()
    # Once, to whom it was told.
    assert 'id="test"' not in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("change", "route", "fault", "words", "advice"),
    [
        ({}, "secureScores", "forbidden", "may not read Secure Score", "SecurityEvents.Read.All"),
        ({}, "token", "no_consent", "Nobody has granted admin consent", "Grant admin consent"),
        ({"GRAPH_CLIENT_SECRET": "old"}, "", "", "The client secret has expired", "Make a new client secret"),
        ({"GRAPH_CLIENT_SECRET": "x"}, "", "", "does not accept the client secret", "not its Secret ID"),
        ({"GRAPH_TENANT_ID": "x"}, "", "", "knows no such tenant", "GRAPH_TENANT_ID"),
        ({"GRAPH_CLIENT_ID": "x"}, "", "", "knows no such app registration", "GRAPH_CLIENT_ID"),
        ({}, "token", "disabled_application", "is disabled", "Enterprise applications"),
        ({}, "token", "unknown_resource", "knows no Microsoft Graph", "of the same cloud"),
        ({}, "secureScores", "gone", "has retired this part", "newer version of Scoredesk"),
        ({}, "secureScores", "unauthorized", "does not accept the access token", "GRAPH_URL"),
        ({}, "secureScores", "rate_limit", "asked for fewer calls", "by itself"),
        ({}, "secureScores", "server_error", "Microsoft has a problem", "by itself"),
        ({}, "secureScores", "truncated", "did not arrive in full", "by itself"),
        ({"ENTRA_URL": "http://127.0.0.1:9"}, "", "", "could not be reached", "HTTPS_PROXY"),
        ({"GRAPH_URL": "http://127.0.0.1:9"}, "", "", "could not be reached", "HTTPS_PROXY"),
        ({"GRAPH_URL": "http://graph.example"}, "", "", "do not say how to sign in", ".env"),
    ],
)
def test_each_failure_is_told_in_plain_words_by_the_test_and_by_the_next_reading(
    change: dict[str, str],
    route: str,
    fault: str,
    words: str,
    advice: str,
    microsoft: Microsoft,
    settings: LazySettings,
    client: Client,
    secadmin: User,
    reader: User,
) -> None:
    microsoft.has(secrets={settings.GRAPH_CLIENT_SECRET: None, "old": "2026-01-01T00:00:00+00:00"})
    for name, value in change.items():
        setattr(settings, name, value)
    if fault:
        microsoft.fault(kind=fault, route=route, times=50, seconds=600)
    said = result_of(client, secadmin)
    assert words in said
    assert advice in said
    assert said.count("Needs attention") == 1
    # A test is no reading.
    assert words not in text(client, secadmin)
    import_badly()
    notice, _, facts = text(client, secadmin).partition("<dl")
    assert words in notice
    assert advice in notice
    assert words in facts
    said = text(client, reader)
    assert words in said
    assert "GRAPH_" not in said
    assert "AADSTS" not in said


def test_reading_works_again(microsoft: Microsoft, client: Client, secadmin: User) -> None:
    assert "Not read yet" in text(client, secadmin)
    microsoft.fault(kind="forbidden", route="secureScores", times=1)
    import_badly()
    assert "badge--danger" in text(client, secadmin)
    response = client.post("/secure-score/read/", {"from": "connection"}, follow=True)
    assert response.redirect_chain == [(PAGE, 302)]
    assert "A worker is about to read Secure Score" in response.content.decode()
    microsoft.now = timezone.now()
    import_from_graph()
    said = text(client, secadmin)
    assert "badge--danger" not in said
    assert "Working" in said


@pytest.mark.parametrize(
    ("days", "tone", "words"),
    [
        (31, "", ""),
        (30, "info", "expires in 30 days"),
        (14, "warning", "expires in 14 days"),
        (3, "danger", "expires in 3 days"),
        (1, "danger", "expires in 1 day"),
        (0, "danger", "expires today"),
        (-1, "danger", "has expired"),
    ],
)
def test_whoever_may_renew_the_secret_is_warned_before_it_expires(
    days: int,
    tone: str,
    words: str,
    microsoft: Microsoft,
    settings: LazySettings,
    client: Client,
    secadmin: User,
) -> None:
    settings.GRAPH_CLIENT_SECRET_EXPIRES_ON = datetime.now(UTC).date() + timedelta(days=days)
    said = text(client, secadmin)
    assert [each for each in ("info", "warning", "danger") if f"notice--{each}" in said] == [tone] * bool(
        tone
    )
    assert words in said
    assert ("GRAPH_CLIENT_SECRET expire" in said) == bool(tone)


def test_home_and_overview_warn_as_well_and_lead_to_the_page(
    microsoft: Microsoft, settings: LazySettings, client: Client, secadmin: User, reader: User
) -> None:
    settings.GRAPH_CLIENT_SECRET_EXPIRES_ON = datetime.now(UTC).date() + timedelta(days=14)
    for page in ("/", "/secure-score/"):
        said = text(client, secadmin, page)
        assert "The sign-in to Microsoft Graph expires in 14 days" in said
        assert f'href="{PAGE}"' in said
        assert "expires in" not in text(client, reader, page)


def test_nobody_is_warned_while_the_next_one_is_good(
    microsoft: Microsoft, settings: LazySettings, client: Client, secadmin: User
) -> None:
    today = datetime.now(UTC).date()
    settings.GRAPH_CLIENT_SECRET_EXPIRES_ON = today + timedelta(days=2)
    # Its end is not known: better a warning too many.
    settings.GRAPH_CLIENT_SECRET_NEXT = "next"
    assert "expires in 2 days" in text(client, secadmin)
    settings.GRAPH_CLIENT_SECRET_NEXT_EXPIRES_ON = today + timedelta(days=300)
    said = text(client, secadmin)
    assert "to Microsoft Graph expires" not in said
    assert "Next client secret" in said


def test_of_two_secrets_the_test_says_which_is_good(
    microsoft: Microsoft, settings: LazySettings, client: Client, secadmin: User
) -> None:
    settings.GRAPH_CLIENT_SECRET_NEXT = "next"
    microsoft.has(secrets={settings.GRAPH_CLIENT_SECRET: "2026-01-01T00:00:00+00:00", "next": None})
    said = result_of(client, secadmin)
    expired, _, good = said.partition("GRAPH_CLIENT_SECRET_NEXT")
    assert "The client secret has expired." in expired
    assert good.count("Passed") == 2
    assert "The newest score is of" in good


def test_a_certificate_says_itself_when_it_expires(
    microsoft: Microsoft, settings: LazySettings, client: Client, secadmin: User
) -> None:
    mine, key = certificate(), pem_of_key(rsa_key())
    settings.GRAPH_CLIENT_SECRET, settings.GRAPH_CLIENT_CERTIFICATE = "", mine + key
    microsoft.now = timezone.now()
    said = result_of(client, secadmin)
    assert "does not accept the certificate" in said
    assert "Compare GRAPH_CLIENT_CERTIFICATE" in said
    microsoft.has(certificates=[mine])
    assert result_of(client, secadmin).count("Passed") == 3
    said = text(client, secadmin)
    assert "Set. Expires on 30 December 2035." in said
    assert key.splitlines()[1] not in said


@pytest.mark.parametrize(
    ("graph", "entra", "words"),
    [
        ("https://graph.microsoft.com", "https://login.microsoftonline.com", "Worldwide"),
        ("https://graph.microsoft.us", "https://login.microsoftonline.us", "GCC High"),
        ("https://dod-graph.microsoft.us", "https://login.microsoftonline.us", "DoD"),
        ("https://graph.microsoft.us", "https://login.microsoftonline.com", "are of different clouds"),
        (
            "https://microsoftgraph.chinacloudapi.cn",
            "https://login.chinacloudapi.cn",
            "Microsoft offers no Secure Score in this cloud",
        ),
        ("https://graph.example.com", "https://login.microsoftonline.com", "Another address"),
    ],
)
def test_the_cloud_is_named(
    graph: str, entra: str, words: str, settings: LazySettings, client: Client, reader: User
) -> None:
    settings.GRAPH_URL, settings.ENTRA_URL = graph, entra
    said = text(client, reader)
    facts = said if "cloud" in words else said.partition("<dl")[2]
    assert words in facts
    assert ("different clouds" in said) == ("different" in words)
    assert ("offers no Secure Score in this cloud" in said) == ("offers no" in words)


def test_the_notices_of_other_pages_and_the_navigation_lead_here(
    microsoft: Microsoft, settings: LazySettings, client: Client, secadmin: User
) -> None:
    settings.GRAPH_CLIENT_SECRET = "x"
    import_badly()
    for page in ("/", "/secure-score/"):
        assert f'href="{PAGE}"' in text(client, secadmin, page)
    navigation = client.get(PAGE).content.decode().partition("<main")[0]
    assert f'href="{PAGE}" aria-current="page"' in navigation
    assert 'href="/secure-score/" aria-current' not in navigation


def test_in_japanese_too(
    microsoft: Microsoft, settings: LazySettings, client: Client, secadmin: User
) -> None:
    settings.GRAPH_CLIENT_SECRET_EXPIRES_ON = datetime.now(UTC).date() + timedelta(days=3)
    client.force_login(secadmin)
    client.post(TEST, headers={"accept-language": "ja"})
    page = client.get(PAGE, headers={"accept-language": "ja"}).content.decode()
    for words in ("セキュア スコアの接続", "接続のテスト", "クライアント シークレット", "3\u00a0日"):
        assert words in page
    for words in ("expires", "Result of the test", "National clouds", "Passed"):
        assert words not in page
