"""What the workers do to follow tickets, by hand."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tickets.tracking.poll import poll_delta, poll_sweep


class Command(BaseCommand):
    help = "Reads from ServiceNow what became of our tickets: what changed, then every open ticket; or one of the two."

    def add_arguments(self, parser: ArgumentParser) -> None:
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--delta", action="store_true", help="only what changed since the last time")
        only.add_argument("--sweep", action="store_true", help="only a look at every open ticket")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["sweep"]:
            self.stdout.write(f"Tickets changed, by what ServiceNow says changed: {poll_delta()}")
        if not options["delta"]:
            self.stdout.write(f"Tickets changed, by looking at each: {poll_sweep()}")
