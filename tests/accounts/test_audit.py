"""The audit log: who did what, only ever added."""

from datetime import timedelta

import pytest
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_a_deed_is_recorded_with_who_when_and_what() -> None:
    person = UserFactory.create(username="sem")
    entry = AuditEntry.objects.record(actor=person, verb="ticket.shared", target="42", name="Require MFA")
    entry.refresh_from_db()
    assert (entry.actor, entry.actor_name, entry.verb, entry.target) == (person, "sem", "ticket.shared", "42")
    assert entry.detail == {"name": "Require MFA"}
    assert timezone.now() - entry.at < timedelta(minutes=1)
    assert str(entry).endswith("sem ticket.shared 42")


def test_what_the_portal_does_by_itself_has_no_actor() -> None:
    entry = AuditEntry.objects.record(actor=None, verb="servicenow.expired")
    assert (entry.actor, entry.actor_name, entry.target, entry.detail) == (None, "", "", {})


def test_the_name_stays_as_it_was_when_the_person_is_renamed() -> None:
    person = UserFactory.create(username="sem")
    AuditEntry.objects.record(actor=person, verb="ticket.shared")
    User.objects.filter(pk=person.pk).update(username="sem.devries")
    assert AuditEntry.objects.get().actor_name == "sem"


def test_whoever_has_done_something_cannot_be_deleted() -> None:
    person = UserFactory.create()
    AuditEntry.objects.record(actor=person, verb="ticket.shared")
    with pytest.raises(ProtectedError):
        person.delete()


def test_the_newest_entry_comes_first() -> None:
    for verb in ("first", "second", "third"):
        AuditEntry.objects.record(actor=None, verb=verb)
    assert [entry.verb for entry in AuditEntry.objects.all()] == ["third", "second", "first"]


def test_an_administrator_reads_the_log_and_changes_nothing_in_it(
    client: Client, administrator: User
) -> None:
    entry = AuditEntry.objects.record(actor=administrator, verb="ticket.shared", target="42")
    client.force_login(administrator)
    log = "/admin/accounts/auditentry/"
    assert "ticket.shared" in client.get(log).content.decode()
    assert client.get(f"{log}{entry.pk}/change/").status_code == 200
    for address in (f"{log}add/", f"{log}{entry.pk}/change/", f"{log}{entry.pk}/delete/"):
        assert client.post(address, {"verb": "nothing"}).status_code == 403, address
    chosen = {"action": "delete_selected", "_selected_action": entry.pk, "post": "yes"}
    client.post(log, chosen)
    assert AuditEntry.objects.get().verb == "ticket.shared"
