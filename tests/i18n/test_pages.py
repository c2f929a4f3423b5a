"""The pages in Japanese: nothing English is left but what Microsoft wrote, and that says so."""

import re
from datetime import UTC, date, datetime

import pytest
from babel.messages.pofile import read_po
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connector.models import Connection
from scorecard.models import ImprovementAction, ScoreDay
from tests.factories import NOON, ActionFactory, InstanceFactory, TicketFactory
from tests.i18n.visible import visible_texts
from tickets.models import Ticket
from tickets.models.choices import Delivery, Kind
from tools.messages import ROOT, forms

pytestmark = pytest.mark.django_db
TITLE = "Ensure all users can complete multifactor authentication"
WORDS_OF_MICROSOFT = [TITLE, "Protection is off.", "Open the portal."]
# Shorter ones are single words, and Japanese pages hold such words as names and code.
SENTENCE = 12


@pytest.fixture
def connection() -> Connection:
    """A connection that is in use; the pages show it without calling anybody."""
    return Connection.objects.create(
        instance=InstanceFactory.create(last_contact_at=NOON),
        grant=Connection.Grant.AUTHORIZATION_CODE,
        status=Connection.Status.CONNECTED,
        is_current=True,
        client_id="scoredesk",
        authorized_at=NOON,
    )


@pytest.fixture
def action() -> ImprovementAction:
    """Something to show on every page of the scorecard, with a ticket of its own."""
    ScoreDay.objects.create(
        scored_on=date(2026, 11, 20),
        calculated_at=datetime(2026, 11, 20, 5, tzinfo=UTC),
        current_score=128,
        max_score=274,
        comparisons=[{"basis": "AllTenants", "average": 54.65}, {"basis": "TotalSeats", "average": None}],
    )
    action: ImprovementAction = ActionFactory.create(title=TITLE, last_synced_at=NOON, user_impact="high")
    return action


@pytest.fixture
def ticket(action: ImprovementAction, secadmin: User) -> Ticket:
    ticket: Ticket = TicketFactory.create(action=action, requested_by=secadmin, due_on=date(2026, 1, 5))
    TicketFactory.create(kind=Kind.INCIDENT, requested_by=secadmin, delivery=Delivery.ATTENTION)
    return ticket


@pytest.fixture
def japanese(secadmin: User) -> Client:
    """A Security Administrator's browser that asks for Japanese."""
    client = Client(headers={"accept-language": "ja,en;q=0.5"})
    client.force_login(secadmin)
    return client


def english() -> list[str]:
    """What the catalogue translates, cut at its placeholders, where it is longer than a word or two."""
    with (ROOT / "locale/ja/LC_MESSAGES/django.po").open("rb") as file:
        translated = [message for message in read_po(file) if message.id and message.id != message.string]
    # A role's own name stands behind what it is called in Japanese.
    translated = [message for message in translated if message.context != "role"]
    texts = [text for message in translated for text in forms(message.id)]
    pieces = [piece.strip() for text in texts for piece in re.split(r"%\(\w+\)s|%%|<[^>]*>", text)]
    return [piece for piece in pieces if len(piece) > SENTENCE]


def left_in_english(client: Client, address: str, status: int = 200) -> list[str]:
    """Fetch a page in Japanese; the texts on it that the catalogue would translate."""
    response = client.get(address, follow=True)
    assert response.status_code == status, address
    html = response.content.decode()
    assert "<html" not in html or '<html lang="ja">' in html
    page = "\n".join(visible_texts(html))
    return [text for text in english() if text in page]


def test_sign_in_is_japanese() -> None:
    client = Client(headers={"accept-language": "ja"})
    assert not left_in_english(client, reverse("accounts:login"))
    assert "サインイン" in client.get(reverse("accounts:login")).content.decode()


@pytest.mark.parametrize(
    "name",
    [
        "home",
        "scorecard:overview",
        "scorecard:actions",
        "scorecard:why",
        "scorecard:connection",
        "tickets:list",
        "tickets:new",
        "connector:connection",
        "connector:setup",
    ],
)
def test_page_is_japanese_before_anything_is_there(name: str, japanese: Client) -> None:
    assert not left_in_english(japanese, reverse(name))


@pytest.mark.parametrize(
    "name",
    [
        "home", "cards", "scorecard:overview", "scorecard:why", "scorecard:actions", "tickets:list", "tickets:new",
        "connector:connection", "connector:setup", "connector:configuration",
    ],
)  # fmt: skip
def test_page_is_japanese_in_use(name: str, japanese: Client, connection: Connection, ticket: Ticket) -> None:
    assert not left_in_english(japanese, reverse(name))


def test_pages_of_one_thing_are_japanese(japanese: Client, connection: Connection, ticket: Ticket) -> None:
    assert ticket.action
    for one in Ticket.objects.all():
        assert not left_in_english(japanese, one.get_absolute_url())
    assert not left_in_english(japanese, ticket.action.get_absolute_url())
    assert not left_in_english(japanese, reverse("tickets:share", args=[ticket.action.control_id]))


def test_errors_are_japanese(japanese: Client) -> None:
    assert not left_in_english(japanese, "/secure-score/actions/no-such-action/", 404)
    japanese.force_login(User.objects.create(username="nobody"))
    assert not left_in_english(japanese, reverse("tickets:list"), 403)


def test_texts_of_microsoft_say_that_they_are_english(
    japanese: Client, connection: Connection, ticket: Ticket
) -> None:
    assert ticket.action
    pages = [reverse("scorecard:overview"), reverse("scorecard:actions"), ticket.action.get_absolute_url()]
    pages += [ticket.get_absolute_url(), reverse("tickets:share", args=[ticket.action.control_id])]
    for address in pages:
        # A page's title is one text in one language: the action's name in it cannot be marked.
        html = re.sub(r"<title>.*?</title>", "", japanese.get(address).content.decode(), flags=re.DOTALL)
        shown = list(visible_texts(html))
        assert not [text for text in shown if any(words in text for words in WORDS_OF_MICROSOFT)], address


def test_a_persons_language_wins_over_the_browsers(japanese: Client, secadmin: User) -> None:
    secadmin.language = "en"
    secadmin.save()
    assert '<html lang="en">' in japanese.get("/").content.decode()
