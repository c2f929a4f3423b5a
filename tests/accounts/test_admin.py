"""The administration's actions are the same deeds as elsewhere; what is history cannot be changed."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from accounts.roles import ADMINISTRATOR, READER, SECURITY_ADMINISTRATOR
from scorecard.models import ActionPlan
from tests.factories import ActionFactory, ConnectionFactory, TicketFactory, UserFactory
from tickets.models import Ticket, TicketEvent
from tickets.models.choices import Delivery

pytestmark = pytest.mark.django_db
USERS, TICKETS = "/admin/accounts/user/", "/admin/tickets/ticket/"


@pytest.fixture
def admin_person() -> User:
    """An administrator by the role alone."""
    person = UserFactory.create(username="aiko")
    person.groups.add(Group.objects.get(name=ADMINISTRATOR))
    return person


@pytest.fixture
def browser(client: Client, admin_person: User) -> Client:
    client.force_login(admin_person)
    return client


def act(browser: Client, address: str, action: str, *rows: Any) -> str:
    """Choose rows and an action in a list; the page that follows."""
    form = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    page = browser.post(address, form, follow=True)
    assert page.status_code == 200
    return page.content.decode()


def test_deactivating_signs_people_out_and_is_in_the_log(
    browser: Client, reader: User, admin_person: User
) -> None:
    other = Client()
    other.force_login(reader)
    page = act(browser, USERS, "deactivate", reader, admin_person)
    assert "1 person was deactivated." in page
    assert "You cannot deactivate yourself." in page
    assert other.get("/tickets/").status_code == 302
    reader.refresh_from_db()
    assert not reader.is_active
    entry = AuditEntry.objects.get(verb="person.deactivated")
    assert (entry.actor, entry.target) == (admin_person, reader.username)
    assert "1 person may sign in again." in act(browser, USERS, "reactivate", reader)


def test_signing_others_out_everywhere(browser: Client, reader: User, secadmin: User) -> None:
    other = Client()
    other.force_login(reader)
    assert "2 people were signed out." in act(browser, USERS, "sign_out_everywhere", reader, secadmin)
    assert other.get("/tickets/").status_code == 302


def user_form(person: User, **changes: Any) -> dict[str, Any]:
    form = {
        "username": person.username,
        "first_name": "",
        "last_name": "",
        "email": person.email,
        "language": "",
        "tenant_id": "",
        "object_id": "",
        "groups": [group.pk for group in person.groups.all()],
    }
    return form | changes


def test_a_role_given_in_the_administration_is_in_the_log_and_ends_sessions(
    browser: Client, reader: User
) -> None:
    other = Client()
    other.force_login(reader)
    role = Group.objects.get(name=SECURITY_ADMINISTRATOR)
    page = browser.post(f"{USERS}{reader.pk}/change/", user_form(reader, groups=[role.pk]))
    assert page.status_code == 302
    assert other.get("/tickets/").status_code == 302
    entry = AuditEntry.objects.get(verb="person.roles_changed")
    assert entry.detail == {"before": [READER], "after": [SECURITY_ADMINISTRATOR]}


def test_a_change_without_a_role_ends_no_session(browser: Client, reader: User) -> None:
    other = Client()
    other.force_login(reader)
    browser.post(f"{USERS}{reader.pk}/change/", user_form(reader, first_name="Rin"))
    assert other.get("/tickets/").status_code == 200
    assert AuditEntry.objects.get().verb == "person.changed"


def test_nobody_raises_themselves_above_their_role(browser: Client, admin_person: User, reader: User) -> None:
    powers = {"is_superuser": "on", "is_staff": "on", "is_active": "", "user_permissions": [1, 2, 3]}
    for person in (admin_person, reader):
        browser.post(f"{USERS}{person.pk}/change/", user_form(person, **powers))
        person.refresh_from_db()
        assert not person.is_superuser
        assert person.is_active
        assert not person.user_permissions.exists()
    assert not reader.is_staff


def test_only_a_superuser_changes_a_superuser(browser: Client, administrator: User) -> None:
    page = browser.post(f"{USERS}{administrator.pk}/change/", user_form(administrator, first_name="X"))
    assert page.status_code == 403
    new = {"password1": "staple " * 3, "password2": "staple " * 3}
    assert browser.post(f"{USERS}{administrator.pk}/password/", new).status_code == 403
    assert "0 people were deactivated." in act(browser, USERS, "deactivate", administrator)


def test_a_password_set_for_somebody_is_in_the_log_and_nowhere_else(browser: Client, reader: User) -> None:
    new = {"password1": "staple " * 3, "password2": "staple " * 3, "usable_password": "true"}
    assert browser.post(f"{USERS}{reader.pk}/password/", new).status_code == 302
    entry = AuditEntry.objects.get(verb="person.changed")
    assert "password" in str(entry.detail)
    assert "staple" not in str(entry.detail)
    reader.refresh_from_db()
    page = browser.get(f"{USERS}{reader.pk}/change/").content.decode()
    assert reader.password not in page
    assert reader.password.split("$")[-1] not in page


def test_nobody_is_deleted(client: Client, administrator: User, reader: User) -> None:
    client.force_login(administrator)
    assert client.post(f"{USERS}{reader.pk}/delete/", {"post": "yes"}).status_code == 403
    act(client, USERS, "delete_selected", reader)
    assert User.objects.filter(pk=reader.pk).exists()


def test_a_new_person_is_added_with_a_log_entry(browser: Client) -> None:
    new = {
        "username": "rin",
        "password1": "staple " * 3,
        "password2": "staple " * 3,
        "usable_password": "true",
    }
    assert browser.post(f"{USERS}add/", new).status_code == 302
    assert AuditEntry.objects.get().verb == "person.added"
    assert LogEntry.objects.count() == 1


def test_tickets_are_sent_again_and_discarded_by_the_verbs_of_their_page(
    browser: Client, admin_person: User
) -> None:
    connection = ConnectionFactory.create(is_current=True, status="connected", authorized_at=timezone.now())
    ours = {"instance": connection.instance}
    stuck, other = TicketFactory.create_batch(2, delivery=Delivery.ATTENTION, **ours)
    waiting = TicketFactory.create(**ours)
    page = act(browser, TICKETS, "send_again", stuck, waiting)
    assert "1 ticket will be sent again." in page
    assert "1 ticket does not need to be sent again." in page
    event = TicketEvent.objects.get(ticket=stuck)
    assert (event.type, event.actor) == (TicketEvent.Type.RETRIED, admin_person)
    sent = TicketFactory.create(delivery=Delivery.ATTENTION, sent_at=stuck.created_at, **ours)
    page = act(browser, TICKETS, "discard", other, sent)
    assert "1 ticket was discarded." in page
    assert "1 ticket may exist in ServiceNow, so it was not discarded." in page
    assert Ticket.objects.get(pk=other.pk).delivery == Delivery.DISCARDED
    assert {entry.verb for entry in AuditEntry.objects.all()} == {"ticket.retried", "ticket.discarded"}


def test_whoever_may_not_work_on_tickets_is_offered_no_action(client: Client, reader: User) -> None:
    User.objects.filter(pk=reader.pk).update(is_staff=True)
    client.force_login(reader)
    ticket = TicketFactory.create(delivery=Delivery.ATTENTION)
    assert "send_again" not in client.get(TICKETS).content.decode()
    act(client, TICKETS, "send_again", ticket)
    assert Ticket.objects.get(pk=ticket.pk).delivery == Delivery.ATTENTION


@pytest.mark.parametrize(
    "model", ["tickets_ticket", "tickets_ticketevent", "tickets_pushattempt", "auth_group"]
)
def test_histories_and_roles_have_no_button_that_changes_them(
    client: Client, administrator: User, model: str
) -> None:
    client.force_login(administrator)
    page = client.get(reverse(f"admin:{model}_changelist")).content.decode()
    assert reverse(f"admin:{model}_add") not in page
    assert "delete_selected" not in page


def test_what_was_typed_in_the_administration_is_kept_as_well(browser: Client, admin_person: User) -> None:
    plan = ActionPlan.objects.create(action=ActionFactory.create(), status="planned")
    address = f"/admin/scorecard/actionplan/{plan.pk}/change/"
    session = browser.session
    session["seen_at"] = 0
    session.save()
    form = {"action": plan.action_id, "status": "risk_accepted", "notes": "Agreed with Sem", "_save": "Save"}
    assert browser.post(address, form)["Location"].startswith("/accounts/login/?next=/admin/")
    browser.force_login(admin_person)
    page = browser.get(address).content.decode()
    assert "Agreed with Sem" in page
    assert '<option value="risk_accepted" selected>' in page
    assert "This was not sent" in page
    plan.refresh_from_db()
    assert plan.status == "planned"
