"""Rows of Secure Score into the tables, all or nothing. Importing the same again changes nothing.

The newest day wins, in whatever order days arrive: an older answer adds to the history, and of the profiles
it fills only what was unknown. `ActionPlan` is never touched.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from django.db import transaction

from scorecard.graph.client import Client
from scorecard.importing import history
from scorecard.importing.documents import (
    ControlRow,
    Document,
    ProfileRow,
    ScoreRow,
    document,
    read_profiles,
    read_scores,
    standing,
)
from scorecard.importing.entry import key_of
from scorecard.importing.unread import LeftOut
from scorecard.models import HISTORY, ImportState, ImprovementAction, ScoreDay

BATCH = 500
_PROFILE_FIELDS = (
    "title",
    "product",
    "max_score",
    "rank",
    "tier",
    "user_impact",
    "implementation_cost",
    "threats",
    "remediation",
    "remediation_impact",
    "action_url",
    "action_type",
    "deprecated",
)
_WRITTEN = (
    *_PROFILE_FIELDS,
    "category",
    "has_profile",
    "is_scored",
    "scored_on",
    "score",
    "score_in_percentage",
    "description",
    "implementation_status",
    "last_synced_at",
)


class Tell(Protocol):
    """Hears of each step of an import; so many days are read by then."""

    def __call__(self, step: ImportState.Step, *, days: int = 0) -> None:
        """Take note."""


def _to_nobody(step: ImportState.Step, *, days: int = 0) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, in numbers of actions and days."""

    created: int
    updated: int
    unchanged: int
    days_changed: int
    newest: ScoreDay


@dataclass(slots=True)
class _Wanted:
    """What the documents say about one control. `scored_on` is the newest day on which they score it."""

    control_id: str = ""
    profile: ProfileRow | None = None
    control: ControlRow | None = None
    scored_on: date | None = None


@dataclass(slots=True)
class _Actions:
    """Actions by `key_of` their control IDs."""

    by_id: dict[str, ImprovementAction]
    created: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)


def import_from_graph(client: Client, left_out: LeftOut, *, now: datetime, tell: Tell = _to_nobody) -> Report:
    """Store what Microsoft Graph tells: the days since the last import (at most its 90) and all profiles.

    `tell` hears of each step. What cannot be understood is noted in `left_out`. Raises `GraphError` or `DocumentError`;
    the tables are then as before.
    """
    tell(ImportState.Step.SCORES)
    scores = read_scores(scores_from_graph(client, today=now.date()), left_out, now=now)
    tell(ImportState.Step.PROFILES, days=len(scores))
    profiles = read_profiles(profiles_from_graph(client), left_out)
    tell(ImportState.Step.STORING, days=len(scores))
    return import_rows(scores, profiles, now=now)


def scores_from_graph(client: Client, *, today: date) -> list[Document]:
    """Ask for the days that are not stored yet. Raises `GraphError` or `DocumentError`."""
    return _documents(client.secure_scores(days=days_to_ask(today)), "secureScores")


def profiles_from_graph(client: Client) -> list[Document]:
    """Ask for all control profiles. Raises `GraphError` or `DocumentError`."""
    return _documents(client.control_profiles(), "secureScoreControlProfiles")


def days_to_ask(today: date) -> int:
    """Return for how many days to ask: two more than have passed, as some may have been calculated anew.

    All that Microsoft has where there is none, or one of which an earlier version of the portal kept less.
    """
    newest = ScoreDay.objects.values_list("scored_on", flat=True).first()
    kept_less = ScoreDay.objects.filter(enabled_services__isnull=True, scored_on__gt=today - HISTORY)
    if newest is None or kept_less.exists():
        return HISTORY.days
    return min(max((today - newest).days, 0) + 2, HISTORY.days)


@transaction.atomic
def import_rows(scores: Sequence[ScoreRow], profiles: Sequence[ProfileRow], *, now: datetime) -> Report:
    """Store rows. `scores` holds at least a day, the oldest first; at `now` new actions were first seen."""
    stored = ScoreDay.objects.first()
    is_newest = stored is None or scores[-1].standing >= standing(
        stored.calculated_at, stored.unread_controls
    )
    actions = _store_actions(scores, profiles, is_newest=is_newest, now=now)
    known = {key_of(profile.control_id): profile for profile in profiles}
    days_changed = history.store(scores, actions.by_id, known, read_on=now.date())
    newest = ScoreDay.objects.latest()
    moved = {key_of(control_id) for control_id in history.store_previous_scores(newest)}
    updated = (actions.changed | moved) - actions.created
    return Report(
        created=len(actions.created),
        updated=len(updated),
        unchanged=len(actions.by_id) - len(actions.created) - len(updated),
        days_changed=days_changed,
        newest=newest,
    )


def _documents(pages: Iterable[dict[str, Any]], collection: str) -> list[Document]:
    return [
        document(page, f"Microsoft Graph, {collection}, page {number}")
        for number, page in enumerate(pages, 1)
    ]


def _store_actions(
    scores: Sequence[ScoreRow], profiles: Sequence[ProfileRow], *, is_newest: bool, now: datetime
) -> _Actions:
    # The lock makes a second import wait for this one; on SQLite the transaction itself does. Of two rows that an
    # earlier import made of one control, the one that has a profile goes on.
    rows = ImprovementAction.objects.select_for_update().order_by("has_profile", "-pk")
    stored = {action.control_id: action for action in rows}
    existing = {key_of(control_id): action for control_id, action in stored.items()}
    wanted = _wanted(scores, profiles)
    new = {
        key: ImprovementAction(control_id=entry.control_id, title=entry.control_id, first_seen_at=now)
        for key, entry in wanted.items()
        if key not in existing
    }
    actions = _Actions(existing | new, created=set(new))
    for key, action in actions.by_id.items():
        values = _values(action, wanted.get(key, _Wanted()), is_newest=is_newest)
        if is_newest:
            # Where some of the day's controls could not be read, this may be one of them.
            is_missing = key not in scores[-1].controls
            values["is_scored"] = action.is_scored and bool(scores[-1].unread) if is_missing else True
        if _apply(action, values):
            actions.changed.add(key)
    ImprovementAction.objects.bulk_create(new.values(), batch_size=BATCH)
    updated = [existing[key] for key in actions.changed - actions.created]
    # Written as new rows that are there already: an UPDATE for each row and column costs seconds.
    ImprovementAction.objects.bulk_create(
        updated, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=_WRITTEN
    )
    doubles = stored.keys() - {action.control_id for action in existing.values()}
    ImprovementAction.objects.filter(control_id__in=doubles).update(is_scored=False)
    return actions


def _wanted(scores: Sequence[ScoreRow], profiles: Sequence[ProfileRow]) -> dict[str, _Wanted]:
    wanted = {key_of(profile.control_id): _Wanted(profile.control_id, profile) for profile in profiles}
    for row in scores:
        for key, control in row.controls.items():
            entry = wanted.setdefault(key, _Wanted(control.control_id))
            entry.control, entry.scored_on = control, row.scored_on
    return wanted


def _values(action: ImprovementAction, wanted: _Wanted, *, is_newest: bool) -> dict[str, Any]:
    """What to write into the action: of older documents only what was not known."""
    values: dict[str, Any] = {}
    profile, control, scored_on = wanted.profile, wanted.control, wanted.scored_on
    if profile and (is_newest or not action.has_profile):
        values |= {name: getattr(profile, name) for name in _PROFILE_FIELDS} | {"has_profile": True}
        if profile.threats is None:
            values["threats"] = action.threats
        values["category"] = profile.category or action.category
    if control and scored_on and (action.scored_on is None or (is_newest and scored_on >= action.scored_on)):
        values |= {
            "scored_on": scored_on,
            "score": control.score,
            "score_in_percentage": control.percentage,
            "description": control.description,
            "implementation_status": control.implementation_status,
            "last_synced_at": control.last_synced_at,
            "category": control.category or values.get("category", action.category),
        }
    return values


def _apply(action: ImprovementAction, values: Mapping[str, Any]) -> bool:
    changes = {name: value for name, value in values.items() if getattr(action, name) != value}
    for name, value in changes.items():
        setattr(action, name, value)
    return bool(changes)
