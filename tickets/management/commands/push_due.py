"""What the workers do to deliver tickets, by hand."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tickets.delivery.push import push_due

PAUSE_SECONDS = 3


class Command(BaseCommand):
    help = "Delivers the tickets that are due, and goes on doing so until it is interrupted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="deliver what is due now, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            while True:
                tried = push_due()
                if tried or options["once"]:
                    self.stdout.write(f"Tickets tried: {tried}")
                if options["once"]:
                    return
                time.sleep(PAUSE_SECONDS)
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
