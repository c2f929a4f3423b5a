"""The scores of the days: what was on each day, and which actions lost points since."""

from collections.abc import Mapping, Sequence

from django.db.models import OuterRef, Subquery

from scorecard.importing.documents import ScoreRow
from scorecard.models import HISTORY, ControlScoreDay, ImprovementAction, ScoreDay
from scorecard.models.rounding import is_at_most, reaches

BATCH = 500
_FIELDS = ("calculated_at", "current_score", "max_score", "active_users", "licensed_users", "comparisons")


def store(scores: Sequence[ScoreRow], actions: Mapping[str, ImprovementAction]) -> int:
    """Add days, and correct those that Microsoft calculated again later. Returns how many days changed.

    `actions` are by `entry.key_of` their control IDs.
    """
    stored = {
        day.scored_on: day for day in ScoreDay.objects.filter(scored_on__in=[row.scored_on for row in scores])
    }
    changed = 0
    current = []
    for row in scores:
        day = stored.get(row.scored_on)
        if day and day.calculated_at > row.calculated_at:
            continue
        current.append(row)
        values = {name: getattr(row, name) for name in _FIELDS}
        if row.comparisons is None:
            # They cannot be read, which is not that there are none.
            values["comparisons"] = day.comparisons if day else []
        if day is None:
            ScoreDay.objects.create(scored_on=row.scored_on, **values)
        elif any(getattr(day, name) != value for name, value in values.items()):
            ScoreDay.objects.filter(pk=day.pk).update(**values)
        else:
            continue
        changed += 1
    _store_controls(current, actions)
    return changed


def store_previous_scores(newest: ScoreDay) -> set[str]:
    """Bring `previous_score` up to date: the last score other than now, within Microsoft's history.

    Returns the control IDs of the actions where it changed.
    """
    others = ControlScoreDay.objects.filter(
        action=OuterRef("pk"), scored_on__lt=newest.scored_on, scored_on__gte=newest.scored_on - HISTORY
    ).exclude(reaches("score", OuterRef("score")) & is_at_most("score", OuterRef("score")))
    before = Subquery(others.order_by("-scored_on").values("score")[:1])
    rows = ImprovementAction.objects.scored().annotate(before=before)
    changed = [
        ImprovementAction(pk=pk, control_id=control_id, previous_score=score)
        for pk, control_id, known, score in rows.values_list("pk", "control_id", "previous_score", "before")
        if known != score
    ]
    ImprovementAction.objects.bulk_update(changed, ["previous_score"], batch_size=BATCH)
    return {action.control_id for action in changed}


def _store_controls(scores: Sequence[ScoreRow], actions: Mapping[str, ImprovementAction]) -> None:
    days = [row.scored_on for row in scores]
    stored = {
        (day.action_id, day.scored_on): day for day in ControlScoreDay.objects.filter(scored_on__in=days)
    }
    new, corrected = [], []
    for row in scores:
        for key, control in row.controls.items():
            # Where Microsoft gives no points there is nothing to remember: missing is not 0.
            if control.score is None:
                continue
            action = actions[key]
            day = stored.get((action.pk, row.scored_on))
            if day is None:
                new.append(ControlScoreDay(action=action, scored_on=row.scored_on, score=control.score))
            elif day.score != control.score:
                day.score = control.score
                corrected.append(day)
    ControlScoreDay.objects.bulk_create(new, batch_size=BATCH)
    ControlScoreDay.objects.bulk_update(corrected, ["score"], batch_size=BATCH)
