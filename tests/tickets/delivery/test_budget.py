"""How many calls are made: no more than the hour allows, and none while ServiceNow asked to wait."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.moments import exact
from connector.budget import KEPT_FOR_PUSHES, allowed
from connector.models import Connection, Instance
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.delivery.comments import send_due, write
from tickets.delivery.push import push, push_due
from tickets.models import Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery
from tickets.models.comments import CommentState, Element
from tickets.tracking.poll import poll_sweep

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def browser(client: Client, secadmin: User) -> Client:
    client.force_login(secadmin)
    return client


def test_pushes_stop_when_the_hours_calls_are_used_up_and_go_on_when_calls_are_free(
    sandbox: SandboxProcess, connection: Connection, clock: Clock, settings: LazySettings
) -> None:
    settings.API_CALLS_PER_HOUR = 4  # For each of two: a look for the requester, a create.
    tickets = [TicketFactory.create(instance=connection.instance) for _ in range(3)]
    assert push_due(clock=clock) == 2
    assert len(sandbox.records("change_request")) == 2
    assert push(tickets[2].pk, clock=clock) == AttemptResult.BUDGET
    clock.advance(minutes=59)
    assert push_due(clock=clock) == 0
    clock.advance(minutes=6)
    # The same again for one ticket, and the three looks that one costs which has waited.
    settings.API_CALLS_PER_HOUR = 6
    assert push_due(clock=clock) == 1
    assert len(sandbox.records("change_request")) == 3


def test_polls_leave_a_quarter_of_the_hours_calls_to_pushes(
    sandbox: SandboxProcess, connection: Connection, clock: Clock, settings: LazySettings
) -> None:
    settings.API_CALLS_PER_HOUR = 8
    push(TicketFactory.create(instance=connection.instance).pk, clock=clock)
    for _ in range(10):
        poll_sweep(clock=clock)
    connection.instance.refresh_from_db()
    assert connection.instance.calls_left(clock(), settings.API_CALLS_PER_HOUR) == 2
    assert push(TicketFactory.create(instance=connection.instance).pk, clock=clock) == AttemptResult.DELIVERED


def test_notes_leave_a_quarter_of_the_hours_calls_to_pushes(
    connection: Connection, delivered: Ticket, settings: LazySettings
) -> None:
    connection.instance.refresh_from_db()
    settings.API_CALLS_PER_HOUR = connection.instance.calls_in_hour + 6
    for _ in range(10):
        write(uuid4(), delivered, "Done.", Element.WORK_NOTES, by=delivered.requested_by, now=timezone.now())
    send_due()
    assert 0 < delivered.comments.filter(state=CommentState.DELIVERED).count() < 6
    other = TicketFactory.create(instance=connection.instance, requested_by=delivered.requested_by)
    assert push(other.pk) == AttemptResult.DELIVERED


@pytest.mark.parametrize(("kind", "pause"), [("rate_limit", 90), ("rate_limit_bare", 60)])
def test_a_rate_limit_holds_back_every_ticket(
    sandbox: SandboxProcess, connection: Connection, clock: Clock, kind: str, pause: int
) -> None:
    """Without a header, for a minute."""
    for _ in range(3):
        TicketFactory.create(instance=connection.instance)
    sandbox.fault(kind, seconds=90)
    assert push_due(clock=clock) == 1
    clock.advance(seconds=pause - 5)
    assert push_due(clock=clock) == 0
    clock.advance(seconds=15)
    assert push_due(clock=clock) == 3
    # A bare 429 may be anybody's, and the record of the first may come up yet.
    is_bare = kind == "rate_limit_bare"
    assert len(sandbox.records("change_request")) == 3 - is_bare
    for _ in range(3):
        clock.advance(minutes=3)
        push_due(clock=clock)
    assert len(sandbox.records("change_request")) == 3


def test_a_used_up_hour_is_told_with_the_moment_when_it_goes_on(
    connection: Connection, ticket: Ticket, browser: Client, settings: LazySettings
) -> None:
    settings.API_CALLS_PER_HOUR = 1
    assert push(ticket.pk) == AttemptResult.BUDGET
    ticket.refresh_from_db()
    connection.instance.refresh_from_db()
    free_at = connection.instance.calls_free_at(timezone.now(), 1)
    assert (ticket.attempts, ticket.sent_at) == (0, None)
    page = browser.get(ticket.get_absolute_url()).content.decode()
    assert "This hour&#x27;s calls to ServiceNow are used up" in page
    assert "The connection needs attention" not in page
    assert "as soon as calls are free" in page
    assert f"by themselves from {exact(free_at)} on" in browser.get(reverse("home")).content.decode()


@pytest.mark.parametrize(
    ("column", "result"),
    [("circuit_open_until", AttemptResult.UNREACHABLE), ("rate_limited_until", AttemptResult.RATE_LIMITED)],
)
def test_an_instance_that_is_left_alone_needs_no_attention(
    connection: Connection, ticket: Ticket, column: str, result: AttemptResult
) -> None:
    until = timezone.now() + timedelta(minutes=1)
    Instance.objects.update(**{column: until})
    assert push(ticket.pk) == result
    ticket.refresh_from_db()
    assert (ticket.next_attempt_at, ticket.attempts, ticket.sent_at) == (until, 0, None)


def test_whoever_asks_for_more_than_deliveries_leave_is_told_until_when(
    connection: Connection, delivered: Ticket, browser: Client, settings: LazySettings
) -> None:
    made = Instance.objects.get().calls_in_hour
    settings.API_CALLS_PER_HOUR = made + 1
    Ticket.objects.update(seen_at=None)
    other = TicketFactory.create(instance=connection.instance, delivery=Delivery.ATTENTION)
    asked = [
        browser.post(reverse("connector:test"), follow=True),
        browser.post(reverse("tickets:refresh", args=[delivered.pk]), follow=True),
        browser.post(reverse("read_state_names"), follow=True),
        browser.post(reverse("tickets:try_fields", args=[delivered.kind]), follow=True),
        browser.get(reverse("tickets:fields", args=[delivered.kind]), {"field": "assignment_group"}),
        browser.get(reverse("tickets:change_template")),
        browser.get(reverse("tickets:link", args=[other.pk]), {"record": "CHG0030001"}),
    ]
    assert Instance.objects.get().calls_in_hour == made
    until = exact(Instance.objects.get().calls_free_at(timezone.now(), allowed(KEPT_FOR_PUSHES)))
    for page in asked:
        assert f"kept for sending tickets. Try again at {until}." in page.content.decode()


def test_once_more_calls_are_allowed_what_waited_for_them_goes_on(
    connection: Connection, clock: Clock, settings: LazySettings
) -> None:
    settings.API_CALLS_PER_HOUR = 1
    ticket = TicketFactory.create(instance=connection.instance)
    assert push(ticket.pk, clock=clock) == AttemptResult.BUDGET
    settings.API_CALLS_PER_HOUR = 100
    clock.advance(minutes=6)
    assert push_due(clock=clock) == 1


@pytest.mark.parametrize("page", ["trial", "check"])
def test_no_trial_is_begun_that_could_not_be_ended(
    sandbox: SandboxProcess, connection: Connection, browser: Client, settings: LazySettings, page: str
) -> None:
    for settings.API_CALLS_PER_HOUR in range(3, 48, 3):
        Instance.objects.update(calls_in_hour=0)
        if page == "trial":
            browser.post(reverse("tickets:try_fields", args=["change_request"]))
        else:
            browser.post(reverse("connector:check"), {"make_records": "yes"})
    made = [*sandbox.records("change_request"), *sandbox.records("incident")]
    assert [record["number"] for record in made if record["active"] == "true"] == []
    assert made
