"""Days with their actions: what is left out as alike changes nothing of what made a move."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from scorecard.attribution.parts import explain
from scorecard.models import ScoreDay
from scorecard.pages.day_actions import with_actions
from scorecard.pages.score_days import score_days
from tests.factories import ActionFactory, ControlScoreDayFactory

pytestmark = pytest.mark.django_db
FIRST = date(2026, 11, 20)
# Of each action, what three days have of it: points and maximum; none where it was not scored.
STORED = [
    [(1, 5), (1, 5), (1, 5)],
    [(1, 5), (2, 5), (2, 5)],
    [(1, 5), (1, None), (1, 5)],
    [(1, None), (1, None), (1, None)],
    [(1, 5), (1, 5), (1, 4)],
    [None, (3, 5), (3, 5)],
    [(3, 5), (3, 5), None],
]


@pytest.mark.parametrize("stored", [STORED, STORED[5:6], STORED[:1], STORED[6:], [STORED[0], STORED[5]]])
def test_actions_that_are_alike_on_all_days_need_not_be_read(
    stored: list[list[tuple[float, float | None] | None]],
) -> None:
    for number in range(3):
        day = FIRST + timedelta(days=number)
        at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        ScoreDay.objects.create(scored_on=day, calculated_at=at, current_score=10 + number, max_score=40)
    for rows in stored:
        action = ActionFactory.create()
        for number, row in enumerate(rows):
            if row:
                on = FIRST + timedelta(days=number)
                ControlScoreDayFactory.create(action=action, scored_on=on, score=row[0], max_score=row[1])
    days = score_days()
    everything, few = with_actions(days), with_actions(days, differing=True)
    for before, after in pairwise(days):
        pair = before.scored_on, after.scored_on
        parts, told = (explain(*(found[on] for on in pair)).parts for found in (everything, few))
        assert parts == told
    # Of what is alike on all days, the first stays.
    assert len(everything[FIRST].actions) - len(few[FIRST].actions) == (stored == STORED)
