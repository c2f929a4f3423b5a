"""All tickets, the cards and the export: the same tickets, the same numbers."""

import csv
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connector.models import Connection
from tests.factories import ActionFactory, InstanceFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tickets.delivery.push import push
from tickets.models import Ticket
from tickets.models.choices import Category, Delivery, Kind, NormalizedState, Outcome, Priority, Source
from tickets.models.outcomes_of import outcomes_of, tickets_with
from tickets.pages.export import safe
from tickets.records.dates import today

pytestmark = [pytest.mark.django_db]
Queries = Callable[[int], AbstractContextManager[object]]


@pytest.fixture
def browser(secadmin: User, client: Client) -> Client:
    client.force_login(secadmin)
    return client


def delivered(**facts: Any) -> Ticket:
    ticket: Ticket = TicketFactory.create(
        delivery=Delivery.DELIVERED, sys_id=uuid4().hex, normalized_state=NormalizedState.IN_PROGRESS, **facts
    )
    return ticket


def listed(browser: Client, query: str = "") -> list[str]:
    page = browser.get(reverse("tickets:list") + query)
    assert page.status_code == 200
    return [ticket.name for ticket in page.context["page"]]


def exported(browser: Client, query: str = "") -> list[dict[str, str]]:
    answer = browser.get(reverse("tickets:export") + query)
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.parametrize(
    ("query", "facts"),
    [
        ("?q=needle", {"name": "A needle in here"}),
        ("?q=chg00307", {"number": "CHG0030712"}),
        ("?q=a+needle", {"name": "needle, a"}),
        ("?kind=incident", {"kind": Kind.INCIDENT}),
        ("?status=on_hold", {"normalized_state": NormalizedState.ON_HOLD}),
        ("?status=on_hold&open=on", {"normalized_state": NormalizedState.ON_HOLD}),
        ("?status=missing", {"missing_since": timezone.now()}),
        ("?delivery=attention", {"delivery": Delivery.ATTENTION, "sys_id": ""}),
        ("?attention=on", {"delivery": Delivery.CONFLICT, "sys_id": ""}),
        ("?attention=on&open=on", {"delivery": Delivery.CONFLICT, "sys_id": ""}),
        ("?attention=on&status=new&open=on", {"twin_since": timezone.now()}),
        ("?priority=1", {"priority": Priority.CRITICAL}),
        ("?category=data", {"recommendation_category": Category.DATA}),
        ("?overdue=on", {"due_on": date(2020, 1, 1)}),
        ("?kind=incident&open=on", {"kind": Kind.INCIDENT}),
        ("?q=INC0010007", {"number": "INC0010007"}),
        ("?q=inc0010007", {"number": "INC0010007"}),
        ("?assignee=abel+tuter", {"record_labels": {"assigned_to": "Abel Tuter"}}),
        ("?group=Network&open=on", {"record_labels": {"assignment_group": "Network"}}),
    ],
)
def test_a_filter_shows_what_matches_and_nothing_else(
    browser: Client, query: str, facts: dict[str, Any]
) -> None:
    delivered(name="Something else", due_on=date(2099, 1, 1))
    match = TicketFactory.create(
        **{
            "delivery": "delivered",
            "sys_id": uuid4().hex,
            "normalized_state": NormalizedState.NEW,
            "name": "Wanted",
        }
        | facts
    )
    assert listed(browser, query) == [match.name]
    assert [row["Ticket name"] for row in exported(browser, query)] == [match.name]


def test_tickets_are_filtered_by_who_recommended_them(browser: Client) -> None:
    delivered(name="Own idea")
    delivered(name="Microsoft's", recommendation_source=Source.MICROSOFT, action=ActionFactory.create())
    assert listed(browser, "?source=microsoft") == ["Microsoft's"]


def test_nonsense_in_the_address_is_ignored(browser: Client) -> None:
    delivered(name="One")
    assert listed(browser, "?kind=x&status=%00&priority=high&sort=;drop&page=-7&instance=z") == ["One"]


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", ["A", "B", "C"]),
        ("-name", ["C", "B", "A"]),
        ("due", ["B", "A", "C"]),
        ("-priority", ["C", "A", "B"]),
    ],
)
def test_the_list_can_be_sorted(browser: Client, sort: str, names: list[str]) -> None:
    TicketFactory.create(name="A", due_on=date(2030, 1, 2), priority=Priority.HIGH)
    TicketFactory.create(name="B", due_on=date(2030, 1, 1), priority=Priority.CRITICAL)
    TicketFactory.create(name="C", due_on=None, priority=Priority.LOW)
    assert listed(browser, f"?sort={sort}") == names


def test_mine_are_those_that_i_or_whom_i_succeed_asked_for(browser: Client, secadmin: User) -> None:
    before = TicketFactory.create(name="Inherited", requested_by__successor=secadmin)
    TicketFactory.create(name="Own", requested_by=secadmin)
    TicketFactory.create(name="Somebody's")
    for query in ("?mine=on", "?mine=on&open=on"):
        assert listed(browser, query) == ["Own", before.name]
        assert {row["Ticket name"] for row in exported(browser, query)} == {"Own", before.name}
    assert browser.get(reverse("tickets:list") + "?mine=on").context["counts"].open == 2


@pytest.mark.parametrize("sort", ["name", "assignee"])
def test_sorting_ignores_case_and_puts_nothing_last(browser: Client, sort: str) -> None:
    for name in ("b", "A", "C"):
        delivered(name=name, record_labels={"assigned_to": name})
    for order, names in (("", ["A", "b", "C"]), ("-", ["C", "b", "A"])):
        assert listed(browser, f"?sort={order}{sort}") == names
    delivered(name="nobody's")
    assert listed(browser, "?sort=assignee")[-1] == listed(browser, "?sort=-assignee")[-1] == "nobody's"


def test_the_filters_offer_who_works_on_tickets_and_are_chips(browser: Client) -> None:
    for name, group in (("Beth Anglin", "network"), ("abel tuter", "Desk"), ("Beth Anglin", "Desk")):
        delivered(record_labels={"assigned_to": name, "assignment_group": group})
    plain = browser.get(reverse("tickets:list") + "?q=&assignee=Beth+Anglin&group=&mine=on&sort=")
    assert plain.headers["Location"] == reverse("tickets:list") + "?assignee=Beth+Anglin&mine=on"
    page = browser.get(plain.headers["Location"])
    choices = [
        select.options for select in page.context["form"].selects() if select.name in ("assignee", "group")
    ]
    assert [re.findall(r'value="([^"]+)"', options) for options in choices] == [
        ["abel tuter", "Beth Anglin"], ["Desk", "network"],
    ]  # fmt: skip
    assert [(chip.words, chip.address) for chip in page.context["chips"]] == [
        ("Assigned to: Beth Anglin", reverse("tickets:list") + "?mine=on"),
        ("Mine only", reverse("tickets:list") + "?assignee=Beth+Anglin"),
    ]
    part = browser.get(plain.headers["Location"], headers={"HX-Request": "true"})
    assert part.headers["HX-Replace-Url"] == plain.headers["Location"]
    assert "<html" not in part.content.decode()
    assert 'id="kinds"' in part.content.decode()


def test_pages_from_either_end_neither_repeat_nor_lose_a_ticket(browser: Client) -> None:
    instance = InstanceFactory.create()
    TicketFactory.create_batch(120, instance=instance, due_on=None)
    Ticket.objects.update(created_at=timezone.now())
    for sort in ("", "&sort=due", "&sort=-due", "&sort=-priority", "&sort=status"):
        names = [name for page in (1, 2, 3) for name in listed(browser, f"?page={page}{sort}")]
        assert len(names) == len(set(names)) == 120
    assert len(listed(browser, "?page=3")) == 20


def test_outcomes_asked_for_by_key_are_those_that_tickets_are_filtered_by() -> None:
    done = ActionFactory.create(score=10)
    reached = delivered(action=done, recommendation_source=Source.MICROSOFT)
    lost = delivered(
        action=ActionFactory.create(), is_open=False, score_when_closed=10, closed_at=timezone.now()
    )
    Ticket.objects.filter(pk=lost.pk).update(normalized_state=NormalizedState.CLOSED)
    others = [delivered(), TicketFactory.create()]
    for until in (None, timezone.now()):
        keys = [ticket.pk for ticket in (reached, lost, *others)]
        told = dict(Ticket.objects.with_outcome(until).values_list("pk", "outcome"))
        assert outcomes_of(keys, until) == told
        assert [told[key] for key in keys] == ["points_reached", "regressed", "", ""]
        for wanted in Outcome:
            assert tickets_with(wanted, until) == [key for key in keys if told[key] == wanted]


@pytest.mark.parametrize(
    ("other", "first_has", "other_has"),
    [
        ({"closed_at": -1}, "", "not_effective"),
        ({"closed_at": 1}, "not_effective", ""),
        ({"closed_at": 0, "created_at": 1}, "", "not_effective"),
        ({"closed_at": -1, "score_when_closed": 10}, "", "regressed"),
        ({"closed_at": -1, "normalized_state": NormalizedState.CANCELED}, "not_effective", ""),
        ({"is_open": True, "created_at": 1, "normalized_state": NormalizedState.NEW}, "", ""),
        ({"is_open": True, "created_at": -1, "normalized_state": NormalizedState.NEW}, "not_effective", ""),
        ({"is_open": True, "created_at": -1, "of_the_same": True}, "", ""),
        ({"is_open": True, "created_at": 1, "missing_since": 0}, "not_effective", ""),
        (
            {"is_open": True, "created_at": 1, "delivery": Delivery.UNLINKED, "sys_id": ""},
            "not_effective",
            "",
        ),
    ],
)
def test_of_two_tickets_for_an_action_the_list_is_filtered_by_the_outcomes_that_it_shows(
    other: dict[str, Any], first_has: str, other_has: str
) -> None:
    """Days in `other` are counted back from those of the first."""
    ago = timezone.now() - timedelta(days=20)
    action = ActionFactory.create(score=0)
    closed = {"action": action, "is_open": False, "closed_at": ago, "score_when_closed": 0}
    first = delivered(**closed)
    same = {"instance": first.instance} if other.pop("of_the_same", False) else {}
    second = delivered(**closed | same)
    moved = {
        name: ago + timedelta(days=-value if name == "closed_at" else value)
        for name, value in other.items()
        if name in {"closed_at", "created_at", "missing_since"}
    }
    Ticket.objects.update(normalized_state=NormalizedState.CLOSED, created_at=ago)
    Ticket.objects.filter(pk=second.pk).update(**other | moved)
    told = dict(Ticket.objects.with_outcome(timezone.now()).values_list("pk", "outcome"))
    assert [told[first.pk], told[second.pk]] == [first_has, other_has]
    for wanted in Outcome:
        assert tickets_with(wanted, timezone.now()) == [key for key, had in told.items() if had == wanted]


@pytest.mark.parametrize("count", [5, 120])
def test_the_list_asks_the_database_the_same_however_long_it_is(
    browser: Client, connection: Connection, count: int, django_assert_max_num_queries: Queries
) -> None:
    TicketFactory.create_batch(count, instance=connection.instance)
    with django_assert_max_num_queries(12):
        browser.get(reverse("tickets:list"))


def test_card_list_and_export_agree_on_open_overdue_and_attention(
    browser: Client, connection: Connection
) -> None:
    instance, day = connection.instance, today(timezone.now())
    for due_on, closed in [
        (day, False),
        (day - timedelta(1), False),
        (day - timedelta(9), True),
        (None, False),
    ]:
        delivered(instance=instance, due_on=due_on, is_open=not closed)
    delivered(instance=instance, due_on=day + timedelta(3), their_due_on=day - timedelta(2))
    TicketFactory.create(instance=instance, delivery=Delivery.ATTENTION, due_on=day - timedelta(1))
    TicketFactory.create(
        instance=instance, delivery=Delivery.DISCARDED, is_open=False, due_on=day - timedelta(1)
    )
    delivered(instance=InstanceFactory.create(), due_on=day - timedelta(1))
    card = browser.get(reverse("home")).context["cards"][0]
    assert (card.counts.open, card.counts.overdue, card.counts.attention) == (5, 3, 1)
    assert len(listed(browser, f"?{card.query}&open=on")) == 5
    assert len(listed(browser, f"?{card.query}&overdue=on")) == 3
    assert len(listed(browser, f"?{card.query}&attention=on")) == 1
    rows = exported(browser, f"?{card.query}")
    assert [row["Overdue"] for row in rows].count("Yes") == 3
    assert [row["Open"] for row in rows].count("Yes") == 5
    counts = browser.get(reverse("tickets:list") + f"?{card.query}").context["counts"]
    assert counts == card.counts


def test_card_and_list_agree_while_only_another_instance_has_tickets(
    browser: Client, connection: Connection
) -> None:
    delivered(instance=InstanceFactory.create())
    card = browser.get(reverse("home")).context["cards"][0]
    assert (card.counts.open, listed(browser, f"?{card.query}"), exported(browser, f"?{card.query}")) == (
        0,
        [],
        [],
    )


def test_the_export_is_in_the_readers_language(secadmin: User) -> None:
    delivered(name="One")
    client = Client(headers={"accept-language": "ja"})
    client.force_login(secadmin)
    answer = client.get(reverse("tickets:export"))
    assert "変更" in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_moments_of_the_export_are_read_by_spreadsheets_in_the_organizations_time(
    browser: Client, settings: LazySettings
) -> None:
    """Neither Excel nor LibreOffice takes 2026-11-23T12:00:00+00:00 for a moment: it stays text there, unsorted."""
    settings.TIME_ZONE = "Asia/Tokyo"
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    ticket = delivered(sys_updated_on=noon, closed_at=noon)
    Ticket.objects.filter(pk=ticket.pk).update(created_at=noon)
    (row,) = exported(browser)
    for column in ("Created", "Last changed", "Closed"):
        assert row[f"{column} (Asia/Tokyo)"] == "2026-11-23 21:00:00"


def test_the_export_asks_the_database_no_more_for_more_tickets(
    browser: Client, django_assert_max_num_queries: Queries
) -> None:
    labels = {"assigned_to": "Abel Tuter"}
    instance = InstanceFactory.create()
    for _ in range(20):
        delivered(action=ActionFactory.create(), record={"assignment_group": "b" * 32}, record_labels=labels,
                  instance=instance)  # fmt: skip
    with django_assert_max_num_queries(8):
        assert len(exported(browser)) == 20


def test_the_export_says_who_has_it_when_it_was_closed_and_what_it_is_for(browser: Client) -> None:
    action = ActionFactory.create(control_id="AdminMFAV2")
    delivered(
        name="B",
        action=action,
        record={"assigned_to": "a" * 32, "assignment_group": "b" * 32},
        record_labels={"assigned_to": "Abel Tuter", "assignment_group": "=Network"},
    )
    delivered(name="A")
    rows = {row["Ticket name"]: row for row in exported(browser)}
    told = [rows["B"][column] for column in ("Assigned to", "Assignment group", "Control ID")]
    assert told == ["Abel Tuter", "'=Network", "AdminMFAV2"]
    assert rows["B"]["Closed (UTC)"] == ""
    assert [rows["A"][column] for column in ("Assigned to", "Assignment group", "Control ID")] == [""] * 3


@pytest.mark.parametrize(
    "start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "＝1", "＠SUM(A1)"]
)
def test_no_cell_of_the_export_is_a_formula(start: str) -> None:
    # Behind a tab or an end of line, some see another cell.
    within = start.replace("\t=", "\t'=").replace("\r=", "\r'=")
    assert safe(start) == "'" + within
    assert safe("A" + start) == "A" + within


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("text", ["a\n=1+1;x", "a\r\n=1+1", "a\r@SUM(A1)", 'a"\n"=1', "a;\n\t+1"])
def test_no_line_within_a_cell_begins_with_a_formula(text: str, delimiter: str) -> None:
    file = io.StringIO()
    csv.writer(file).writerow(["INC1", safe(text), "Incident"])
    lines = file.getvalue().splitlines()
    cells = [cell for row in csv.reader(lines, delimiter=delimiter) for cell in row]
    assert not [
        cell for cell in cells if cell.lstrip(" \"'").startswith(("=", "+", "-", "@")) and cell[:1] != "'"
    ]


def test_a_name_that_is_a_formula_is_exported_as_text(browser: Client) -> None:
    delivered(name='=HYPERLINK("http://evil.example","Open")')
    assert exported(browser)[0]["Ticket name"].startswith("'=")


def test_a_hidden_card_is_gone_for_that_person_until_it_is_shown_again(
    browser: Client, reader: User, connection: Connection
) -> None:
    browser.post(reverse("hide_card", args=[Kind.INCIDENT]))
    shown = [card.kind for card in browser.get(reverse("home")).context["cards"]]
    assert shown == [kind for kind in Kind if kind != Kind.INCIDENT]
    other = Client()
    other.force_login(reader)
    assert len(other.get(reverse("home")).context["cards"]) == len(Kind)
    browser.post(reverse("show_card", args=[Kind.INCIDENT]))
    assert len(browser.get(reverse("home")).context["cards"]) == len(Kind)


@pytest.mark.parametrize("from_card", [True, False])
def test_a_ticket_is_refreshed_on_demand(
    browser: Client, connection: Connection, sandbox: SandboxProcess, from_card: bool
) -> None:
    ticket = TicketFactory.create(instance=connection.instance)
    push(ticket.pk)
    ticket.refresh_from_db()
    Ticket.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    sandbox.change("change_request", ticket.sys_id, state="-4")
    place = ("tickets:refresh_card", [Kind.CHANGE_REQUEST]) if from_card else ("tickets:refresh", [ticket.pk])
    page = browser.post(reverse(place[0], args=place[1]), follow=True)
    assert b"1 ticket had changed." in page.content
    assert b"Assess" in page.content
    sandbox.clear()
    browser.post(reverse("tickets:refresh", args=[ticket.pk]))
    assert sandbox.requests()["total"] == 0


def test_a_refresh_that_learns_that_the_record_is_gone_says_that_something_changed(
    browser: Client, connection: Connection, sandbox: SandboxProcess
) -> None:
    ticket = TicketFactory.create(instance=connection.instance)
    push(ticket.pk)
    Ticket.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    sandbox.create("change_request", short_description="another")
    sandbox.delete("change_request", Ticket.objects.get().sys_id)
    page = browser.post(reverse("tickets:refresh", args=[ticket.pk]), follow=True)
    assert b"1 ticket had changed." in page.content


def test_a_refresh_that_gets_no_answer_says_so(
    browser: Client, connection: Connection, sandbox: SandboxProcess
) -> None:
    ticket = delivered(instance=connection.instance)
    sandbox.fault("server_error", method="GET", times=20)
    page = browser.post(reverse("tickets:refresh", args=[ticket.pk]), follow=True)
    assert b"Nothing could be learned" in page.content
