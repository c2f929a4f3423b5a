"""Journals of any length, and of instances that close them, refuse to sort, or do not understand the question."""

import pytest

from connector.models import Connection, Instance
from connector.servicenow import transport
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tickets.delivery.push import push
from tickets.models import Ticket, TicketNote
from tickets.tracking import journal
from tickets.tracking.poll import poll_delta, poll_sweep

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def pair(sandbox: SandboxProcess, connection: Connection) -> list[Ticket]:
    tickets = TicketFactory.create_batch(2, instance=connection.instance)
    for ticket in tickets:
        push(ticket.pk)
        ticket.refresh_from_db()
    return tickets


def add(sandbox: SandboxProcess, ticket: Ticket, *texts: str) -> None:
    for text in texts:
        sandbox.change("change_request", ticket.sys_id, work_notes=text)


def texts() -> set[str]:
    return set(TicketNote.objects.values_list("text", flat=True))


def calls() -> int:
    return Instance.objects.get().calls_in_hour


def test_more_entries_than_one_answer_holds_are_all_read(
    sandbox: SandboxProcess, pair: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LIMIT", 3)
    for ticket in pair:
        add(sandbox, ticket, *(f"{ticket.number} {number}" for number in range(4)))
    assert poll_delta() == 2
    assert TicketNote.objects.count() == len(texts()) == 8


@pytest.mark.parametrize("query_denial", ["ignored", "forbidden"])
def test_where_sorting_is_refused_long_journals_are_read_all_the_same(
    sandbox: SandboxProcess, pair: list[Ticket], monkeypatch: pytest.MonkeyPatch, query_denial: str
) -> None:
    sandbox.settings(range_queries_allowed=False, query_denial=query_denial)
    Instance.objects.update(range_queries_allowed=False)
    add(sandbox, pair[0], "Read me.")
    poll_sweep()
    assert texts() == {"Read me."}
    monkeypatch.setattr(journal, "LIMIT", 2)
    add(sandbox, pair[0], "And me.", "And me, too.")
    poll_sweep()
    assert texts() == {"Read me.", "And me.", "And me, too."}


def test_a_journal_that_is_too_large_for_one_answer_is_read_in_parts(
    sandbox: SandboxProcess, pair: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LARGEST_BODY", 60_000)
    long, other = pair
    mails = {f"{number} " + "mail" * 3500 for number in range(6)}
    add(sandbox, long, *mails)
    sandbox.change("change_request", other.sys_id, state="-4")
    assert poll_delta() == 2
    other.refresh_from_db()
    assert other.state == "-4"
    assert texts() == mails
    assert Instance.objects.get().last_error_at is None


def test_an_entry_that_is_too_large_by_itself_holds_nothing_up(
    sandbox: SandboxProcess, pair: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LARGEST_BODY", 60_000)
    add(sandbox, pair[0], "mail" * 20_000)
    sandbox.change("change_request", pair[1].sys_id, state="-4")
    assert poll_delta() == 2
    assert Instance.objects.get().last_error_at is None


def test_a_closed_table_of_journals_is_asked_once(sandbox: SandboxProcess, pair: list[Ticket]) -> None:
    add(sandbox, pair[0], "Nobody reads me.")
    sandbox.fault("forbidden", method="GET", about="/table/sys_journal_field", times=50)
    before = calls()
    assert poll_delta() == 1
    # The delta's page, the empty one after it, and the batch.
    assert calls() - before == 3
    assert texts() == set()


def test_strangers_are_not_turned_over(
    sandbox: SandboxProcess, pair: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = sandbox.create("incident", short_description="Not ours")
    for number in range(9):
        sandbox.change("incident", stranger["sys_id"], work_notes=f"Private {number}")
    add(sandbox, pair[0], "Ours.")
    sandbox.settings(unreadable_fields="element_id", unreadable_field_query="ignored")
    monkeypatch.setattr(journal, "LIMIT", 2)
    before = calls()
    assert poll_delta() == 1
    assert calls() - before == 4
    assert texts() == set()


def test_a_journal_that_cannot_be_read_to_its_end_holds_nothing_up(
    sandbox: SandboxProcess, pair: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LIMIT", 2)
    add(sandbox, pair[0], "One.", "Two.", "Three.")
    sandbox.change("change_request", pair[1].sys_id, state="-4")
    sandbox.fault("server_error", method="GET", about="ORDERBYsys_created_on^", times=50)
    sandbox.fault("server_error", method="GET", about="ORDERBYsys_created_on%5E", times=50)
    assert poll_delta() == 2
    pair[1].refresh_from_db()
    assert pair[1].state == "-4"
    assert Instance.objects.get().last_error_at is None


def test_what_people_write_in_a_hundred_tickets_is_read_by_one_call(
    sandbox: SandboxProcess, pair: list[Ticket]
) -> None:
    add(sandbox, pair[0], *(f"Note {number}" for number in range(1001)))
    before = calls()
    assert poll_delta() == 1
    assert calls() - before == 3
    assert len(texts()) == 1001


def test_a_first_page_with_hidden_entries_is_not_taken_for_all(
    sandbox: SandboxProcess, pair: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LIMIT", 3)
    add(sandbox, pair[0], "one", "two", "three", "four", "five")
    first = sandbox.records("sys_journal_field")[0]
    sandbox.settings(hidden_rows=f"sys_id={first['sys_id']}")
    poll_delta()
    assert texts() == {"two", "three", "four", "five"}
