"""When a record was closed, and how many points its action had then."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from connector.models import Connection
from scorecard.models import ImprovementAction
from tests.factories import ActionFactory, ControlScoreDayFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.linking import foreign, link_to
from tickets.configuration import state_names
from tickets.delivery.push import push
from tickets.models import Ticket, new_sys_id
from tickets.models.choices import Delivery, NormalizedState
from tickets.tracking.poll import poll_delta, poll_sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def action(db: None) -> ImprovementAction:
    """It had 3 points until two weeks ago, and has 8 since."""
    action: ImprovementAction = ActionFactory.create(score=8)
    for day, score in {20: 3, 14: 3, 13: 8, 0: 8}.items():
        ControlScoreDayFactory.create(action=action, scored_on=ago(day).date(), score=score)
    return action


@pytest.fixture
def ticket(connection: Connection, action: ImprovementAction) -> Ticket:
    return TicketFactory.create(instance=connection.instance, action=action)


@pytest.fixture
def ended(connection: Connection, action: ImprovementAction) -> Ticket:
    """A change in Review, where it was last changed a fortnight ago."""
    ticket: Ticket = TicketFactory.create(
        instance=connection.instance, action=action, delivery=Delivery.DELIVERED, sys_id=new_sys_id(), state="0",
        normalized_state=NormalizedState.IN_PROGRESS, sys_mod_count=3, sys_updated_on=ago(14), seen_at=ago(0),
    )  # fmt: skip
    return ticket


def ago(days: float) -> datetime:
    return (timezone.now() - timedelta(days=days)).replace(microsecond=0)


def close(sandbox: SandboxProcess, ticket: Ticket, at: datetime) -> None:
    ticket.refresh_from_db()
    sandbox.change("change_request", ticket.sys_id, state="3", active="false", close_code="successful")
    # What was closed earlier than it is noticed.
    sandbox.change("change_request", ticket.sys_id, closed_at=f"{at:%Y-%m-%d %H:%M:%S}")


def closing(ticket: Ticket) -> tuple[datetime | None, float | None]:
    ticket.refresh_from_db()
    return ticket.closed_at, ticket.score_when_closed


def mean(instance_of: Ticket, state: str, normalized_state: str, by: User) -> None:
    state_names.save(
        instance_of.instance, "en", {f"change_request:{state}": state_names.Choice("", normalized_state)}, by
    )


def test_the_points_at_closing_are_kept(
    sandbox: SandboxProcess, ticket: Ticket, action: ImprovementAction
) -> None:
    push(ticket.pk)
    ticket.refresh_from_db()
    sandbox.change("change_request", ticket.sys_id, state="3", active="false", close_code="successful")
    poll_sweep()
    before = closing(ticket)
    assert before[1] == 8
    action.score_days.filter(scored_on=ago(0).date()).update(score=9)
    sandbox.change("change_request", ticket.sys_id, close_notes="All done.")
    poll_sweep()
    assert closing(ticket) == before
    assert not ticket.is_open


def test_points_are_those_of_the_closing_day_however_late_it_is_noticed(
    sandbox: SandboxProcess, ticket: Ticket
) -> None:
    push(ticket.pk)
    close(sandbox, ticket, at := ago(15))
    poll_sweep()
    assert closing(ticket) == (at, 3)


def test_points_before_the_first_known_day_stay_unknown(sandbox: SandboxProcess, ticket: Ticket) -> None:
    push(ticket.pk)
    close(sandbox, ticket, at := ago(100))
    poll_sweep()
    assert closing(ticket) == (at, None)


def test_a_record_that_was_closed_long_before_it_is_linked(
    sandbox: SandboxProcess, stuck: Ticket, action: ImprovementAction
) -> None:
    Ticket.objects.update(action=action)
    stuck.refresh_from_db()
    row = foreign(sandbox, state="3", active="false", close_code="successful")
    row = sandbox.change("change_request", row["sys_id"], closed_at=f"{(at := ago(15)):%Y-%m-%d %H:%M:%S}")
    assert link_to(stuck, row)
    assert closing(stuck) == (at, 3)


def test_what_was_opened_and_closed_unseen_counts_from_its_last_closing(
    sandbox: SandboxProcess, ticket: Ticket
) -> None:
    push(ticket.pk)
    for at, score in ((ago(15), 3), (ago(5), 8)):
        close(sandbox, ticket, at)
        poll_delta()
        assert closing(ticket) == (at, score)


def test_a_state_that_now_means_closed_was_reached_when_the_record_changed_last(
    ended: Ticket, secadmin: User
) -> None:
    mean(ended, "0", "closed", secadmin)
    assert closing(ended) == (ended.sys_updated_on, 3)
    assert not ended.is_open


def test_a_state_that_no_longer_means_closed_leaves_no_closing(ended: Ticket, secadmin: User) -> None:
    mean(ended, "0", "closed", secadmin)
    Ticket.objects.update(closed_at=ago(14), score_when_closed=3)
    mean(ended, "0", "in_progress", secadmin)
    assert closing(ended) == (None, None)
    assert ended.is_open
