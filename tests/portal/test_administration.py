"""Django's admin, as the portal sets it up: every page opens for an administrator, and none shows a secret."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, User
from connector.access import client_factory
from connector.models import Connection, ConnectionSecrets
from connector.models.secret_fields import Bound
from scorecard.models import ScoreDay
from scorecard.models.import_state import ImportState
from tests.factories import (
    NOON,
    ActionPlanFactory,
    ChangeTemplateFactory,
    ConnectionFactory,
    ControlScoreDayFactory,
    FieldMappingFactory,
    FieldTrialFactory,
    FindingFactory,
    StateNameFactory,
    TicketCommentFactory,
    TicketEventFactory,
    TicketNoteFactory,
)
from tickets.models import PushAttempt

pytestmark = pytest.mark.django_db
CANARIES = {name: f"canary-{name}" for name in ("client_secret", "access_token", "refresh_token")}


@pytest.fixture
def everything(administrator: User) -> None:
    """At least one row of whatever the administration shows, and a connection with secrets."""
    connection = ConnectionFactory.create(status=Connection.Status.CONNECTED, is_current=True)
    client_factory.keep_client_secret(connection, CANARIES["client_secret"])
    ConnectionSecrets.objects.update(**{name: Bound(("canary",), text) for name, text in CANARIES.items()})
    event = TicketEventFactory.create(actor=administrator)
    PushAttempt.objects.create(
        ticket=event.ticket, started_at=NOON, ended_at=NOON, result="rejected", status=403
    )
    StateNameFactory.create()
    TicketNoteFactory.create()
    TicketCommentFactory.create()
    FieldMappingFactory.create()
    FindingFactory.create()
    ChangeTemplateFactory.create()
    FieldTrialFactory.create()
    ActionPlanFactory.create(owner=administrator)
    ControlScoreDayFactory.create()
    ImportState.objects.create(succeeded_at=NOON)
    ScoreDay.objects.create(scored_on=NOON.date(), calculated_at=NOON, current_score=1, max_score=2)
    AuditEntry.objects.record(actor=administrator, verb="servicenow.connected", target="acme")


def shown() -> list[type[Model]]:
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


def address(model: type[Model], page: str, *arguments: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def without_secrets(page: str) -> bool:
    return not any(canary in page for canary in CANARIES.values())


def test_the_index_opens_and_leads_to_every_list(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    page = client.get("/admin/")
    assert page.status_code == 200
    for model in shown():
        assert address(model, "changelist") in page.content.decode()


@pytest.mark.parametrize("model", shown(), ids=lambda model: model._meta.label)
def test_a_list_and_the_page_of_a_row_open_and_show_no_secret(
    client: Client, administrator: User, everything: None, model: type[Model]
) -> None:
    client.force_login(administrator)
    row = model._default_manager.first()
    assert row, "add a row of it to `everything`"
    for page in (
        address(model, "changelist"),
        address(model, "change", row.pk),
        address(model, "history", row.pk),
    ):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert without_secrets(answer.content.decode()), page


def test_searching_every_list_works(client: Client, administrator: User, everything: None) -> None:
    client.force_login(administrator)
    for model in shown():
        if admin.site._registry[model].search_fields:
            assert client.get(address(model, "changelist"), {"q": "acme"}).status_code == 200, model


def test_secrets_are_not_in_the_administration_nor_in_a_dump(
    everything: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ConnectionSecrets not in shown()
    call_command("dumpdata", "connector")
    dumped = capsys.readouterr().out
    assert "acme" in dumped or "service-now.com" in dumped
    assert without_secrets(dumped)


def test_whoever_is_staff_without_the_permission_sees_no_list(client: Client, reader: User) -> None:
    reader.is_staff = True
    reader.save()
    client.force_login(reader)
    assert client.get("/admin/accounts/user/").status_code == 403
    assert client.get("/admin/accounts/auditentry/").status_code == 403


def test_roles_are_given_as_groups_in_the_administration(
    client: Client, administrator: User, reader: User
) -> None:
    client.force_login(administrator)
    page = client.get(address(User, "change", reader.pk)).content.decode()
    for group in Group.objects.all():
        assert f">{group.name}</option>" in page
