"""The scores of the days: what was on each day, and which actions lost points since.

Days in any order, any number of times, give the same history: of several answers for one day one counts, whenever it
comes (`documents.standing`), and the day has what that one says and nothing else. What only profiles tell is of the
first reading that brought this answer, the one nearest to the day.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import OuterRef, Subquery

from scorecard.importing.documents import ControlRow, ProfileRow, ScoreRow, standing
from scorecard.importing.states import state_at
from scorecard.models import HISTORY, ControlScoreDay, ImprovementAction, ScoreDay, StatusText
from scorecard.models.rounding import is_at_most, reaches

BATCH = 500
# Rows of a few numbers, of which databases take more at once.
ROWS = 2_000
_FIELDS = (
    "calculated_at",
    "current_score",
    "max_score",
    "active_users",
    "licensed_users",
    "comparisons",
    "enabled_services",
    "unread_controls",
)


class _Told(NamedTuple):
    """What profiles tell of an action on a day, and when it was read; the names are those of the columns."""

    max_score: float | None = None
    state: str = ""
    state_since: datetime | None = None
    state_before: str = ""
    profile_read_on: date | None = None


class _Points(NamedTuple):
    """What scores tell of an action on a day, in the order of `_COLUMNS`; tuples have a `count` of their own."""

    score: float
    percentage: float | None
    category: str
    done: int | None
    total: int | None
    is_on: bool | None
    status_text_id: int | None


_COLUMNS = (
    *("score", "percentage", "category", "count", "total", "is_on", "status_text_id"),
    *_Told._fields,
)
_POINTS = len(_Points._fields)
# An action and a day, and the row that is stored of it.
_Key = tuple[int, date]


def store(
    scores: Sequence[ScoreRow],
    actions: Mapping[str, ImprovementAction],
    profiles: Mapping[str, ProfileRow],
    *,
    read_on: date,
) -> int:
    """Add days, and correct those that Microsoft calculated again later. Returns how many days changed.

    `actions` and `profiles`, which were read on `read_on`, are by `entry.key_of` their control IDs.
    """
    stored = {
        day.scored_on: day for day in ScoreDay.objects.filter(scored_on__in=[row.scored_on for row in scores])
    }
    current, again, days = [], set(), []
    for row in scores:
        day = stored.get(row.scored_on)
        known = standing(day.calculated_at, day.unread_controls) if day else None
        if known and known > row.standing:
            continue
        if known == row.standing:
            again.add(row.scored_on)
        current.append(row)
        values = _values(row, day)
        if day is None or any(getattr(day, name) != value for name, value in values.items()):
            days.append(ScoreDay(scored_on=row.scored_on, **values))
    ScoreDay.objects.bulk_create(
        days, batch_size=BATCH, update_conflicts=True, unique_fields=["scored_on"], update_fields=_FIELDS
    )
    changed = _store_controls(current, again, actions, profiles, read_on)
    return len(changed | {day.scored_on for day in days})


def store_previous_scores(newest: ScoreDay) -> set[str]:
    """Bring `previous_score` up to date: the last score other than now, within Microsoft's history.

    Returns the control IDs of the actions where it changed.
    """
    others = ControlScoreDay.objects.filter(
        action=OuterRef("pk"), scored_on__lt=newest.scored_on, scored_on__gte=newest.scored_on - HISTORY
    ).exclude(reaches("score", OuterRef("score")) & is_at_most("score", OuterRef("score")))
    before = Subquery(others.order_by("-scored_on").values("score")[:1])
    rows = ImprovementAction.objects.scored().annotate(before=before)
    changed = {
        pk: control_id
        for pk, control_id, known, score in rows.values_list("pk", "control_id", "previous_score", "before")
        if known != score
    }
    ImprovementAction.objects.filter(pk__in=changed).update(previous_score=before)
    return set(changed.values())


def _values(row: ScoreRow, day: ScoreDay | None) -> dict[str, Any]:
    """What to write into a day. What cannot be read stays as it is, which is not that there is none."""
    values = {name: getattr(row, name) for name in _FIELDS[:-1]} | {"unread_controls": row.unread}
    if row.comparisons is None:
        values["comparisons"] = day.comparisons if day else []
    if row.enabled_services is None:
        values["enabled_services"] = (day.enabled_services if day else None) or []
    return values


def _store_controls(
    scores: Sequence[ScoreRow],
    again: Set[date],
    actions: Mapping[str, ImprovementAction],
    profiles: Mapping[str, ProfileRow],
    read_on: date,
) -> set[date]:
    """Write the actions of days as they are told, and return the days where something changed.

    Of the days in `again` the same answer was read before.
    """
    stored = _stored([row.scored_on for row in scores])
    texts = _texts(control.implementation_status for row in scores for control in row.controls.values())
    changed, left = [], set(stored)
    for row in scores:
        for key, control in row.controls.items():
            # Where Microsoft gives no points there is nothing to remember: missing is not 0.
            if control.score is None:
                continue
            at = (actions[key].pk, row.scored_on)
            pk, *known = stored.get(at, (None,))
            before = _Told(*known[_POINTS:]) if row.scored_on in again else _Told()
            told = _told(profiles.get(key), row.calculated_at, read_on, before)
            values = [*_points(control, control.score, texts), *told]
            left.discard(at)
            if pk is None or known != values:
                changed.append(
                    ControlScoreDay(
                        action_id=at[0], scored_on=at[1], **dict(zip(_COLUMNS, values, strict=True))
                    )
                )
    ControlScoreDay.objects.bulk_create(
        changed,
        batch_size=ROWS,
        update_conflicts=True,
        unique_fields=["action", "scored_on"],
        update_fields=[name.removesuffix("_id") for name in _COLUMNS],
    )
    gone = [stored[at][0] for at in left]
    for start in range(0, len(gone), BATCH):
        ControlScoreDay.objects.filter(pk__in=gone[start : start + BATCH]).delete()
    return {day.scored_on for day in changed} | {scored_on for _, scored_on in left}


def _stored(days: list[date]) -> dict[_Key, tuple[Any, ...]]:
    """Return the rows of these days: primary key, then `_COLUMNS`."""
    rows = ControlScoreDay.objects.filter(scored_on__in=days).order_by()
    found = rows.values_list("action_id", "scored_on", "pk", *_COLUMNS)
    return {(row[0], row[1]): row[2:] for row in found.iterator(ROWS)}


def _points(control: ControlRow, score: float, texts: Mapping[str, int]) -> _Points:
    return _Points(
        score=score,
        percentage=control.percentage,
        category=control.category,
        done=control.count,
        total=control.total,
        is_on=control.is_on,
        status_text_id=texts.get(control.implementation_status),
    )


def _told(profile: ProfileRow | None, calculated_at: datetime, read_on: date, known: _Told) -> _Told:
    """Return what to keep of a profile: none is read before the day, so the first reading is nearest to the truth. One
    without a maximum tells nothing: a later one that has it is still wanted, whole.
    """
    if profile is None or profile.max_score is None:
        return known
    if known.profile_read_on is not None and known.profile_read_on < read_on:
        return known
    state = state_at(profile.states, calculated_at)
    return _Told(
        max_score=profile.max_score,
        state=state.state,
        state_since=state.since,
        state_before=state.before,
        profile_read_on=read_on,
    )


def _texts(texts: Iterable[str]) -> dict[str, int]:
    """Return the primary keys of texts, and keep those that are new."""
    wanted = {StatusText.digest_of(text): text for text in set(texts) if text}
    known = _keys_of(wanted)
    new = [StatusText(digest=digest, text=text) for digest, text in wanted.items() if digest not in known]
    StatusText.objects.bulk_create(new, batch_size=BATCH)
    known |= _keys_of([text.digest for text in new])
    return {text: known[digest] for digest, text in wanted.items()}


def _keys_of(digests: Iterable[str]) -> dict[str, int]:
    wanted = list(digests)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), BATCH):
        rows = StatusText.objects.filter(digest__in=wanted[start : start + BATCH])
        found |= dict(rows.values_list("digest", "pk"))
    return found
