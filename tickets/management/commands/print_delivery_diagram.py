"""Draws the delivery's state machine."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tickets.delivery.diagram import mermaid, redrawn

PAGE = Path("docs", "delivery.md")


class Command(BaseCommand):
    help = "Prints the states of a delivery and the moves between them as a Mermaid diagram."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true", help=f"put it into {PAGE} instead")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["write"]:
            self.stdout.write(mermaid())
            return
        page = settings.BASE_DIR / PAGE
        page.write_text(redrawn(page.read_text(encoding="utf-8")), encoding="utf-8")
