"""Many actions in one go."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connector.models import Connection
from scorecard.models import ImprovementAction, ScoreDay
from scorecard.models.choices import Status
from tests.factories import NOON, ActionFactory, ActionPlanFactory, TicketFactory
from tickets.actions.bulk import LIMIT
from tickets.models import Ticket
from tickets.models.choices import Delivery, Kind, Priority, Source

pytestmark = [pytest.mark.django_db]
BULK = "/tickets/bulk/"


@pytest.fixture
def browser(secadmin: User, client: Client) -> Client:
    client.force_login(secadmin)
    return client


@pytest.fixture
def actions(db: None) -> list[ImprovementAction]:
    return ActionFactory.create_batch(3)


def ticked(actions: list[ImprovementAction]) -> dict[str, object]:
    return {"selection": "ticked", "action": [action.control_id for action in actions]}


def choose(browser: Client, selection: dict[str, object]) -> Any:
    """Select in the list of actions, and see the preview."""
    return browser.post(BULK, selection, follow=True)


def form_of(page: Any) -> dict[str, Any]:
    """Fill in what the page shows, as a browser would send it back; and to which address."""
    asked = page.request
    hidden = {
        "address": f"{asked['PATH_INFO']}?{asked['QUERY_STRING']}",
        "previewed": page.context["fingerprint"],
    }
    return {**hidden, "kind": "change_request", "priority": "", "due_on": "", "note": ""}


def post(browser: Client, form: dict[str, Any], **how: Any) -> Any:
    """Send a form to its address."""
    fields = {name: value for name, value in form.items() if name != "address"}
    return browser.post(str(form["address"]), fields, **how)


def test_the_chosen_actions_are_shown_first_and_nothing_is_sent(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    page = choose(browser, ticked(actions[:2]))
    assert [line.action for line in page.context["plan"].lines] == actions[:2]
    assert b"What will be sent" in page.content
    assert not Ticket.objects.exists()


def test_what_was_shown_is_sent_once_however_often_the_button_is_pressed(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    form = form_of(choose(browser, ticked(actions)))
    first, second = (post(browser, {**form, "step": "send"}) for _ in range(2))
    assert first["Location"] == second["Location"]
    tickets = Ticket.objects.order_by("name")
    assert [ticket.action for ticket in tickets] == actions
    assert {ticket.recommendation_source for ticket in tickets} == {Source.MICROSOFT}
    progress = browser.get(first["Location"])
    assert b"0 of 3 tickets are processed." in progress.content


def test_common_fields_are_set_and_sent_in_one_step(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    form = form_of(choose(browser, ticked(actions)))
    due = (timezone.now() + timedelta(days=50)).date()
    changed = {"kind": "incident", "priority": "5", "due_on": due.isoformat(), "note": "By the board."}
    shown = post(browser, {**form, **changed, "step": "preview"})
    assert shown.content.count(b"By the board.") == 4
    post(browser, {**form, **changed, "step": "send"})
    for ticket in Ticket.objects.all():
        assert (ticket.kind, ticket.priority, ticket.due_on) == (Kind.INCIDENT, Priority.PLANNING, due)
        assert ticket.description.startswith("By the board.\n\n")
    assert Ticket.objects.count() == 3


def test_a_row_has_a_priority_of_its_own_and_the_day_that_goes_with_it(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    first, second, third = actions
    form = form_of(choose(browser, ticked(actions)))
    own = [f"{first.control_id}:1", f"{second.control_id}:4", ""]
    post(browser, {**form, "priority": "2", "row_priority": own, "step": "send"})
    day = timezone.localdate()
    asked = {ticket.action: (ticket.priority, (ticket.due_on - day).days) for ticket in Ticket.objects.all()}
    assert asked == {
        first: (Priority.CRITICAL, 7),
        second: (Priority.LOW, 90),
        third: (Priority.HIGH, 14),
    }


def test_a_priority_that_the_type_lacks_is_refused_and_taken_back(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    form = form_of(choose(browser, ticked(actions)))
    for wrong in ("5", "12", "x"):
        own = [f"{actions[0].control_id}:{wrong}", "", ""]
        page = post(browser, {**form, "row_priority": own, "step": "send"})
        assert page.status_code == 422
        assert b"The priority chosen in a row does not exist for this task type." in page.content
        assert page.context["plan"].lines[0].own_priority is None
    two = {**form, "row_priority": [f"{action.control_id}:5" for action in actions], "step": "preview"}
    shown = post(browser, two, headers={"hx-request": "true"}).content
    assert shown.partition(b'id="plan"')[2].count(b"The priority chosen in a row does not exist") == 1
    assert not Ticket.objects.exists()


def test_rows_that_were_dropped_are_not_sent_and_stay_to_be_taken_back(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    form = form_of(choose(browser, ticked(actions)))
    dropped = {**form, "drop": [actions[1].control_id]}
    page = post(browser, {**dropped, "step": "preview"})
    assert [row.is_dropped for row in page.context["plan"].rows] == [False, True, False]
    assert b"Send 2 tickets" in page.content
    every = {**form, "drop": [action.control_id for action in actions], "step": "send"}
    assert b"Nothing was sent: every row is left out." in post(browser, every).content
    post(browser, {**dropped, "step": "send"})
    assert {ticket.action for ticket in Ticket.objects.all()} == {actions[0], actions[2]}
    assert "Location" in post(browser, {**dropped, "step": "send"}), "sent before"


def test_finished_actions_are_named_and_left_out(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    ActionPlanFactory.create(action=actions[0], status=Status.RISK_ACCEPTED)
    ImprovementAction.objects.filter(pk=actions[1].pk).update(score=F("max_score"))
    page = choose(browser, ticked(actions))
    text = page.content.decode()
    for action, label in ((actions[0], "Risk accepted"), (actions[1], "Completed")):
        assert f'lang="en">{action.title}</a>: {label}' in text
    post(browser, {**form_of(page), "step": "send"})
    assert [ticket.action for ticket in Ticket.objects.all()] == actions[2:]


def test_who_is_left_out_since_the_preview_is_named_before_anything_is_sent(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    form = form_of(choose(browser, ticked(actions)))
    TicketFactory.create(instance=connection.instance, action=actions[0])
    shown = post(browser, {**form, "step": "send"})
    assert (shown.status_code, Ticket.objects.count()) == (200, 1)
    assert b"Nothing was sent yet" in shown.content
    assert [ticket.action for ticket in shown.context["plan"].left_out] == actions[:1]
    post(browser, {**form_of(shown), "step": "send"})
    assert Ticket.objects.count() == 3


def test_where_all_are_left_out_since_the_preview_that_is_said(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    form = form_of(choose(browser, ticked(actions[:1])))
    TicketFactory.create(instance=connection.instance, action=actions[0])
    shown = post(browser, {**form, "step": "send"})
    assert b"Nothing was sent: all of these actions have an open ticket by now." in shown.content
    assert actions[0].title in shown.content.decode()


def test_what_an_import_changed_since_the_preview_is_shown_first(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    ScoreDay.objects.create(scored_on=NOON.date(), calculated_at=NOON, current_score=1, max_score=1000)
    form = form_of(choose(browser, ticked(actions)))
    ImprovementAction.objects.filter(pk=actions[0].pk).update(score=0, previous_score=9)
    shown = post(browser, {**form, "step": "send"})
    assert not Ticket.objects.exists()
    assert shown.context["plan"].lines[0].task.priority == Priority.HIGH
    post(browser, {**form_of(shown), "step": "send"})
    assert Ticket.objects.get(action=actions[0]).priority == Priority.HIGH


def test_a_form_sent_again_with_something_else_in_it_says_that_this_was_not_sent(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    form = {**form_of(choose(browser, ticked(actions))), "step": "send"}
    assert b"This form was sent before" not in post(browser, form, follow=True).content
    assert b"This form was sent before" not in post(browser, form, follow=True).content
    again = post(browser, {**form, "note": "By the board."}, follow=True)
    assert b"This form was sent before" in again.content
    assert Ticket.objects.count() == 3


def test_of_a_form_sent_again_only_what_was_not_sent_is_shown(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    other = TicketFactory.create(instance=connection.instance, action=actions[2])
    form = {**form_of(choose(browser, ticked(actions))), "step": "send"}
    post(browser, form)
    Ticket.objects.filter(pk=other.pk).update(is_open=False, delivery=Delivery.DISCARDED)
    again = post(browser, {**form, "note": "By the board."})
    assert [line.action for line in again.context["plan"].lines] == actions[2:]
    assert b"Nothing was sent yet" not in again.content
    assert b"Some of these tickets were sent before" in again.content
    assert again.content.count(b"Send 1 ticket") == 1
    post(browser, {**form_of(again), "note": "By the board.", "step": "send"})
    assert Ticket.objects.count() == 4


def test_actions_with_an_open_ticket_are_named_and_left_out(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    TicketFactory.create(instance=connection.instance, action=actions[0])
    page = choose(browser, ticked(actions))
    assert [line.action for line in page.context["plan"].lines] == actions[1:]
    assert re.search(r"are left out.*" + actions[0].title, page.content.decode(), re.DOTALL)
    post(browser, {**form_of(page), "step": "send"})
    assert Ticket.objects.filter(action=actions[0]).count() == 1
    assert Ticket.objects.count() == 3


def test_all_that_the_filters_show_can_be_shared_up_to_the_limit(
    browser: Client, connection: Connection
) -> None:
    ActionFactory.create_batch(LIMIT + 1)
    ActionFactory.create(category="Data")
    page = choose(browser, {"selection": "all", "query": "category=Identity"})
    assert len(page.context["plan"].lines) == LIMIT
    assert b"200 actions can be shared at a time" in page.content
    only = choose(browser, {"selection": "all", "query": "category=Data"})
    assert len(only.context["plan"].lines) == 1


@pytest.mark.parametrize("due_on", ["2020-01-01", "9999-12-31"])
def test_mistakes_are_told_and_nothing_is_sent(
    browser: Client, connection: Connection, actions: list[ImprovementAction], due_on: str
) -> None:
    form = form_of(choose(browser, ticked(actions)))
    wrong = post(browser, {**form, "step": "send", "priority": "5", "due_on": due_on})
    assert wrong.status_code == 422
    assert {"priority", "due_on"} <= set(wrong.context["form"].errors)
    assert not Ticket.objects.exists()
    assert browser.post(BULK, {})["Location"] == reverse("scorecard:actions")
    assert browser.get(BULK)["Location"] == reverse("scorecard:actions")


def test_without_a_connection_nothing_is_sent(browser: Client, actions: list[ImprovementAction]) -> None:
    form = form_of(choose(browser, ticked(actions)))
    answer = post(browser, {**form, "step": "send"})
    assert b"ServiceNow is not connected, so nothing was sent" in answer.content
    assert not Ticket.objects.exists()


def test_selection_and_note_outlive_a_sign_in_that_ends(
    browser: Client, secadmin: User, connection: Connection, actions: list[ImprovementAction]
) -> None:
    form = form_of(choose(browser, ticked(actions)))
    address = form["address"]
    written = {**form, "note": "Long thought about.", "step": "send"}
    for asked, sent in ((address, written), (BULK, {"address": BULK, **ticked(actions)})):
        session = browser.session
        session["seen_at"] -= timedelta(hours=1).total_seconds()
        session.save()
        assert post(browser, sent)["Location"].endswith(f"?next={quote(str(asked))}")
        browser.force_login(secadmin)
        page = browser.get(asked, follow=True)
        assert [line.action for line in page.context["plan"].lines] == actions
        assert (b"Long thought about." in page.content) == ("note" in sent)
        assert (b"This was not sent: your sign-in had ended" in page.content) == ("note" in sent)
        assert not Ticket.objects.exists()
    assert browser.get(BULK)["Location"] == reverse("scorecard:actions")


def test_going_back_to_a_preview_shows_it_again_or_the_tickets_it_made(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    form = form_of(choose(browser, ticked(actions)))
    shown = browser.get(form["address"])
    assert [line.action for line in shown.context["plan"].lines] == actions
    sent = post(browser, {**form, "note": "By the board.", "step": "send"})
    back = browser.get(form["address"], follow=True)
    assert back.redirect_chain == [(sent["Location"], 302)]
    assert b"what changed since was not sent" not in back.content
    assert Ticket.objects.count() == 3


@pytest.mark.parametrize("asked", ["batch=x", "batch=&action=1", "action=1", f"batch={UUID(int=1)}"])
def test_an_address_that_names_no_selection_leads_to_the_list(browser: Client, asked: str) -> None:
    for answer in (browser.get(f"{BULK}?{asked}"), browser.post(f"{BULK}?{asked}", {"step": "send"})):
        assert answer["Location"] == reverse("scorecard:actions")


def test_keys_that_are_none_are_passed_over(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    address = str(form_of(choose(browser, ticked(actions)))["address"])
    page = browser.get(f"{address}&action=x&action={'9' * 5000}&action={'9' * 18}&action=-1&action=")
    assert [line.action for line in page.context["plan"].lines] == actions


def test_progress_stops_asking_when_every_ticket_is_settled(
    browser: Client, connection: Connection, actions: list[ImprovementAction]
) -> None:
    form = form_of(choose(browser, ticked(actions)))
    address = post(browser, {**form, "step": "send"})["Location"]
    assert b"every 2s" in browser.get(address).content
    Ticket.objects.update(delivery=Delivery.ATTENTION)
    page = browser.get(address)
    assert b"every 2s" not in page.content
    assert b"3 of 3 tickets are processed." in page.content


def test_a_reader_shares_nothing(
    client: Client, reader: User, connection: Connection, actions: list[ImprovementAction]
) -> None:
    client.force_login(reader)
    assert client.post(BULK, ticked(actions)).status_code == 403
    assert b'form="bulk"' not in client.get(reverse("scorecard:actions")).content
