"""What states are called and what they mean: the instance's words, ours, and the defaults."""

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import AuditEntry, User
from connector.models import Connection
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tickets.configuration import state_names
from tickets.models import StateName, Ticket, new_sys_id
from tickets.models.choices import Delivery, Kind, NormalizedState
from tickets.models.state_labels import name_of
from tickets.models.ticket_type import TYPES
from tickets.pages.card_tickets import ROWS
from tickets.tracking.poll import poll_sweep

pytestmark = pytest.mark.django_db
PAGE = "/servicenow/configuration/states/"


def row(language: str, theirs: str = "", ours: str = "", value: str = "-4") -> StateName:
    return StateName(
        kind=Kind.CHANGE_REQUEST, value=value, language=language, their_label=theirs, our_label=ours
    )


@pytest.mark.parametrize(
    ("rows", "language", "name"),
    [
        ([], "en", "Assess"),
        ([row("en", "Assess")], "ja", None),
        ([row("en", "Evaluate")], "en", "Evaluate"),
        ([row("en", "Evaluate")], "ja", "Evaluate"),
        ([row("en", "Evaluate"), row("ja", "査定")], "ja", "査定"),
        ([row("en", "Evaluate", "Look at it"), row("ja", "査定")], "ja", "査定"),
        ([row("en", "", "Look at it")], "ja", None),
        ([row("en", "Assess", "Look at it")], "ja", None),
        ([row("en", "Evaluate", "Look at it")], "ja", "Evaluate"),
        ([row("ja", "査定", "見る"), row("en", "Assess")], "en", "Assess"),
        ([row("en", "Evaluate", "Look at it"), row("ja", "査定", "見る")], "ja", "見る"),
        ([row("ja", "査定", "見る")], "en", "Assess"),
        ([row("de", "Prüfung", value="77")], "en", "Assess"),
    ],
)
def test_our_name_comes_first_then_theirs_then_the_default(
    rows: list[StateName], language: str, name: str | None
) -> None:
    with translation.override("ja"):
        default = name_of(Kind.CHANGE_REQUEST, "-4", [], "ja")
    assert name_of(Kind.CHANGE_REQUEST, "-4", rows, language) == (name or default)


def test_a_state_that_nobody_knows_has_whatever_name_was_read() -> None:
    assert name_of(Kind.CHANGE_REQUEST, "77", [row("de", "Prüfung", value="77")], "en") == "Prüfung"
    assert name_of(Kind.CHANGE_REQUEST, "77", [row("ja", ours="見る", value="77")], "en") == "見る"
    assert name_of(Kind.CHANGE_REQUEST, "78", [], "en") == ""


def delivered(connection: Connection, state: str, **more: object) -> Ticket:
    fields = {
        "delivery": Delivery.DELIVERED,
        "sys_id": new_sys_id(),
        "normalized_state": NormalizedState.IN_PROGRESS,
        **more,
    }
    return TicketFactory.create(instance=connection.instance, state=state, next_attempt_at=None, **fields)


def test_names_are_read_from_the_instance(connection: Connection, sandbox: SandboxProcess) -> None:
    assert (state_names.learn_now(timezone.now()) or 0) > 10
    sandbox.settings(choices_readable=False)
    assert state_names.learn_now(timezone.now(), only_if_needed=True) is None
    sandbox.create("change_request", short_description="x", state="-3")
    assert (state_names.learn_now(timezone.now()) or 0) > 0
    assert connection.instance.state_names.get(kind="incident", value="1").their_label == "New"


def test_every_state_is_named_where_choices_are_closed_and_no_record_exists(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    sandbox.settings(choices_readable=False)
    state_names.learn_now(timezone.now())
    for kind in Kind:
        named = connection.instance.state_names.filter(kind=kind, language="en").exclude(their_label="")
        assert set(named.values_list("value", flat=True)) == set(TYPES[kind].states)


def test_a_sleeping_instance_has_not_been_asked(connection: Connection, sandbox: SandboxProcess) -> None:
    sandbox.fault("hibernating", route="any", method="any", times=50)
    assert state_names.learn_now(timezone.now()) is None
    sandbox.clear()
    connection.instance.refresh_from_db()
    assert connection.instance.consecutive_failures == 1
    assert not state_names.were_read(connection.instance)


def test_a_state_that_servicenow_added_appears_by_itself(
    connection: Connection, sandbox: SandboxProcess, client: Client, secadmin: User
) -> None:
    state_names.learn_now(timezone.now())
    record = sandbox.create("change_request", short_description="x", state="-5")
    ticket = delivered(connection, "-5", sys_id=record["sys_id"], sys_mod_count=-1)
    sandbox.create("sys_choice", name="change_request", element="state", value="42", label="In the lab", language="en",
                   inactive="false", sequence="9")  # fmt: skip
    sandbox.change("change_request", record["sys_id"], state="42")
    poll_sweep()
    assert (state_names.learn_now(timezone.now(), only_if_needed=True) or 0) > 0
    ticket.refresh_from_db()
    assert (ticket.state, ticket.state_words, ticket.is_open) == ("42", "In the lab", True)
    client.force_login(secadmin)
    assert "In the lab" in client.get(PAGE).content.decode()


def test_a_new_name_and_meaning_count_at_once_and_a_reset_undoes_them(
    client: Client, secadmin: User, connection: Connection
) -> None:
    ticket = delivered(connection, "-1")
    client.force_login(secadmin)
    posted = {"label:change_request:-1": "Doing it", "meaning:change_request:-1": "closed"}
    assert client.post(PAGE, posted).status_code == 302
    ticket = Ticket.objects.get(pk=ticket.pk)
    assert (ticket.state_words, ticket.normalized_state, ticket.is_open) == (
        "Doing it",
        NormalizedState.CLOSED,
        False,
    )
    assert AuditEntry.objects.get(verb="states.named").detail["states"] == {"change_request:-1": "Doing it"}
    client.post(PAGE + "reset/")
    ticket = Ticket.objects.get(pk=ticket.pk)
    assert (ticket.state_words, ticket.normalized_state, ticket.is_open) == (
        "Implement",
        NormalizedState.IN_PROGRESS,
        True,
    )


def test_an_empty_name_shows_what_counts_in_its_place(
    client: Client, secadmin: User, connection: Connection, sandbox: SandboxProcess
) -> None:
    client.force_login(secadmin)
    page = client.get(PAGE).content.decode()
    assert 'placeholder="Assess"' in page
    assert "not read from ServiceNow yet" in page
    client.post(PAGE + "read/")
    client.post(PAGE, {"label:change_request:-4": "Look at it"})
    page = client.get(PAGE).content.decode()
    assert 'value="Look at it"' in page
    assert 'placeholder="Assess"' in page
    assert "not read from ServiceNow yet" not in page


def test_a_name_is_kept_for_the_language_it_was_given_in(
    client: Client, secadmin: User, connection: Connection
) -> None:
    ticket = delivered(connection, "-1")
    client.force_login(secadmin)
    client.post(PAGE, {"label:change_request:-1": "実装中"}, headers={"accept-language": "ja"})
    for language, words in {"ja": "実装中", "en": "Implement"}.items():
        with translation.override(language):
            assert Ticket.objects.get(pk=ticket.pk).state_words == words


def test_a_name_given_in_english_is_not_what_japanese_readers_see(
    client: Client, secadmin: User, connection: Connection
) -> None:
    """In whichever language the page was open while the name was typed: the others keep their own."""
    ticket = delivered(connection, "-1")
    client.force_login(secadmin)
    with translation.override("ja"):
        before = Ticket.objects.get(pk=ticket.pk).state_words
    client.post(PAGE, {"label:change_request:-1": "Doing it"}, headers={"accept-language": "en"})
    page = client.get(PAGE, headers={"accept-language": "ja"}).content.decode()
    assert "Doing it" not in page
    for language, words in {"ja": before, "en": "Doing it"}.items():
        with translation.override(language):
            assert Ticket.objects.get(pk=ticket.pk).state_words == words


def test_a_name_that_is_too_long_is_said_at_its_field(
    client: Client, secadmin: User, connection: Connection
) -> None:
    client.force_login(secadmin)
    page = client.post(PAGE, {"label:incident:1": "x" * 101})
    assert page.status_code == 422
    assert "x" * 101 in page.content.decode()
    assert not StateName.objects.exists()


def test_lists_ask_once_for_the_names_of_all_rows(
    client: Client, secadmin: User, connection: Connection
) -> None:
    client.force_login(secadmin)
    counts = []
    for _ in range(2):
        # As many as fill a card: what fills up a shorter one costs a query of its own.
        for number in range(ROWS):
            delivered(connection, "-1", name=f"ticket {number}")
        with CaptureQueriesContext(database) as queries:
            client.get("/tickets/")
            client.get("/cards/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_readers_may_not_change_names(client: Client, reader: User, connection: Connection) -> None:
    client.force_login(reader)
    assert client.get(PAGE).status_code == 403
    for page in (PAGE, PAGE + "read/", PAGE + "reset/"):
        assert client.post(page).status_code == 403


def test_a_sleeping_instance_changes_no_name(
    client: Client, secadmin: User, connection: Connection, sandbox: SandboxProcess
) -> None:
    sandbox.stop()
    client.force_login(secadmin)
    page = client.post(PAGE + "read/", follow=True)
    assert "Nothing was changed" in page.content.decode()
    assert not StateName.objects.exists()


def test_a_person_is_told_when_the_instance_shows_no_names(
    connection: Connection, sandbox: SandboxProcess, administrator: User, client: Client
) -> None:
    sandbox.settings(choices_readable=False, meta_readable=False, unreadable_fields="state")
    client.force_login(administrator)
    page = client.post(reverse("read_state_names"), follow=True).content.decode()
    assert "shows the integration user no names" in page
    assert "could not be asked" not in page
