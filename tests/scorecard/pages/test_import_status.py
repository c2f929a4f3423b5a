"""What pages say about reading Secure Score, and the button that has it read."""

import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from celery.exceptions import Retry
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from scorecard.graph.errors import GraphError
from scorecard.models import ImportState, ScoreDay
from scorecard.models.import_state import LEASE
from scorecard.tasks import import_from_graph
from tests.scorecard.conftest import Microsoft

pytestmark = pytest.mark.django_db
PAGES = ["/", "/secure-score/", "/secure-score/actions/"]
READ_NOW = "/secure-score/read/"


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def text(client: Client, person: User, address: str) -> str:
    client.force_login(person)
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def import_badly() -> None:
    with suppress(GraphError, Retry):
        import_from_graph()


def add_day(calculated_at: datetime) -> None:
    ScoreDay.objects.create(
        scored_on=calculated_at.date(), calculated_at=calculated_at, current_score=128, max_score=274
    )


@pytest.mark.parametrize("page", PAGES)
def test_a_wrong_secret_is_told_in_place_of_no_score_yet(
    page: str, microsoft: Microsoft, settings: LazySettings, client: Client, secadmin: User, reader: User
) -> None:
    settings.GRAPH_CLIENT_SECRET = "not-it"
    import_badly()
    found = text(client, secadmin, page)
    assert "No Secure Score yet" not in found
    assert "Microsoft Entra does not accept the client secret." in found
    assert "GRAPH_CLIENT_SECRET" in found
    found = text(client, reader, page)
    assert "Secure Score could not be read" in found
    assert "GRAPH_CLIENT_SECRET" not in found
    assert "AADSTS" not in found


@pytest.mark.parametrize(
    ("change", "route", "fault", "words", "setting"),
    [
        ({"GRAPH_TENANT_ID": "not-a-tenant"}, "", "", "no such tenant", "GRAPH_TENANT_ID"),
        ({"GRAPH_CLIENT_ID": "not-an-app"}, "", "", "no such app registration", "GRAPH_CLIENT_ID"),
        ({}, "secureScores", "forbidden", "may not read Secure Score", "SecurityEvents.Read.All"),
        ({}, "secureScores", "unauthorized", "does not accept the access token", "GRAPH_URL"),
        ({}, "secureScores", "server_error", "Microsoft has a problem", "by itself"),
        ({}, "token", "rate_limit", "asked for fewer calls", "by itself"),
        ({"ENTRA_URL": "http://127.0.0.1:9"}, "", "", "could not be reached", "HTTPS_PROXY"),
        ({"ENTRA_URL": "http://entra.example"}, "", "", "do not say how to sign in", "ENTRA_URL"),
        ({"GRAPH_CLIENT_ID": ""}, "", "", "do not say how to sign in", "GRAPH_CLIENT_ID"),
        ({}, "secureScoreControlProfiles", "repeat_next_link", "never end", ""),
    ],
)
def test_each_error_is_told_in_plain_words_with_what_to_check(
    change: dict[str, str],
    route: str,
    fault: str,
    words: str,
    setting: str,
    microsoft: Microsoft,
    settings: LazySettings,
    client: Client,
    secadmin: User,
) -> None:
    for name, value in change.items():
        setattr(settings, name, value)
    if fault:
        microsoft.fault(kind=fault, route=route, times=50)
    import_badly()
    found = text(client, secadmin, "/secure-score/")
    assert words in found
    assert setting in found


def test_an_old_score_is_not_shown_as_todays(client: Client, reader: User) -> None:
    add_day(timezone.now() - timedelta(days=700))
    for page in ("/", "/secure-score/"):
        assert "This score is 700 days old" in text(client, reader, page)


def test_a_score_of_yesterday_is_as_new_as_they_come(client: Client, reader: User) -> None:
    add_day(timezone.now() - timedelta(hours=30))
    assert "days old" not in text(client, reader, "/secure-score/")


def test_an_error_stands_beside_the_score_until_an_import_succeeds(
    microsoft: Microsoft, client: Client, reader: User
) -> None:
    import_from_graph()
    assert "could not be read" not in text(client, reader, "/")
    assert "Last read from Microsoft Graph" in text(client, reader, "/")
    microsoft.fault(kind="forbidden", route="secureScores", times=1)
    import_badly()
    assert "Secure Score could not be read" in text(client, reader, "/")
    assert "points achieved" in text(client, reader, "/")
    import_from_graph()
    assert "could not be read" not in text(client, reader, "/")


def test_the_command_writes_down_how_it_went_as_well(
    microsoft: Microsoft, client: Client, secadmin: User
) -> None:
    microsoft.fault(kind="forbidden", route="secureScores", times=1)
    with pytest.raises(CommandError):
        call_command("import_secure_score", "--scores", "-")
    assert "may not read Secure Score" in text(client, secadmin, "/secure-score/")
    call_command("import_secure_score", "--scores", "-")
    assert "Last read from Microsoft Graph" in text(client, secadmin, "/secure-score/")


def test_nobody_is_told_of_an_error_where_graph_was_never_set_up(client: Client, secadmin: User) -> None:
    import_from_graph()
    assert "No Secure Score yet" in text(client, secadmin, "/secure-score/")
    assert READ_NOW not in text(client, secadmin, "/secure-score/")


def test_readers_have_no_button_and_cannot_press_it(
    microsoft: Microsoft, client: Client, reader: User
) -> None:
    for page in PAGES:
        assert READ_NOW not in text(client, reader, page)
    assert client.post(READ_NOW).status_code == 403


def test_the_button_has_a_worker_read_once_however_often_it_is_pressed(
    microsoft: Microsoft, client: Client, secadmin: User
) -> None:
    assert READ_NOW in text(client, secadmin, "/")
    response = client.post(READ_NOW, {"from": "home"}, follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert "A worker is about to read Secure Score" in response.content.decode()
    again = client.post(READ_NOW, follow=True)
    assert again.redirect_chain == [("/secure-score/", 302)]
    assert "has just been asked for" in again.content.decode()
    [mark] = re.findall(r'"X-Seen": "(\w+)"', again.content.decode())
    assert client.get("/secure-score/reading/", headers={"X-Seen": mark}).status_code == 204
    import_from_graph()
    done = client.get("/secure-score/reading/")
    assert done.headers["HX-Refresh"] == "true"
    # Nobody can spend Graph's quota by clicking.
    assert "has just been asked for" in client.post(READ_NOW, follow=True).content.decode()


def test_an_import_says_how_far_it_is(client: Client, secadmin: User) -> None:
    token = ImportState.take(timezone.now())
    assert token
    assert "Step " not in text(client, secadmin, "/")
    ImportState.tell(token, ImportState.Step.PROFILES, 90)
    for page in ("/", "/secure-score/", "/secure-score/reading/"):
        found = " ".join(text(client, secadmin, page).split())
        assert "Step 2 of 3: Asking Microsoft Graph for the descriptions of improvement actions" in found
        assert "(90 days read)" in found
    ImportState.release(token)
    assert ImportState.current().step == ""


def test_a_press_that_no_worker_took_can_be_repeated(
    microsoft: Microsoft, client: Client, secadmin: User
) -> None:
    client.force_login(secadmin)
    client.post(READ_NOW)
    ImportState.objects.update(asked_at=timezone.now() - timedelta(minutes=3))
    assert "A worker is about to" not in text(client, secadmin, "/secure-score/")
    assert "A worker is about to" in client.post(READ_NOW, follow=True).content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_a_time_are_one(microsoft: Microsoft) -> None:
    microsoft.fault(kind="latency", route="token", times=1, seconds=1)

    def run() -> None:
        import_from_graph()
        database.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [each["route"] for each in microsoft.asked()].count("token") == 1
    assert ScoreDay.objects.count() == 90


def test_a_worker_that_died_holds_up_nobody_for_long(microsoft: Microsoft) -> None:
    ImportState.objects.create(
        claim_token="0" * 32, claimed_until=timezone.now() + LEASE / 2, started_at=timezone.now()
    )
    import_from_graph()
    assert not ScoreDay.objects.exists()
    with pytest.raises(CommandError, match="being read already"):
        call_command("import_secure_score", "--scores", "-")
    ImportState.objects.update(claimed_until=timezone.now())
    import_from_graph()
    assert ScoreDay.objects.exists()


def test_what_nobody_reads_any_more_is_told(microsoft: Microsoft, client: Client, secadmin: User) -> None:
    import_from_graph()
    ImportState.objects.update(started_at=timezone.now() - timedelta(days=2))
    assert "has not been read for 2 days" in text(client, secadmin, "/")


def test_no_broker_is_told_to_whoever_presses(
    microsoft: Microsoft, client: Client, secadmin: User, settings: LazySettings
) -> None:
    client.force_login(secadmin)
    queue = settings.STATE_DIR / "broker" / "celery"
    aside = queue.with_name("aside")
    if queue.exists():
        queue.rename(aside)
    queue.parent.mkdir(exist_ok=True)
    queue.write_text("not a folder")
    try:
        response = client.post(READ_NOW, follow=True)
    finally:
        queue.unlink()
        if aside.exists():
            aside.rename(queue)
    assert "could not be handed to a worker" in response.content.decode()
    assert "A worker is about to" in client.post(READ_NOW, follow=True).content.decode()


def test_in_japanese_too(microsoft: Microsoft, client: Client, secadmin: User) -> None:
    add_day(timezone.now() - timedelta(days=700))
    microsoft.fault(kind="forbidden", route="secureScores", times=1)
    import_badly()
    ImportState.objects.update(
        left_out=[{"kind": "value", "document": "d", "entry": "mfa", "name": "rank", "found": "x"}],
        left_out_count=1,
    )
    client.force_login(secadmin)
    found = client.get("/secure-score/", headers={"accept-language": "ja"}).content.decode()
    for words in (
        "読み取れませんでした",
        "SecurityEvents.Read.All を追加",
        "700\u00a0日前",
        "今すぐ読み取る",
        "rank を読み取れない",
    ):
        assert words in found
    for words in ("could not be read", "days old", "Read now", "could not be understood"):
        assert words not in found
