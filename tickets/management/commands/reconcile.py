"""What the portal thinks, against what ServiceNow holds."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from connector.models import Connection
from tickets.models import Finding, Reconciliation
from tickets.models.reconciliation import Discrepancy
from tickets.reconciliation import fixes
from tickets.reconciliation import run as reconcile


class Command(BaseCommand):
    help = (
        "Compares every ticket with ServiceNow and lists what differs. Changes nothing unless told to by --apply, "
        "and never anything in ServiceNow."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--apply",
            nargs="+",
            default=[],
            choices=Discrepancy.values,
            help="stale: mirror now; missing: mark as gone or hidden; unlinked: link to the record; "
            "duplicate: let a person choose; unknown: take over as a ticket",
        )
        parser.add_argument("--as", dest="username", help="who does it, and asked for what is taken over")

    def handle(self, *args: Any, **options: Any) -> None:
        person = self._person(options["username"])
        connection = Connection.objects.current().first()
        if connection is None:
            raise CommandError("ServiceNow is not connected.")
        started = reconcile.start(connection.instance, by=person, now=timezone.now())
        run = reconcile.carry_out(started.pk)
        if run is None:
            raise CommandError("Somebody has started a reconciliation already. Wait until it has ended.")
        for finding in run.findings.select_related("ticket"):
            self.stdout.write(self._line(finding))
        self._sum_up(run)
        for discrepancy in options["apply"]:
            chosen = fixes.choose(run, Discrepancy(discrepancy), by=person, now=timezone.now())
            self.stdout.write(f"{discrepancy}: {fixes.fix_chosen(run.pk)} of {chosen} fixed.")
        for finding in run.findings.exclude(problem=""):
            self.stdout.write(
                f"{finding.discrepancy} {finding.number or finding.sys_id}: {finding.problem_words}"
            )
        if run.problem:
            raise CommandError(f"Not all was compared: {run.problem}")

    def _sum_up(self, run: Reconciliation) -> None:
        found = reconcile.counts(run)
        told = ", ".join(f"{found[discrepancy]} {discrepancy}" for discrepancy in Discrepancy.values)
        self.stdout.write(f"{run.looked_at} of {run.tickets} linked tickets looked at: {told}.")
        self.stdout.write(f"All records with our marker listed: {run.get_listed_display()}.")

    def _line(self, finding: Finding) -> str:
        name = f"{finding.kind} {finding.number or finding.sys_id}"
        detail = finding.detail
        words = {
            Discrepancy.STALE: "; ".join(
                f"{field}: {before!r} -> {after!r}"
                for field, (before, after) in detail.get("changes", {}).items()
            ),
            Discrepancy.UNKNOWN: f"{detail.get('origin', '')} {detail.get('link', '')}".strip(),
        }
        ticket = f" (ticket {finding.ticket_id})" if finding.ticket_id else ""
        told = words.get(Discrepancy(finding.discrepancy)) or " ".join(detail.get("records", []))
        return f"{finding.discrepancy}: {name}{ticket} {told}"

    def _person(self, username: str | None) -> User | None:
        if not username:
            return None
        try:
            return User.objects.get(username=username)
        except User.DoesNotExist as error:
            raise CommandError(f"There is nobody called {username}.") from error
