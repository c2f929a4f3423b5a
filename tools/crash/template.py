"""The database that a run starts from, and a person who shares."""

from datetime import timedelta
from uuid import UUID

from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from accounts.models import User
from connector.models import Instance
from tests import factories
from tests.sandbox_process import SandboxProcess
from tickets.actions.share import TicketRequest, share
from tickets.models.choices import Category, Kind, Priority, Source
from tools.crash.databases import use


def make_template(name: str, sandbox: SandboxProcess) -> None:
    """Fill the database that every cell starts from: the portal connected, one person."""
    use(name)
    call_command("migrate", verbosity=0)
    factories.connected(sandbox)
    factories.UserFactory.create()
    # A copy of the file must be the whole of it.
    connections.close_all()


def choose_standard_change() -> None:
    """Have change requests made from a standard change template, as after a trial that proved it."""
    factories.ChangeTemplateFactory.create(instance=Instance.objects.get())
    connections.close_all()


def share_as_person(ticket_id: UUID) -> None:
    """Do what the dialog does when it is sent."""
    ticket_request = TicketRequest(
        kind=Kind.CHANGE_REQUEST,
        name="Require multifactor authentication",
        description="For everybody.",
        priority=Priority.MODERATE,
        due_on=timezone.now().date() + timedelta(days=14),
        recommendation_source=Source.USER,
        recommendation_category=Category.IDENTITY,
        is_extra=False,
    )
    share(
        ticket_id,
        ticket_request,
        by=User.objects.get(),
        instance=Instance.objects.get(),
        action=None,
        now=timezone.now(),
    )
