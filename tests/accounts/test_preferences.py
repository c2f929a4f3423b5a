"""What a person chooses about how the portal looks and works for them."""

from datetime import UTC, datetime
from zoneinfo import available_timezones

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import time_zones
from accounts.models import User
from accounts.notices import Notice, NoticeType, send
from scorecard.models import ScoreDay
from tests.factories import ActionFactory, TicketFactory

pytestmark = pytest.mark.django_db
PAGE = "/accounts/preferences/"
CHOSEN = {"language": "en", "time_zone": "Asia/Tokyo", "single_keys": "on"}


@pytest.fixture
def browser(client: Client, reader: User) -> Client:
    client.force_login(reader)
    return client


def seen(browser: Client) -> str:
    """A page on which a moment stands, 12:00 UTC of a day."""
    return browser.get("/secure-score/actions/control/").content.decode()


@pytest.fixture
def moment(db: None) -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    ScoreDay.objects.create(scored_on=at.date(), calculated_at=at, current_score=1, max_score=2)
    ActionFactory.create(control_id="control", last_synced_at=at)


def test_times_are_in_the_zone_that_a_person_chose_and_the_next_one_s_are_not(
    browser: Client, moment: None, secadmin: User
) -> None:
    assert "20 Nov 2026, 12:00 UTC" in seen(browser)
    answer = browser.post(PAGE, CHOSEN, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "Your preferences are saved." in answer.content.decode()
    assert "20 Nov 2026, 21:00 JST" in seen(browser)
    another = Client()
    another.force_login(secadmin)
    assert "20 Nov 2026, 12:00 UTC" in seen(another)
    browser.post(PAGE, {**CHOSEN, "time_zone": ""})
    assert "20 Nov 2026, 12:00 UTC" in seen(browser)


@pytest.mark.parametrize("zone", ["Nowhere/Atlantis", "../../etc/passwd", "x" * 10_000, "Etc/GMT+5"])
def test_a_zone_that_is_not_offered_is_refused_with_what_was_typed_kept(
    browser: Client, reader: User, zone: str
) -> None:
    answer = browser.post(PAGE, {**CHOSEN, "time_zone": zone})
    assert answer.status_code == 422
    reader.refresh_from_db()
    assert reader.time_zone == ""


def test_a_stored_zone_that_this_machine_does_not_know_is_passed_over(
    browser: Client, reader: User, moment: None
) -> None:
    User.objects.filter(pk=reader.pk).update(time_zone="Nowhere/Atlantis")
    assert "20 Nov 2026, 12:00 UTC" in seen(browser)


def test_zones_that_are_offered_are_known_and_short_enough_to_store() -> None:
    names = [name for _, zones in time_zones.by_area() for name, _ in zones]
    assert {"Asia/Tokyo", "Europe/Amsterdam", "America/New_York"} <= set(names) <= available_timezones()
    assert all(len(name) <= 40 for name in names)


def test_an_email_keeps_the_zone_of_the_organization() -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with timezone.override("Asia/Tokyo"):
        send(Notice(NoticeType.PASSWORD, at, "admin"), "Mia", ["mia@aozora.example"], "en")
    assert "20 Nov 2026, 12:00 UTC" in mail.outbox[0].body


def test_a_csv_file_keeps_the_zone_of_the_organization(browser: Client, reader: User) -> None:
    ticket = TicketFactory.create()
    User.objects.filter(pk=reader.pk).update(time_zone="Asia/Tokyo")
    written = browser.get("/tickets/export.csv").getvalue().decode()
    assert "Created (UTC)" in written
    assert f"{ticket.created_at:%Y-%m-%d %H:%M:%S}" in written


def test_the_language_is_chosen_here_as_well(browser: Client, reader: User, settings: LazySettings) -> None:
    page = browser.post(PAGE, {**CHOSEN, "language": "ja"}, follow=True)
    assert '<html lang="ja">' in page.content.decode()
    assert browser.cookies[settings.LANGUAGE_COOKIE_NAME].value == "ja"
    reader.refresh_from_db()
    assert reader.language == "ja"


def test_exact_times_are_in_place_of_words_for_whoever_wants_that(browser: Client) -> None:
    assert "data-times" not in browser.get("/").content.decode()
    browser.post(PAGE, {**CHOSEN, "exact_times": "on"})
    assert '<html lang="en" data-times="exact">' in browser.get("/").content.decode()


@pytest.mark.parametrize("headers", [{}, {"hx-request": "true"}], ids=["page", "dialog"])
def test_single_keys_are_turned_off_and_on_where_they_are_listed(
    browser: Client, headers: dict[str, str]
) -> None:
    listed = browser.get("/accounts/shortcuts/", headers=headers).content.decode()
    assert "<kbd>?</kbd>" in listed
    assert ("<html" in listed) == (not headers)
    browser.post("/accounts/shortcuts/", {"single_keys": "off"}, headers=headers)
    assert 'data-single-keys="off"' in browser.get("/").content.decode()
    browser.post("/accounts/shortcuts/", {"single_keys": "on"}, headers=headers)
    assert "data-single-keys" not in browser.get("/").content.decode()
