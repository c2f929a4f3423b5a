"""The names and meanings of an instance's ticket states: read from it, changed by a person, reset."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.models import AuditEntry, User
from connector.access.calling import calling
from connector.access.client_factory import Paused
from connector.clock import Clock
from connector.models import Connection, Instance
from connector.servicenow import metadata
from connector.servicenow.client import Client
from connector.servicenow.errors import Forbidden, ServiceNowError
from tickets.models import StateName, Ticket
from tickets.models.choices import Kind, NormalizedState
from tickets.models.state_labels import ENGLISH, name_of, their_name
from tickets.models.ticket_type import TYPES
from tickets.records.record_state import RecordState, normalized_state_of
from tickets.tracking import mirror

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """One state as the page shows it. `ours` and `meaning` are empty where nobody has changed them; then the other two
    count.
    """

    kind: Kind
    value: str
    theirs: str
    ours: str
    normalized_state: str
    default_name: str
    default_normalized_state: NormalizedState

    @property
    def key(self) -> str:
        """A name for its fields in a form."""
        return f"{self.kind}:{self.value}"


@dataclass(frozen=True)
class Choice:
    """What a person wants a state to be called and to mean; empty for the default."""

    label: str
    normalized_state: str


def states(instance: Instance, language: str) -> list[State]:
    """Every state of both tables: those of ServiceNow, those the instance told of, those that some ticket has."""
    rows = list(instance.state_names.all())
    met = Ticket.objects.filter(instance=instance).exclude(state="").values_list("kind", "state").distinct()
    known = {(kind, value) for kind in Kind for value in TYPES[kind].states}
    known |= {(Kind(row.kind), row.value) for row in rows} | {
        (Kind(kind), state) for kind, state in met.order_by()
    }
    return [_state(kind, value, rows, language) for kind, value in sorted(known, key=_order)]


def save(instance: Instance, language: str, wanted: Mapping[str, Choice], by: User) -> int:
    """Store the names, in one language, and the meanings of states, by their keys. Returns how many states changed."""
    changed = [
        state
        for state in states(instance, language)
        if state.key in wanted and wanted[state.key] != Choice(state.ours, state.normalized_state)
    ]
    with transaction.atomic():
        for state in changed:
            _store(instance, language, state, wanted[state.key])
        if changed:
            AuditEntry.objects.record(
                actor=by,
                verb="states.named",
                target=instance.host,
                states={state.key: wanted[state.key].label or "default" for state in changed},
            )
    _read_again(instance, {(state.kind, state.value) for state in changed})
    return len(changed)


def reset(instance: Instance, by: User) -> None:
    """Back to the instance's own names and ServiceNow's meanings."""
    rows = instance.state_names.all()
    touched = {(Kind(row.kind), row.value) for row in rows if row.normalized_state}
    with transaction.atomic():
        rows.update(our_label="", normalized_state="")
        AuditEntry.objects.record(actor=by, verb="states.reset", target=instance.host)
    _read_again(instance, touched)


def learn(instance: Instance, client: Client) -> int:
    """Read what the instance calls its states, in each of our languages. Returns how many names it told."""
    spoken = _spoken(client)
    told = 0
    for kind in Kind:
        for language, _name in settings.LANGUAGES:
            labels = metadata.labels(client, kind, "state", language, spoken)
            for value, label in labels.names.items():
                StateName.objects.update_or_create(
                    instance=instance,
                    kind=kind,
                    value=value[:40],
                    language=labels.language[:10],
                    defaults={"their_label": label[:100]},
                )
            told += len(labels.names)
    return told


def were_read(instance: Instance) -> bool:
    """Whether the instance was ever asked for its names, and told any."""
    return instance.state_names.exclude(their_label="").exists()


def learn_now(now: datetime, *, only_if_needed: bool = False) -> int | None:
    """`learn` for the connection in use, if it works. Returns how many names were told; None if it was not asked."""
    connection = Connection.objects.working().first()
    if connection is None or (only_if_needed and not _is_something_unknown(connection.instance)):
        return None
    try:
        with calling(connection, clock=Clock(now)) as client:
            return learn(connection.instance, client)
    except Paused:
        return None
    except ServiceNowError as error:
        logger.warning("reading the state names of %s: %s", connection.instance.host, error)
        return None


def _is_something_unknown(instance: Instance) -> bool:
    told = instance.state_names.exclude(their_label="")
    if not told.exists():
        return True
    named = set(told.values_list("kind", "value"))
    met = Ticket.objects.filter(instance=instance).exclude(state="").values_list("kind", "state").distinct()
    return not set(met.order_by()) <= named


def _spoken(client: Client) -> str:
    try:
        user = client.whoami()
    except Forbidden:
        user = None
    return (user.get("preferred_language") if user else "") or ENGLISH


def _state(kind: Kind, value: str, rows: Iterable[StateName], language: str) -> State:
    of_state = [row for row in rows if (row.kind, row.value) == (kind, value)]
    ours = next((row.our_label for row in of_state if row.language == language), "")
    normalized_state = next((row.normalized_state for row in of_state if row.normalized_state), "")
    return State(
        kind=kind,
        value=value,
        theirs=their_name(kind, value, of_state, language),
        ours=ours,
        normalized_state=normalized_state,
        default_name=name_of(kind, value, [_without_ours(row, language) for row in of_state], language),
        default_normalized_state=TYPES[kind].normalized_state_of(value) or NormalizedState.IN_PROGRESS,
    )


def _without_ours(row: StateName, language: str) -> StateName:
    """A row as it would be if the name on the page were left empty."""
    ours = "" if row.language == language else row.our_label
    return StateName(
        kind=row.kind, value=row.value, language=row.language, their_label=row.their_label, our_label=ours
    )


def _order(state: tuple[Kind, str]) -> tuple[int, bool, int, str]:
    kind, value = state
    number = value.removeprefix("-")
    return list(Kind).index(kind), not number.isdecimal(), int(value) if number.isdecimal() else 0, value


def _store(instance: Instance, language: str, state: State, choice: Choice) -> None:
    StateName.objects.update_or_create(
        instance=instance,
        kind=state.kind,
        value=state.value,
        language=language,
        defaults={"our_label": choice.label},
    )
    # Names differ by language, what a state means does not.
    of_state = StateName.objects.filter(instance=instance, kind=state.kind, value=state.value)
    of_state.update(normalized_state=choice.normalized_state)


def _read_again(instance: Instance, touched: set[tuple[Kind, str]]) -> None:
    """Say anew what the records in these states mean, from what was last seen of them."""
    for kind, value in touched:
        named = mirror.normalized_states(instance, kind)
        tickets = Ticket.objects.filter(instance=instance, kind=kind, state=value).tracked()
        for ticket in tickets.iterator(chunk_size=500):
            seen = RecordState(
                state=value,
                active=ticket.active,
                on_hold=ticket.record.get("on_hold") == "true",
                close_code=ticket.record.get("close_code", ""),
            )
            normalized_state = normalized_state_of(kind, seen, named=named)
            if (
                normalized_state != ticket.normalized_state
                and ticket.normalized_state != NormalizedState.SENT_BACK
            ):
                mirror.reinterpret(ticket, normalized_state)
