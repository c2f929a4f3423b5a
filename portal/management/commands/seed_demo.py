"""Demonstration data: three people, and the invented tenant's Secure Score read from the sandbox."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from accounts.roles import ADMINISTRATOR
from portal.demo import PASSWORD, PEOPLE, add_actions, add_tickets
from portal.models import DemonstrationMark
from scorecard.importing.run import read_from_graph
from scorecard.models import ScoreDay


class Command(BaseCommand):
    help = "Adds demonstration data; a second run changes nothing. Works only in demonstration mode (DEMO=1)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--tickets", type=int, default=0, help="invented tickets to add, for looking at long lists"
        )
        parser.add_argument("--actions", type=int, default=0, help="invented improvement actions to add")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("seed_demo adds accounts with a known password. It works only with DEMO=1.")
        if not DemonstrationMark.objects.exists():
            raise CommandError("This database is no demonstration's. Nothing was added.")
        for username, first, last, role in PEOPLE:
            add_person(username, first, last, role)
        if not ScoreDay.objects.exists():
            read_from_graph(now=timezone.now())
        add_actions(options["actions"])
        add_tickets(options["tickets"])


def add_person(username: str, first_name: str, last_name: str, role: str) -> None:
    """Add one person of the demonstration with one role."""
    user, created = User.objects.get_or_create(
        username=username,
        defaults={"first_name": first_name, "last_name": last_name, "email": f"{username}@aozora.example"},
    )
    if created:
        user.set_password(PASSWORD)
        user.is_staff = user.is_superuser = role == ADMINISTRATOR
        user.save(update_fields=["password", "is_staff", "is_superuser"])
        user.groups.add(Group.objects.get(name=role))
