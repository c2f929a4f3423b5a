"""Reads Secure Score from saved answers of Microsoft Graph, or from Graph itself."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scorecard.graph.client import Client
from scorecard.importing import store
from scorecard.importing.documents import (
    Document,
    DocumentError,
    is_incomplete,
    parse,
    read_profiles,
    read_scores,
)
from scorecard.importing.graph_client import open_client
from scorecard.importing.run import EXPECTED, AlreadyRunning, Run, running
from scorecard.importing.unread import LeftOut, sentence
from scorecard.models import ImportState, ImprovementAction

GRAPH = "-"


class Command(BaseCommand):
    """`import_secure_score --scores FILE --profiles FILE...`; `-` in place of a file asks Microsoft Graph."""

    help = (
        "Import Microsoft Secure Score from saved answers of Microsoft Graph (JSON), or from Microsoft Graph."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--scores", required=True, metavar="FILE", help="secureScores, or - to ask Graph")
        parser.add_argument(
            "--profiles",
            nargs="+",
            metavar="FILE",
            help="secureScoreControlProfiles, every page, or - to ask Graph (the default with --scores -)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and report. Raises CommandError, and then nothing has changed."""
        sources = options["profiles"] or ([GRAPH] if options["scores"] == GRAPH else None)
        if sources is None:
            raise CommandError("Name the files with the control profiles: --profiles FILE...")
        asks_graph = GRAPH in (options["scores"], *sources)
        source = ImportState.Source.GRAPH if asks_graph else ImportState.Source.FILES
        try:
            with running(source) as run:
                report, incomplete = self._import(options["scores"], sources, run)
        except AlreadyRunning:
            raise CommandError("Nothing was imported. Secure Score is being read already.") from None
        except EXPECTED as error:
            raise CommandError(f"Nothing was imported. {error}") from None
        self._say(report)
        self._warn(run.left_out)
        if incomplete:
            self.stderr.write(
                self.style.WARNING(
                    "The control profiles have another page, which was not given: "
                    "follow @odata.nextLink and import again with all pages."
                )
            )

    def _import(self, scores: str, profiles: list[str], run: Run) -> tuple[store.Report, bool]:
        now = timezone.now()
        asks_graph = GRAPH in (scores, *profiles)
        client = open_client(now=now, before_call=run.renew) if asks_graph else None
        if client and scores == GRAPH:
            score_documents = store.scores_from_graph(client, today=now.date())
        else:
            score_documents = [_read(scores)]
        profile_documents = list(_profile_documents(client, profiles))
        report = store.import_rows(
            read_scores(score_documents, run.left_out, now=now),
            read_profiles(profile_documents, run.left_out),
            now=now,
        )
        return report, is_incomplete(profile_documents)

    def _say(self, report: store.Report) -> None:
        newest = report.newest
        scored = ImprovementAction.objects.scored()
        self.stdout.write(
            f"Secure Score of {newest.scored_on}: {newest.current_score:g} of {newest.max_score:g} points."
        )
        self.stdout.write(
            f"Improvement actions: {report.created} created, {report.updated} updated, "
            f"{report.unchanged} unchanged; {scored.count()} scored. "
            f"Days of history changed: {report.days_changed}."
        )
        unknown = scored.filter(max_score=None)
        if count := unknown.count():
            without = unknown.filter(has_profile=False).count()
            self.stdout.write(
                f"The maximum of {count} scored actions is unknown: {without} have no control profile, "
                f"{count - without} have one that tells no maximum."
            )

    def _warn(self, left_out: LeftOut) -> None:
        for told in left_out.as_json():
            self.stderr.write(self.style.WARNING(sentence(told)))
        if more := left_out.count - len(left_out.told):
            self.stderr.write(self.style.WARNING(f"{more} more could not be understood."))


def _profile_documents(client: Client | None, sources: list[str]) -> Iterable[Document]:
    for source in sources:
        if client and source == GRAPH:
            yield from store.profiles_from_graph(client)
        else:
            yield _read(source)


def _read(name: str) -> Document:
    try:
        return parse(Path(name).read_bytes(), name)
    except OSError as error:
        raise DocumentError(f"{name} cannot be read: {error.strerror}.") from None
