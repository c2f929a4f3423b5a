"""Moments in words, and exactly."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation

from accounts.moments import ago, element, exact, without_ago

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (0, "just now", "たった今"),
        (59, "just now", "たった今"),
        (60, "1 minute ago", "1\u00a0分前"),
        (5 * 60, "5 minutes ago", "5\u00a0分前"),
        (3599, "59 minutes ago", "59\u00a0分前"),
        (3600, "1 hour ago", "1\u00a0時間前"),
        (86_399, "23 hours ago", "23\u00a0時間前"),
        (3 * 86_400, "3 days ago", "3\u00a0日前"),
        (30 * 86_400, "24 Oct 2026", "2026/10/24"),
        (-30, "in a moment", "まもなく"),
        (-120, "in 2 minutes", "2\u00a0分後"),
        (-7200, "in 2 hours", "2\u00a0時間後"),
        (-2 * 86_400, "in 2 days", "2\u00a0日後"),
        (-40 * 86_400, "2 Jan 2027", "2027/01/02"),
    ],
)
def test_a_moment_is_told_by_how_long_ago_it_was(seconds: int, english: str, japanese: str) -> None:
    at = NOW - timedelta(seconds=seconds)
    with translation.override("en"):
        assert ago(at, NOW) == english
    with translation.override("ja"):
        assert ago(at, NOW) == japanese


def test_the_exact_time_is_in_the_page_and_in_the_zone_of_the_reader() -> None:
    at = NOW - timedelta(minutes=5)
    with translation.override("en"), timezone.override("Asia/Tokyo"):
        assert exact(at) == "23 Nov 2026, 20:55 JST"
        shown = element(at, NOW)
    assert 'tabindex="0"' in shown
    assert 'title="23 Nov 2026, 20:55 JST"' in shown
    assert '<span class="moment__exact">23 Nov 2026, 20:55 JST</span>' in shown
    assert '<span class="moment__ago">5 minutes ago</span>' in shown


def test_what_goes_by_with_time_is_left_out_of_comparisons() -> None:
    at = NOW - timedelta(minutes=5)
    assert element(at, NOW) != element(at, NOW + timedelta(hours=1))
    assert without_ago(element(at, NOW)) == without_ago(element(at, NOW + timedelta(hours=1)))
