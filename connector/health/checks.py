"""The checks of a connection: what each asks the instance, and what it concludes.

They only read, except for the trial records that a person has to ask for. A check that the integration user may
not make is an answer too. When the instance stops answering, the remaining checks keep what they found last.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.access.calling import calling
from connector.access.turns import PAGE_PATIENCE
from connector.budget import KEPT_FOR_PUSHES
from connector.clock import Clock
from connector.health import status_table
from connector.health.tables import TABLES
from connector.models import CheckResult, Connection, Grant, Instance
from connector.servicenow import journals, metadata, ranges, trial
from connector.servicenow.client import Client
from connector.servicenow.errors import Forbidden, Refused, ServiceNowError
from connector.servicenow.records import Record
from connector.servicenow.trial import Trial, TrialUnclear

# What the portal fills in, and what the platform fills in by itself.
FILLED_IN = {
    "number",
    "state",
    "priority",
    "impact",
    "urgency",
    "short_description",
    "description",
    "sys_class_name",
}
CALLS_WITH_RECORDS = 40
LARGEST_CLOCK_DIFFERENCE = timedelta(minutes=2)


@dataclass
class Visit:
    """One round of checks: the client, and what earlier checks of the round saw."""

    connection: Connection
    client: Client
    make_records: bool
    now: datetime
    user: Record | None = None
    trials: dict[str, Trial] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """The outcome of one check: a key of `check_texts`, and what was seen in ServiceNow's words."""

    finding: str
    seen: str = ""


def run(
    connection: Connection,
    *,
    now: datetime,
    make_records: bool = False,
    patience: float = PAGE_PATIENCE,
) -> None:
    """Make all checks and store what they find.

    `make_records` also creates one record per table, which stays behind, canceled. Raises `Paused`, and the
    `ServiceNowError` for which the instance could not be asked further.
    """
    # What it creates it must be able to cancel.
    kept, at_least = (0.0, CALLS_WITH_RECORDS) if make_records else (KEPT_FOR_PUSHES, 0)
    try:
        with calling(
            connection, clock=Clock(now), reserve=kept, at_least=at_least, patience=patience
        ) as client:
            for name, found in _round(Visit(connection, client, make_records, now)):
                _store(connection, name, found, now)
    except ServiceNowError as error:
        _store(connection, "instance", Found(error.code, error.detail), now)
        raise
    report(connection, client, now)


def report(connection: Connection, client: Client, now: datetime) -> None:
    """Write the connection's status into the instance, where its connector app is installed."""
    finding, seen = status_table.write(connection, client, now)
    _store(connection, "status_table", Found(finding, seen), now)


def _round(visit: Visit) -> Iterator[tuple[str, Found]]:
    for name, probe in PROBES.items():
        try:
            yield name, probe(visit)
        except Refused as refusal:
            yield name, Found(refusal.code, refusal.detail)


def _store(connection: Connection, name: str, found: Found, now: datetime) -> None:
    CheckResult.objects.update_or_create(
        connection=connection,
        name=name,
        defaults={"finding": found.finding, "seen": found.seen[:500], "checked_at": now},
    )


def _instance(visit: Visit) -> Found:
    # A user who may not read any user is signed in all the same.
    with contextlib.suppress(Forbidden):
        visit.user = visit.client.whoami()
    return Found("answers")


def _user(visit: Visit) -> Found:
    if visit.user is None:
        return Found("hidden")
    name = f"{visit.user.get('name')} ({visit.user.get('user_name')})"
    by_code = visit.connection.grant == Grant.AUTHORIZATION_CODE
    if by_code and visit.user.is_true("web_service_access_only"):
        return Found("web_service_only", name)
    return Found("known", name)


def _roles(visit: Visit) -> Found:
    if visit.user is None:
        return Found("unknown_user")
    try:
        roles = metadata.roles(visit.client, visit.user.sys_id)
    except Refused:
        return Found("hidden")
    if not roles:
        # Rows that may not be read are left out of a list without a word.
        return Found("empty")
    return Found("admin" if "admin" in roles else "known", ", ".join(roles))


def _table(name: str) -> Callable[[Visit], Found]:
    def probe(visit: Visit) -> Found:
        rows = visit.client.list(name, "", ("sys_id", "correlation_id"), 1).records
        if not visit.make_records:
            return Found("readable" if rows else "empty")
        try:
            earlier = _earlier(visit, name)
            left = earlier.seen if earlier.finding == "unclear" else ""
            tried = visit.trials[name] = trial.try_out(
                visit.client, name, canceled=TABLES[name].canceled, unclear=left
            )
            Instance.objects.filter(pk=visit.connection.instance_id).record_keys(
                name, visit.now, are_kept=tried.kept_sys_id or tried.kept_correlation_id
            )
        except TrialUnclear as unclear:
            return Found("unclear", str(unclear))
        if tried.canceled:
            return Found("worked", tried.number)
        return Found("left_open", " ".join([tried.number, tried.said]))

    return probe


def _sys_id(visit: Visit) -> Found:
    if not visit.trials:
        return _earlier(visit, "sys_id")
    kept = all(tried.kept_sys_id for tried in visit.trials.values())
    Instance.objects.filter(pk=visit.connection.instance_id).update(honours_sys_id=kept)
    return Found("kept" if kept else "replaced")


def _correlation_id(visit: Visit) -> Found:
    if not visit.trials:
        return _earlier(visit, "correlation_id")
    kept = all(tried.kept_correlation_id for tried in visit.trials.values())
    return Found("kept" if kept else "lost")


def _earlier(visit: Visit, name: str) -> Found:
    """What an earlier trial found out about the same instance, by this connection or another."""
    results = CheckResult.objects.filter(connection__instance=visit.connection.instance_id, name=name)
    newest = results.exclude(finding="untried").order_by("-checked_at").first()
    return Found(newest.finding, newest.seen) if newest else Found("untried")


def _ranges(visit: Visit) -> Found:
    allowed = ranges.allowed(visit.client)
    if allowed is None:
        return Found("untried")
    Instance.objects.filter(pk=visit.connection.instance_id).update(range_queries_allowed=allowed)
    return Found("allowed" if allowed else "refused")


def _labels(visit: Visit) -> Found:
    labels = metadata.labels(visit.client, next(iter(TABLES)), "state", metadata.ENGLISH)
    return Found(labels.way or "none")


def _mandatory(visit: Visit) -> Found:
    try:
        demanded = {name for table in TABLES for name in metadata.mandatory(visit.client, table)} - FILLED_IN
        if not demanded and not metadata.shows_dictionary(visit.client):
            return Found("hidden")
    except Refused:
        return Found("hidden")
    return Found("some", ", ".join(sorted(demanded))) if demanded else Found("none")


def _journals(visit: Visit) -> Found:
    """By which way notes can be read. Where a trial wrote one, that is what is looked for."""
    written = {table: tried.sys_id for table, tried in visit.trials.items()}
    way = journals.way(visit.client, tuple(TABLES), written)
    if way or written:
        return Found(way or "hidden")
    return _earlier(visit, "journals")


def _release(visit: Visit) -> Found:
    try:
        release = metadata.release(visit.client)
    except Refused:
        release = ""
    return Found("known", release) if release else Found("hidden")


def _clock(visit: Visit) -> Found:
    offset = Instance.objects.get(pk=visit.connection.instance_id).clock_offset
    if offset is None:
        return Found("hidden")
    near = abs(offset) <= LARGEST_CLOCK_DIFFERENCE
    return Found("close" if near else "far", str(round(abs(offset.total_seconds()))))


PROBES: dict[str, Callable[[Visit], Found]] = {
    "instance": _instance,
    "user": _user,
    "roles": _roles,
    **{name: _table(name) for name in TABLES},
    "sys_id": _sys_id,
    "correlation_id": _correlation_id,
    "journals": _journals,
    "ranges": _ranges,
    "labels": _labels,
    "mandatory": _mandatory,
    "release": _release,
    "clock": _clock,
}
