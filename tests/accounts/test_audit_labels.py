"""Every verb that goes into the audit log has words, and the log shows them."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.translation import gettext_lazy

from accounts import audit_labels
from accounts.audit_labels import verb_label
from accounts.models import AuditEntry, User
from tests.factories import TicketFactory
from tickets.models import TicketEvent
from tickets.models.events import audit_verb
from tools.messages import ROOT

LOG = "/admin/accounts/auditentry/"
SHAPE = re.compile(r"[a-z]+\.[a-z_]+")
PERMISSION = re.compile(r"[a-z]+\.(view|add|change|delete|manage)_")
# Happened to a ticket, told in its story and not in the log.
ONLY_EVENTS = {"ticket.replaces"}
WRITING = ("AuditEntry.objects.record(", "TicketEvent.objects.record_action(")
APPS = ["accounts", "connector", "portal", "scorecard", "tickets"]


def writers(app: str) -> list[Path]:
    """The modules of an app that write into the log."""
    paths = [path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    return [path for path in paths if any(call in path.read_text(encoding="utf-8") for call in WRITING)]


def verbs(path: Path) -> Iterator[str]:
    """What in a module looks like a verb, those that are made of what happened to a ticket as well."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if SHAPE.fullmatch(node.value) and not PERMISSION.match(node.value):
                yield node.value
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "TicketEvent.Type":
            yield audit_verb(TicketEvent.Type[node.attr])


@pytest.mark.parametrize("app", APPS)
def test_every_verb_of_an_app_has_a_label_there_and_every_label_a_use(app: str) -> None:
    used = {verb for path in writers(app) for verb in verbs(path)}
    registered = getattr(import_module(f"{app}.apps"), "AUDIT_LABELS", {})
    assert used - ONLY_EVENTS == set(registered)
    assert registered.items() <= audit_labels.LABELS.items()


def test_no_verb_is_registered_twice() -> None:
    with pytest.raises(ValueError, match=r"registered twice: ticket\.shared"):
        audit_labels.register({"ticket.sung_to": gettext_lazy("Yes"), "ticket.shared": gettext_lazy("No")})
    assert "ticket.sung_to" not in audit_labels.LABELS


def test_a_verb_that_nobody_registered_stays_as_it_is() -> None:
    assert verb_label("ticket.sung_to") == "ticket.sung_to"


@pytest.mark.django_db
def test_the_log_says_what_was_done_in_the_readers_language(client: Client, administrator: User) -> None:
    ticket = TicketFactory.create(name="Require MFA")
    AuditEntry.objects.record(actor=administrator, verb="ticket.looked_up", target=str(ticket.pk))
    client.force_login(administrator)
    page = client.get(LOG, headers={"accept-language": "ja"}).content.decode()
    with translation.override("ja"):
        assert verb_label("ticket.looked_up") in page
    assert "ticket.looked_up</" not in page
    assert f'<a href="{ticket.get_absolute_url()}">Require MFA</a>' in page
    assert str(ticket.pk) not in page.replace(ticket.get_absolute_url(), "")
    entry = AuditEntry.objects.get()
    assert "Require MFA</a>" in client.get(f"{LOG}{entry.pk}/change/").content.decode()


@pytest.mark.django_db
def test_the_log_is_narrowed_to_a_verb(client: Client, administrator: User) -> None:
    for verb, target in (("ticket.shared", "no-key"), ("servicenow.connected", "acme")):
        AuditEntry.objects.record(actor=administrator, verb=verb, target=target)
    client.force_login(administrator)
    page = client.get(LOG, {"verb": "servicenow.connected"}).content.decode()
    assert "acme" in page
    assert "no-key" not in page


@pytest.mark.django_db
def test_the_log_asks_no_more_when_it_holds_more(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    counts = []
    for _ in range(2):
        for ticket in TicketFactory.create_batch(5):
            AuditEntry.objects.record(actor=administrator, verb="ticket.shared", target=str(ticket.pk))
        with CaptureQueriesContext(database) as asked:
            assert client.get(LOG).status_code == 200
        counts.append(len(asked))
    assert counts[0] >= counts[1]


@pytest.mark.django_db
def test_details_are_told_line_by_line(client: Client, administrator: User) -> None:
    entry = AuditEntry.objects.record(
        actor=administrator, verb="ticket.edited", changes={"due_on": ["2026-12-01", None]}, name="<b>"
    )
    client.force_login(administrator)
    page = client.get(f"{LOG}{entry.pk}/change/").content.decode()
    assert "<li><b>changes</b>: due_on: 2026-12-01, </li>" in page
    assert "<li><b>name</b>: &lt;b&gt;</li>" in page
