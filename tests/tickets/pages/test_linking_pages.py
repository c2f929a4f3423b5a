"""The pages on which a person links, chooses and unlinks; without JavaScript, over real HTTP to the sandbox."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, User
from connector.clock import Clock as Now
from connector.models import Connection
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.delivery.lease import Claim
from tickets.delivery.push import push
from tickets.models import Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def browser(secadmin: User, client: Client) -> Client:
    client.force_login(secadmin)
    return client


def address(ticket: Ticket, record: str = "") -> str:
    return reverse("tickets:link", args=[ticket.pk]) + (f"?record={record}" if record else "")


def offered(page: str) -> dict[str, dict[str, str]]:
    """The forms that link: by the button's number, what they send."""
    forms = re.findall(
        r'name="sys_id" value="(\w+)">.*?name="seen" value="([\w ]*)">.*?Link (\w+) to', page, re.DOTALL
    )
    return {number: {"sys_id": sys_id, "seen": seen} for sys_id, seen, number in forms}


def said(browser: Client, ticket: Ticket) -> str:
    return browser.get(ticket.get_absolute_url()).content.decode()


def test_a_record_is_looked_up_shown_and_linked(
    sandbox: SandboxProcess, browser: Client, stuck: Ticket, secadmin: User
) -> None:
    row = sandbox.create("change_request", short_description="Made by hand", work_notes="Looked at it.")
    page = browser.get(address(stuck, row["number"].lower())).content.decode()
    assert "Made by hand" in page
    looked_up = AuditEntry.objects.get(verb="ticket.looked_up")
    assert (looked_up.actor, looked_up.detail["record"]) == (secadmin, row["number"].lower())
    assert row["number"] in page
    answer = browser.post(address(stuck), offered(page)[row["number"]])
    assert answer["Location"] == stuck.get_absolute_url()
    stuck.refresh_from_db()
    assert (stuck.delivery, stuck.sys_id) == (Delivery.DELIVERED, row["sys_id"])
    page = said(browser, stuck)
    assert "Looked at it." in page
    assert f"Linked to a record by a person ({secadmin}): {row['number']}" in re.sub(r"\s+", " ", page)


def test_sending_the_choice_twice_is_harmless(
    sandbox: SandboxProcess, browser: Client, stuck: Ticket
) -> None:
    row = sandbox.create("change_request")
    choice = offered(browser.get(address(stuck, row["sys_id"])).content.decode())[row["number"]]
    assert [browser.post(address(stuck), choice)["Location"] for _ in range(2)] == [
        stuck.get_absolute_url()
    ] * 2
    assert stuck.events.filter(type="linked").count() == 1


def test_looking_alone_links_nothing(sandbox: SandboxProcess, browser: Client, stuck: Ticket) -> None:
    row = sandbox.create("change_request")
    browser.get(address(stuck, row["number"]))
    stuck.refresh_from_db()
    assert stuck.delivery == Delivery.ATTENTION


@pytest.mark.parametrize("named", ["CHG9999999", "the+one+from+Monday", "https://a.service-now.com/x"])
def test_what_is_not_found_is_told_at_the_field_and_kept(
    sandbox: SandboxProcess, browser: Client, stuck: Ticket, named: str
) -> None:
    answer = browser.get(address(stuck, named))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["record"])
    assert f'value="{named.replace("+", " ")}"' in answer.content.decode()


def test_another_tickets_record_is_shown_with_that_ticket_and_without_a_button(
    sandbox: SandboxProcess, browser: Client, stuck: Ticket, ticket: Ticket
) -> None:
    push(ticket.pk)
    ticket.refresh_from_db()
    page = browser.get(address(stuck, ticket.number)).content.decode()
    assert offered(page) == {}
    assert "Another ticket is linked to this record." in page
    assert ticket.get_absolute_url() in page
    browser.post(address(stuck), {"sys_id": ticket.sys_id, "seen": ""})
    assert Ticket.objects.get(pk=stuck.pk).delivery == Delivery.ATTENTION


def test_of_two_records_the_page_offers_both_and_the_story_names_the_other(
    sandbox: SandboxProcess, browser: Client, connection: Connection
) -> None:
    ticket = TicketFactory.create(instance=connection.instance, delivery=Delivery.CONFLICT)
    one, other = (sandbox.create("change_request", correlation_id=str(ticket.pk)) for _ in range(2))
    assert reverse("tickets:link", args=[ticket.pk]) in said(browser, ticket)
    page = browser.get(address(ticket)).content.decode()
    assert set(offered(page)) == {one["number"], other["number"]}
    browser.post(address(ticket), offered(page)[other["number"]])
    ticket.refresh_from_db()
    assert ticket.number == other["number"]
    assert f"key: {one['number']}." in said(browser, ticket)
    assert len(sandbox.records("change_request")) == 2


def test_a_record_that_arrives_between_looking_and_linking_stops_it(
    sandbox: SandboxProcess, browser: Client, stuck: Ticket
) -> None:
    row = sandbox.create("change_request")
    choice = offered(browser.get(address(stuck, row["number"])).content.decode())[row["number"]]
    late = sandbox.create("change_request", correlation_id=str(stuck.pk))
    answer = browser.post(address(stuck), choice, follow=True)
    assert "another record with this ticket&#x27;s key by now" in answer.content.decode()
    assert set(offered(answer.content.decode())) == {row["number"], late["number"]}
    assert Ticket.objects.get(pk=stuck.pk).delivery == Delivery.ATTENTION


def test_what_a_worker_holds_is_told_and_not_offered(
    sandbox: SandboxProcess, browser: Client, ticket: Ticket, clock: Clock
) -> None:
    Claim.take(Ticket.objects.all(), ticket.pk, Now.read(clock))
    sandbox.clear_log()
    page = browser.get(address(ticket, "CHG0030001")).content.decode()
    assert "It is being sent just now" in page
    assert "<form class" not in page.partition("<main")[2].partition("</main")[0]
    assert sandbox.requests()["total"] == 0


def test_while_servicenow_does_not_answer_nothing_is_linked_and_the_number_is_kept(
    sandbox: SandboxProcess, browser: Client, stuck: Ticket
) -> None:
    row = sandbox.create("change_request")
    sandbox.stop()
    page = browser.get(address(stuck, row["number"])).content.decode()
    assert "ServiceNow could not be asked just now" in page
    assert f'value="{row["number"]}"' in page
    assert browser.post(address(stuck), {"sys_id": row["sys_id"], "seen": ""}).status_code == 302
    assert Ticket.objects.get(pk=stuck.pk).delivery == Delivery.ATTENTION
    sandbox.start()


def test_a_ticket_of_another_instance_is_not_asked_for_there(
    sandbox: SandboxProcess, browser: Client, connection: Connection
) -> None:
    stranger = TicketFactory.create(delivery=Delivery.ATTENTION)
    sandbox.clear_log()
    page = browser.get(address(stranger, "CHG0030001")).content.decode()
    assert "ServiceNow could not be asked just now" in page
    assert sandbox.requests()["total"] == 0


def test_unlinking_says_what_happens_and_takes_a_reason(
    sandbox: SandboxProcess, browser: Client, ticket: Ticket
) -> None:
    push(ticket.pk)
    ticket.refresh_from_db()
    unlink = reverse("tickets:unlink", args=[ticket.pk])
    page = browser.get(unlink).content.decode()
    assert f"{ticket.number} stays in ServiceNow as it is" in page
    refused = browser.post(unlink, {"sys_id": ticket.sys_id})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["reason"])
    browser.post(unlink, {"sys_id": "0" * 32, "reason": "moved"})
    assert Ticket.objects.get(pk=ticket.pk).is_delivered
    browser.post(unlink, {"sys_id": ticket.sys_id, "reason": "moved"})
    page = said(browser, ticket)
    assert "The work goes on in another record" in page
    for way in ("link", "anew", "discard"):
        assert reverse(f"tickets:{way}", args=[ticket.pk]) in page
    assert browser.get(unlink).status_code == 302


def test_an_unlinked_tickets_old_record_is_offered_as_carrying_its_key(
    sandbox: SandboxProcess, browser: Client, ticket: Ticket
) -> None:
    push(ticket.pk)
    ticket.refresh_from_db()
    row = sandbox.create("change_request")
    browser.post(reverse("tickets:unlink", args=[ticket.pk]), {"sys_id": ticket.sys_id, "reason": "wrong"})
    page = browser.get(address(ticket, row["number"])).content.decode()
    assert set(offered(page)) == {row["number"], ticket.number}
    browser.post(address(ticket), offered(page)[row["number"]])
    assert f"key: {ticket.number}." in said(browser, ticket)


@pytest.mark.parametrize("denial", ["ignored", "forbidden"])
def test_where_the_key_cannot_be_asked_for_a_named_record_can_be_linked(
    sandbox: SandboxProcess, browser: Client, ticket: Ticket, clock: Clock, denial: str
) -> None:
    sandbox.create("change_request", short_description="Somebody else's")
    sandbox.settings(honour_sys_id=False, unreadable_fields="correlation_id", unreadable_field_query=denial)
    assert push(ticket.pk, clock=clock) == AttemptResult.UNMATCHED_RECORD
    Ticket.objects.update(sent_at=clock() - timedelta(hours=1))
    ours = sandbox.records("change_request")[-1]
    page = browser.get(address(ticket, ours["number"]))
    assert ours["number"] in page.content.decode()
    browser.post(address(ticket), {"sys_id": ours["sys_id"], "seen": page.context["seen"]})
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.sys_id) == (Delivery.DELIVERED, ours["sys_id"])
