"""The trend on the pages: every day in words, the days of great moves, and what made them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from scorecard.models import ControlScoreDay, ImportState, ImprovementAction, ScoreDay
from scorecard.pages.moves import ACTIONS_TOLD, MOST, explained, greatest
from scorecard.pages.trend import in_words, trend
from tests.factories import NOON, ActionFactory

pytestmark = pytest.mark.django_db
FIRST = date(2026, 9, 1)
OVERVIEW = "/secure-score/"


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


def score(day: int, points: float, maximum: float = 200) -> ScoreDay:
    at = datetime.combine(on(day), datetime.min.time(), UTC)
    return ScoreDay.objects.create(
        scored_on=on(day), calculated_at=at, current_score=points, max_score=maximum
    )


def control(action: ImprovementAction, points: dict[int, float]) -> None:
    for day, value in points.items():
        ControlScoreDay.objects.create(action=action, scored_on=on(day), score=value)


@pytest.fixture
def page(client: Client, reader: User) -> Client:
    client.force_login(reader)
    return client


def shown(page: Client, address: str) -> str:
    response = page.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_overview_says_what_happened_on_the_day_of_a_jump(page: Client) -> None:
    mfa = ActionFactory.create(title="Require MFA <for all>", control_id="mfa")
    legacy, same, new = ActionFactory.create_batch(3)
    for day, points in enumerate((100, 100, 107.5)):
        score(day, points)
    control(mfa, {0: 0, 1: 0, 2: 9})
    control(legacy, {0: 4, 1: 4, 2: 0.5})
    control(same, {0: 5, 1: 5, 2: 5.0000000001})
    control(new, {2: 2})
    found = shown(page, OVERVIEW)
    moves = found[found.index('id="moves"') :]
    assert "3 Sep 2026: +3.8" in moves
    assert "from 50.0% to 53.8%" in moves
    for words in (
        "/secure-score/why/?from=2026-09-02&amp;to=2026-09-03",
        'Gained by a change <strong class="nowrap">+4.50</strong>',
        "/secure-score/actions/mfa/",
        'Require MFA &lt;for all&gt;</a> <span class="nowrap">+4.50</span>',
        'Regressed <strong class="nowrap">−1.75</strong>',
        'Added by Microsoft <strong class="nowrap">+1.00</strong>',
    ):
        assert words in moves
    assert same.title not in moves[: moves.index("</ol>")]
    told = "Gained by a change (+4.50), Regressed (−1.75), Added by Microsoft (+1.00)"
    assert f"3 Sep 2026: 53.8% (+3.8), 107.50 of 200 points\n{told}" in found
    # Every day of the table leads to why it moved, and the move itself.
    assert found.count('<a href="/secure-score/why/?from=') == 2 + 1
    assert "<title>2 Sep 2026: 50.0% (±0.0), 100 of 200 points</title>" in found


def test_a_new_maximum_is_told_where_no_action_changed(page: Client) -> None:
    score(0, 100)
    score(1, 100, maximum=250)
    found = shown(page, OVERVIEW)
    assert "The maximum went from 200 to 250 points." in found
    assert 'Not explained by Microsoft Graph <strong class="nowrap">−10.00</strong>' in found


def test_a_day_without_a_score_is_said_in_drawing_and_table(page: Client) -> None:
    score(0, 100)
    score(2, 100)
    score(3, 0, maximum=0)
    found = shown(page, OVERVIEW)
    assert "<title>2 Sep 2026: no score</title>" in found
    assert found.count('<tr><th scope="row">') == 3
    assert 'class="chart__bridge" d="M0.0' in found


def test_only_the_greatest_moves_are_told_the_newest_first() -> None:
    days = [score(day, points) for day, points in enumerate((100, 110, 109.5, 130, 128, 127.5, 150, 100))]
    assert [move.on for move in greatest(days)] == [on(7), on(6), on(3)]
    assert len(greatest(days)) == MOST
    assert greatest(days[1:3]) == []
    assert greatest(days[:1]) == []


def test_more_actions_than_are_told_are_counted_and_one_question_finds_all(page: Client) -> None:
    days = [score(day, points) for day, points in enumerate((100, 110, 120))]
    for action in ActionFactory.create_batch(ACTIONS_TOLD + 3):
        control(action, {0: 0, 1: 2, 2: 4})
    with CaptureQueriesContext(connection) as asked:
        moves = explained(greatest(days), ImportState(), NOON)
    assert len(asked) == 1
    assert [
        [(part.label, part.change, len(part.actions), part.others) for part in move.parts]
        for move in in_words(moves)
    ] == [[("Gained by a change", "+5.00", ACTIONS_TOLD, 3)]] * 2
    assert "and 3 more improvement actions" in " ".join(shown(page, OVERVIEW).split())
    with CaptureQueriesContext(connection) as asked:
        assert explained([], ImportState(), NOON) == ()
    assert not asked


def test_what_made_a_move_is_worked_out_once_after_each_import(page: Client) -> None:
    first, second, third = ActionFactory.create_batch(3)
    score(0, 100)
    score(1, 110)
    control(first, {0: 0, 1: 10})
    now = datetime.now(UTC)
    state = ImportState.objects.create(started_at=now - timedelta(hours=1))

    def told() -> str:
        found = shown(page, OVERVIEW)
        return found[found.index('id="moves"') : found.index("</ol>")]

    assert first.title in told()
    with CaptureQueriesContext(connection) as asked:
        assert first.title in told()
    assert not [query for query in asked if ControlScoreDay._meta.db_table in query["sql"]]
    # While an import writes, nothing is kept.
    ImportState.objects.update(started_at=now, claimed_until=now + timedelta(minutes=5))
    ControlScoreDay.objects.update(action=second)
    assert second.title in told()
    ControlScoreDay.objects.update(action=third)
    assert third.title in told()
    ImportState.objects.filter(pk=state.pk).update(claimed_until=None)
    assert third.title in told()


def test_a_drawing_that_is_kept_is_not_shown_for_other_days_or_in_another_language(page: Client) -> None:
    score(0, 100)
    day = score(1, 120)
    assert "2 Sep 2026: 60.0% (+10.0), 120 of 200 points" in shown(page, "/")
    ScoreDay.objects.filter(pk=day.pk).update(current_score=130)
    assert "2 Sep 2026: 65.0% (+15.0), 130 of 200 points" in shown(page, "/")
    found = page.get("/", headers={"Accept-Language": "ja"}).content.decode()
    assert "<title>2026/09/02: 65.0% (+15.0)、200 ポイント中 130 ポイント</title>" in found


def test_a_single_day_is_a_dot_and_nothing_to_choose_from(page: Client) -> None:
    score(0, 100)
    found = shown(page, OVERVIEW)
    assert "From 50.0% on 1 Sep 2026" in found
    assert "chart__slider" not in found


def test_without_a_percentage_nothing_is_drawn() -> None:
    assert trend([ScoreDay(scored_on=FIRST, current_score=1, max_score=0)]) == ""
