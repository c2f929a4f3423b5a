from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from tickets.models.choices import Category, Kind, Priority, Source
from tickets.records import payload


def described(**changes: object) -> str:
    values = {
        "kind": Kind.CHANGE_REQUEST,
        "text": "Turn it on.\r\nThen check.",
        "source": Source.MICROSOFT,
        "category": Category.DEVICES,
        "user_id": "secadmin",
        "priority": Priority.HIGH,
        "due_on": date(2026, 12, 1),
        "link": "https://scoredesk.example.com/tickets/1/",
        **changes,
    }
    return payload.description(**values)  # type: ignore[arg-type]


def test_the_description_names_all_that_is_exchanged() -> None:
    assert described() == (
        "Microsoft 365 Security and Configuration Change Request\n\n"
        "Turn it on.\nThen check.\n\n"
        "Recommendation source: Microsoft recommendation\n"
        "Recommendation category: Devices\n"
        "Requested by (user ID): secadmin\n"
        "Priority: High\n"
        "Due date: 2026-12-01\n"
        "Link: https://scoredesk.example.com/tickets/1/"
    )


@pytest.mark.parametrize("kind", Kind)
def test_the_first_line_is_what_lists_filter_by(kind: Kind) -> None:
    first = described(kind=kind).splitlines()[0]
    assert first == payload.MARKERS[kind] == posted(kind)["correlation_display"]


def test_the_longest_text_fits_with_all_we_add() -> None:
    longest = described(text="x" * payload.TEXT_LENGTH, user_id="u" * 150, link="https://" + "l" * 300)
    assert len(longest) <= payload.DESCRIPTION_LENGTH


def posted(kind: Kind, priority: Priority = Priority.LOW) -> dict[str, str]:
    due = datetime(2026, 12, 1, 22, 59, 59, tzinfo=ZoneInfo("UTC"))
    return payload.fields(
        kind=kind, name="n", description="d", priority=priority, due=due, correlation_id="c", sys_id="s"
    )


def test_a_change_is_posted_with_its_priority_and_no_planned_dates() -> None:
    sent = posted(Kind.CHANGE_REQUEST)
    assert sent["priority"] == "4"
    assert sent["requested_by_date"] == "2026-12-01 22:59:59"
    assert not {"due_date", "start_date", "end_date", "type", "chg_model", "impact"} & set(sent)


def test_an_incident_is_posted_with_impact_and_urgency_instead() -> None:
    sent = posted(Kind.INCIDENT, Priority.HIGH)
    assert (sent["impact"], sent["urgency"]) == ("1", "2")
    assert sent["due_date"] == "2026-12-01 22:59:59"
    assert "priority" not in sent


@pytest.mark.parametrize(
    ("zone", "hour"), [("UTC", 23), ("Asia/Tokyo", 14), ("America/New_York", 4), ("Europe/Amsterdam", 22)]
)
def test_a_due_day_ends_in_the_organisations_time_zone(zone: str, hour: int) -> None:
    due = payload.due_at(date(2026, 12, 1), zone)
    assert (due.hour, due.minute, due.second) == (hour, 59, 59)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_calendars_last_day_can_be_sent_from_every_time_zone(zone: str) -> None:
    assert payload.due_at(date.max, zone).date() == date.max


@pytest.mark.parametrize("name", ["work_notes", "comments", "comments_and_work_notes"])
def test_a_journal_never_comes_back_and_is_kept_all_the_same(name: str) -> None:
    assert payload.dropped_fields({name: "Hello", "a": "1"}, {name: "", "a": "1"}) == []


def test_what_was_not_kept_is_listed_in_order() -> None:
    sent = {"a": "1", "b": "line\nline", "c": "x" * 200}
    assert payload.dropped_fields(sent, {"a": "1", "b": "line\r\nline", "c": "x" * 160}) == ["c"]
    assert payload.dropped_fields(sent, {}) == ["a", "b", "c"]
