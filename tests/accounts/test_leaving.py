"""Whoever leaves: deactivated, with a successor for what is still open, and let in again."""

import pytest
from django.test import Client

from accounts import guards, people
from accounts.models import AuditEntry, User
from accounts.roles import READER, SECURITY_ADMINISTRATOR
from tests.accounts.test_own_account import administrator
from tests.accounts.test_people_pages import entry, of_role, page_of, seen, sent
from tests.factories import ActionPlanFactory, TicketFactory
from tickets.models import Ticket
from tickets.models.choices import Delivery

pytestmark = pytest.mark.django_db


@pytest.fixture
def aiko() -> User:
    """An administrator by the role alone, with a password."""
    return administrator("aiko")


@pytest.fixture
def browser(client: Client, aiko: User) -> Client:
    client.force_login(aiko)
    return client


@pytest.fixture
def sem() -> User:
    """Somebody who may take over."""
    return of_role("sem", SECURITY_ADMINISTRATOR, first_name="Sem", last_name="de Vries")


@pytest.fixture
def rin() -> User:
    """Somebody who may go."""
    return of_role("rin", SECURITY_ADMINISTRATOR, first_name="Rin", last_name="Tanaka")


def test_deactivating_says_what_happens_and_gives_plans_to_whom_was_chosen(
    browser: Client, aiko: User, rin: User, sem: User
) -> None:
    mine, planned = ActionPlanFactory.create(owner=rin), ActionPlanFactory.create(owner=rin, status="planned")
    accepted = ActionPlanFactory.create(owner=rin, status="risk_accepted")
    others = ActionPlanFactory.create(owner=sem)
    ticket = TicketFactory.create(requested_by=rin)
    TicketFactory.create(requested_by=rin, delivery=Delivery.DISCARDED, is_open=False)
    other = Client()
    other.force_login(rin)

    page = seen(browser, page_of(rin, "deactivate/"))
    assert "2 open action plans: whoever takes over becomes their owner." in page
    assert "1 open ticket: it keeps its requester, whom ServiceNow knows." in page
    assert "Rin Tanaka (rin)" not in page
    assert "Sem de Vries (sem)" in page

    # Nothing is chosen beforehand.
    assert "This field is required." in sent(browser, page_of(rin, "deactivate/"), 422)
    rin.refresh_from_db()
    assert rin.is_active

    page = sent(browser, page_of(rin, "deactivate/"), successor=sem.pk)
    assert "Rin Tanaka is deactivated and signed out." in page
    assert "Sem de Vries</a>" in page
    assert other.get("/tickets/").status_code == 302
    rin.refresh_from_db()
    assert (rin.is_active, rin.successor) == (False, sem)
    for plan, owner in ((mine, sem), (planned, sem), (accepted, rin), (others, sem)):
        plan.refresh_from_db()
        assert plan.owner == owner
    ticket.refresh_from_db()
    assert ticket.requested_by == rin

    assert (entry("person.deactivated").actor, entry("person.deactivated").target) == (aiko, "rin")
    assert entry("person.handed_over").detail == {"successor": "sem"}
    noted = AuditEntry.objects.filter(verb="plan.handed_over")
    assert {each.target for each in noted} == {mine.action.control_id, planned.action.control_id}
    assert [each.detail for each in noted] == [{"before": "rin", "after": "sem"}] * 2

    other.force_login(sem)
    told = seen(other, ticket.get_absolute_url())
    assert "rin was deactivated, and you take over their open action plans and tickets." in told
    assert "now looked after by Sem de Vries" in told


def test_nobody_may_take_over_for_now_and_somebody_later(browser: Client, rin: User, sem: User) -> None:
    plan = ActionPlanFactory.create(owner=rin)
    sent(browser, page_of(rin, "deactivate/"), successor="nobody")
    plan.refresh_from_db()
    assert plan.owner == rin
    page = seen(browser, page_of(rin))
    assert "Nobody has taken over yet" in page
    assert page_of(rin, "hand-over/") in page
    sent(browser, page_of(rin, "hand-over/"), 422, successor="nobody")
    page = sent(browser, page_of(rin, "hand-over/"), successor=sem.pk)
    assert "Sem de Vries takes over from Rin Tanaka." in page
    plan.refresh_from_db()
    assert plan.owner == sem
    assert "There is nothing to hand over." in sent(browser, page_of(rin, "hand-over/"), successor=sem.pk)


def test_whoever_has_nothing_open_is_deactivated_without_a_choice(
    browser: Client, rin: User, sem: User
) -> None:
    assert "No open action plan or ticket" in seen(browser, page_of(rin, "deactivate/"))
    sent(browser, page_of(rin, "deactivate/"))
    rin.refresh_from_db()
    assert (rin.is_active, rin.successor) == (False, None)
    assert "This account is deactivated already." in sent(browser, page_of(rin, "deactivate/"))


def test_only_whoever_is_let_in_and_may_work_takes_over(browser: Client, rin: User, sem: User) -> None:
    ActionPlanFactory.create(owner=rin)
    reader, gone = of_role("looker", READER), of_role("gone", SECURITY_ADMINISTRATOR)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    for other in (reader, gone, rin):
        sent(browser, page_of(rin, "deactivate/"), 422, successor=other.pk)
        # Between choosing and sending, too.
        with pytest.raises(guards.Refused, match="Choose somebody else"):
            people.deactivate(rin, by=sem, successor=other)
    rin.refresh_from_db()
    assert rin.is_active
    assert not AuditEntry.objects.exists()


def test_what_was_taken_over_goes_on_to_the_next(aiko: User, rin: User, sem: User) -> None:
    mio = of_role("mio", SECURITY_ADMINISTRATOR)
    plan = ActionPlanFactory.create(owner=rin)
    people.deactivate(rin, by=aiko, successor=sem)
    people.deactivate(sem, by=aiko, successor=mio)
    for person in (rin, sem):
        person.refresh_from_db()
        assert person.successor == mio
    plan.refresh_from_db()
    assert plan.owner == mio


def test_nobody_deactivates_themselves(browser: Client, aiko: User) -> None:
    assert page_of(aiko, "deactivate/") not in seen(browser, page_of(aiko))
    assert "You cannot deactivate yourself." in sent(browser, page_of(aiko, "deactivate/"))
    aiko.refresh_from_db()
    assert aiko.is_active


def test_whoever_is_reactivated_has_their_role_and_tickets_again_and_no_successor(
    browser: Client, aiko: User, rin: User, sem: User
) -> None:
    plan = ActionPlanFactory.create(owner=rin)
    people.deactivate(rin, by=aiko, successor=sem)
    page = seen(browser, page_of(rin, "reactivate/"))
    assert f"with this role: {SECURITY_ADMINISTRATOR}" in page
    assert "Sem de Vries keeps the action plans that were handed over" in page
    assert "Rin Tanaka may sign in again." in sent(browser, page_of(rin, "reactivate/"))
    rin.refresh_from_db()
    plan.refresh_from_db()
    assert (rin.is_active, rin.successor, plan.owner) == (True, None, sem)
    assert entry("person.reactivated").actor == aiko
    assert "This account is active already." in sent(browser, page_of(rin, "reactivate/"))


def test_signing_somebody_out_ends_every_session(browser: Client, aiko: User, rin: User) -> None:
    devices = [Client(), Client()]
    for device in devices:
        device.force_login(rin)
    assert "Rin Tanaka is signed out everywhere." in sent(browser, page_of(rin, "sign-out/"))
    assert [device.get("/tickets/").status_code for device in devices] == [302, 302]
    noted = entry("person.signed_out_everywhere")
    assert (noted.actor, noted.target) == (aiko, "rin")


def test_a_choice_is_kept_when_the_session_ends(browser: Client, aiko: User, rin: User, sem: User) -> None:
    ActionPlanFactory.create(owner=rin)
    session = browser.session
    session["seen_at"] = 0
    session.save()
    answer = browser.post(page_of(rin, "deactivate/"), {"successor": sem.pk})
    assert answer["Location"].startswith("/accounts/login/")
    browser.force_login(aiko)
    page = seen(browser, page_of(rin, "deactivate/"))
    assert "This was not sent" in page
    assert f'<option value="{sem.pk}" selected>' in page
    rin.refresh_from_db()
    assert rin.is_active


def test_a_ticket_on_its_way_is_left_alone(aiko: User, rin: User, sem: User) -> None:
    ticket = TicketFactory.create(requested_by=rin)
    before = Ticket.objects.filter(pk=ticket.pk).values().get()
    people.deactivate(rin, by=aiko, successor=sem)
    assert Ticket.objects.filter(pk=ticket.pk).values().get() == before
