"""The page that says why the score moved: the parts add up, each action is there, and what is not known is said."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portal.demo import add_actions
from scorecard.importing.documents import document, read_profiles, read_scores
from scorecard.importing.store import import_rows
from scorecard.models import ControlScoreDay, ImprovementAction, ScoreDay
from tests.scorecard.documents import control, page, profile, score

pytestmark = pytest.mark.django_db
WHY = "/secure-score/why/"
FIRST = date(2026, 11, 1)
MOST = 12


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


def read(day: int, read_on: int, *controls: dict[str, Any], maxima: dict[str, int], **totals: object) -> None:
    """Import one day, as it was read on another."""
    states = {"guests": [{"state": "thirdParty", "updatedDateTime": f"{on(1)}T08:00:00Z"}]}
    profiles = [
        profile(name, maxScore=most, controlStateUpdates=states.get(name)) for name, most in maxima.items()
    ]
    totals.setdefault("maxScore", sum(maxima[each["controlName"]] for each in controls))
    import_rows(
        read_scores([document(page(score(str(on(day)), *controls, **totals)), "scores")]),
        read_profiles([document(page(*profiles), "profiles")]),
        now=datetime.combine(on(read_on), datetime.min.time(), UTC),
    )


@pytest.fixture
def browser(client: Client, reader: User) -> Client:
    client.force_login(reader)
    return client


def shown(browser: Client, address: str = WHY, **headers: str) -> str:
    response = browser.get(address, headers=headers)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def table(found: str) -> list[tuple[str, ...]]:
    """The rows of the parts: what moved it, then the numbers."""
    body = found[found.index('waterfall"> <thead>') : found.index("</table>")]
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', body)
    return [
        (re.sub(r"<p.*|<[^>]*>", "", head).strip(), *re.findall(r'<td class="num"[^>]*>([^<]*)<', cells))
        for head, cells in rows
    ]


def test_the_parts_lead_from_one_day_to_the_other_with_their_actions(browser: Client) -> None:
    maxima = {"mfa": 10, "guests": 10, "legacy": 10, "old": 5, "new": 15, "bigger": 5}
    before = [
        control("mfa"),
        control("guests"),
        control("legacy", 10),
        control("old", 5),
        control("bigger", 5),
    ]
    read(0, 0, *before, maxima=maxima)
    after = [
        control("mfa", 7.5), control("guests", 10), control("legacy", 4, controlCategory="Apps"), control("new"),
        control("bigger", 10),
    ]  # fmt: skip
    read(3, 3, *after, maxima=maxima | {"bigger": 10}, currentScore=32, maxScore=60)
    found = shown(browser, f"{WHY}?from={on(0)}&to={on(3)}")
    assert table(found) == [
        ("1 Nov 2026", "50.00%", "20", "40"),
        ("Gained by a change", "+18.75", "+7.50", "±0"),
        ("Gained or lost by a status that somebody set", "+25.00", "+10", "±0"),
        ("Regressed", "−15.00", "−6", "±0"),
        ("Added by Microsoft", "−20.00", "±0", "+15"),
        ("Withdrawn by Microsoft", "−5.83", "−5", "−5"),
        ("Maximum changed by Microsoft", "+5.83", "+5", "+5"),
        ("Moved to another category", "±0.00", "±0", "±0"),
        ("Not explained by Microsoft Graph", "−5.42", "+0.50", "+5"),
        ("4 Nov 2026", "53.33%", "32", "60"),
    ]
    assert "1 Nov 2026 to 4 Nov 2026: +3.33 percentage points" in found
    for name in ("mfa", "guests", "legacy", "old", "new", "bigger"):
        assert f'<a href="/secure-score/actions/{name}/" lang="en">Turn on {name}</a>' in found
    assert "10/10 (Resolved through third party)" in found
    assert ">Identity</td>" in found
    assert ">Not scored</td>" in found


def test_a_day_without_a_score_is_replaced_by_the_one_before_and_that_is_said(browser: Client) -> None:
    for day in (0, 2, 40):
        read(day, day, control("mfa", day / 4), maxima={"mfa": 10})
    found = shown(browser)
    assert "There is no score of 11 Nov 2026; that of 3 Nov 2026 is used." in found
    assert [row[0] for row in table(found)] == ["3 Nov 2026", "Gained by a change", "11 Dec 2026"]
    turned = shown(browser, f"{WHY}?from={on(40)}&to={on(0)}")
    assert [row[0] for row in table(turned)][::2] == ["1 Nov 2026", "11 Dec 2026"]
    same = shown(browser, f"{WHY}?from=0001-01-01&to=0001-01-01")
    assert "Nothing changed between these days." in same


def test_maxima_that_were_read_long_after_are_said_to_be_of_that_day(browser: Client) -> None:
    read(0, 20, control("mfa"), maxima={"mfa": 10}, maxScore=5)
    read(20, 20, control("mfa"), maxima={"mfa": 10})
    found = shown(browser, f"{WHY}?from={on(0)}&to={on(20)}")
    assert "on 1 Nov 2026 are those of 21 Nov 2026" in found
    assert "on 21 Nov 2026 are those of" not in found
    assert table(found)[1] == ("Not explained by Microsoft Graph", "±0.00", "±0", "+5")


def test_days_of_an_earlier_version_and_damaged_ones_say_so(browser: Client) -> None:
    read(0, 0, control("mfa"), control("guests"), maxima={"mfa": 10, "guests": 10})
    read(1, 1, control("mfa"), maxima={"mfa": 10}, maxScore=20)
    ScoreDay.objects.filter(scored_on=on(1)).update(unread_controls=1)
    found = shown(browser, f"{WHY}?from={on(0)}&to={on(1)}")
    assert "1 improvement action of 2 Nov 2026 could not be read." in found
    assert "Withdrawn" not in found
    ControlScoreDay.objects.filter(scored_on=on(0)).delete()
    assert "Of 1 Nov 2026 only the total is stored" in shown(browser, f"{WHY}?from={on(0)}&to={on(1)}")


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-02-30", "2026-11-20" * 500, "20261120", "１２３４-11-20"]
)
def test_a_date_that_cannot_be_read_is_named_and_the_usual_days_are_shown(browser: Client, text: str) -> None:
    read(0, 0, control("mfa"), maxima={"mfa": 10})
    found = shown(browser, f"{WHY}?from={text}")
    assert "A date in the address cannot be read." in found
    assert "1 Nov 2026" in found


def test_without_a_score_the_page_says_what_to_do(browser: Client) -> None:
    assert "No Secure Score yet" in shown(browser)


def test_a_tenant_without_a_maximum_has_points_and_no_percentage(browser: Client) -> None:
    for day in (0, 1):
        read(day, day, control("mfa", day), maxima={"mfa": 10}, maxScore=0)
    assert table(shown(browser, f"{WHY}?from={on(0)}&to={on(1)}")) == [
        ("1 Nov 2026", "–", "0", "0"),
        ("Gained by a change", "–", "+1", "±0"),
        ("2 Nov 2026", "–", "1", "0"),
    ]


def test_the_page_is_in_japanese_too(browser: Client) -> None:
    read(0, 0, control("mfa"), maxima={"mfa": 10})
    assert "スコアが変動した理由" in shown(browser, **{"Accept-Language": "ja"})


def test_the_pages_ask_as_little_for_a_thousand_actions_and_days_as_for_few(browser: Client) -> None:
    counts = []
    for actions, days in ((100, 90), (1000, 1000)):
        _fill(actions, days)
        for address in (f"{WHY}?from={on(0)}&to={on(days - 1)}", "/secure-score/"):
            with CaptureQueriesContext(connection) as asked:
                shown(browser, address)
            counts.append(len(asked))
    assert counts[:2] == counts[2:]
    assert max(counts) <= MOST


def _fill(actions: int, days: int) -> None:
    """Add days whose score jumps at the end, and actions on the ends of the history."""
    ScoreDay.objects.all().delete()
    ScoreDay.objects.bulk_create(
        ScoreDay(
            scored_on=on(day),
            calculated_at=datetime.combine(on(day), datetime.min.time(), UTC),
            current_score=500 + 50 * (day > days - 3) + 50 * (day == days - 1),
            max_score=1000,
        )
        for day in range(days)
    )
    add_actions(actions)
    ControlScoreDay.objects.all().delete()
    ControlScoreDay.objects.bulk_create(
        ControlScoreDay(action=action, scored_on=on(day), score=day % 7, max_score=10, category="Apps")
        for action in ImprovementAction.objects.all()
        for day in (0, *range(days - 4, days))
    )
