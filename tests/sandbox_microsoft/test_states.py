"""PATCH of a secureScoreControlProfile: who may, what is taken, and what is there afterwards."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.sandbox_microsoft.conftest import Microsoft

VENDOR = {"provider": "SecureScore", "vendor": "Microsoft"}
THIRD_PARTY = {"state": "thirdParty", "comment": "The gateway does it.", "vendorInformation": VENDOR}


def test_reading_and_writing_are_two_permissions(microsoft: Microsoft) -> None:
    refused = microsoft.patch("OneAdmin", THIRD_PARTY)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Forbidden")
    assert "SecurityEvents.ReadWrite.All" in refused.json()["error"]["message"]
    microsoft.sign_in_to_write()
    assert microsoft.patch("OneAdmin", THIRD_PARTY).status_code == 204


def test_an_entry_is_added_each_time_with_the_application_as_its_author(writer: Microsoft) -> None:
    [untouched] = writer.states("OneAdmin")
    assert (untouched["state"], untouched["updatedDateTime"]) == ("Default", None)
    assert writer.patch("oneadmin", THIRD_PARTY).content == b""
    writer.pass_time(timedelta(minutes=1))
    writer.patch("OneAdmin", {"assignedTo": "Haruka Mori", "vendorInformation": VENDOR})
    first, second = writer.states("OneAdmin")
    assert (first["state"], first["updatedBy"]) == ("ThirdParty", "Scoredesk write-back")
    assert first["updatedDateTime"] == "2026-03-10T14:30:00.000000Z"
    # What was not sent stays as it was.
    assert second == first | {"assignedTo": "Haruka Mori", "updatedDateTime": "2026-03-10T14:31:00.000000Z"}


def test_entries_of_people_stay_before_those_of_the_application(writer: Microsoft) -> None:
    writer.patch("CustomerLockBoxEnabled", {"state": "Default", "vendorInformation": VENDOR})
    assert [entry["state"] for entry in writer.states("CustomerLockBoxEnabled")] == ["Ignored", "Default"]
    writer.control("POST", "settings", {"state_updates": "newest"})
    assert [entry["state"] for entry in writer.states("CustomerLockBoxEnabled")] == ["Default"]
    writer.control("POST", "settings", {"state_updates": "all"})
    writer.control("POST", "reset")
    assert [entry["state"] for entry in writer.states("CustomerLockBoxEnabled")] == ["Ignored"]


def test_the_newest_entry_counts_wherever_it_stands(writer: Microsoft) -> None:
    writer.control("POST", "settings", {"tenant": "untidy"})
    assert [entry["state"] for entry in writer.states("mdo_safedocuments")] == ["IGNORED", "thirdparty"]
    writer.patch("mdo_safedocuments", {"comment": "Still so.", "vendorInformation": VENDOR})
    writer.control("POST", "settings", {"state_updates": "newest"})
    [entry] = writer.states("mdo_safedocuments")
    assert (entry["state"], entry["comment"]) == ("IGNORED", "Still so.")


def test_who_prefers_it_gets_the_profile(writer: Microsoft) -> None:
    answer = writer.patch("OneAdmin", THIRD_PARTY, Prefer="return=representation")
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, "return=representation")
    assert answer.json()["controlStateUpdates"] == writer.states("OneAdmin")


@pytest.mark.parametrize(
    ("control", "body"),
    [
        ("scid_2003", THIRD_PARTY),
        ("OneAdmin", {"state": "Ignored"}),
        ("OneAdmin", {"state": "Ignored", "vendorInformation": {"provider": "SecureScore"}}),
        ("OneAdmin", {"state": "Planned", "vendorInformation": VENDOR}),
        ("OneAdmin", {"state": None, "vendorInformation": VENDOR}),
        ("OneAdmin", {"comment": "x" * 4001, "vendorInformation": VENDOR}),
        ("OneAdmin", {"title": "Mine", "vendorInformation": VENDOR}),
        ("OneAdmin", [THIRD_PARTY]),
    ],
)
def test_what_cannot_be_changed_is_a_bad_request_and_adds_nothing(
    writer: Microsoft, control: str, body: Any
) -> None:
    answer = writer.patch(control, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert [entry["updatedDateTime"] for entry in writer.states(control)] == [None]


def test_unknown_control_is_not_found(writer: Microsoft) -> None:
    assert writer.patch("nothing", THIRD_PARTY).status_code == 404


@pytest.mark.parametrize(
    ("setting", "status", "state"),
    [("kept", 204, "Reviewed"), ("reset", 204, "Default"), ("refused", 400, "Default")],
)
def test_reviewed_is_taken_as_the_tenant_takes_it(
    writer: Microsoft, setting: str, status: int, state: str
) -> None:
    writer.control("POST", "settings", {"trial_states": setting})
    assert writer.patch("OneAdmin", {"state": "Reviewed", "vendorInformation": VENDOR}).status_code == status
    assert writer.states("OneAdmin")[-1]["state"] == state


def test_lost_answer_leaves_the_entry(writer: Microsoft) -> None:
    writer.control("POST", "faults", {"kind": "lose_answer", "method": "PATCH"})
    with pytest.raises(requests.ConnectionError):
        writer.patch("OneAdmin", THIRD_PARTY)
    assert len(writer.states("OneAdmin")) == 1
    assert writer.states("OneAdmin")[0]["state"] == "ThirdParty"


def test_points_come_two_days_later_and_past_days_stay_as_they_were(writer: Microsoft) -> None:
    name = "mdo_mailboxintelligenceprotectionaction"
    writer.patch(name, THIRD_PARTY)
    writer.pass_time(timedelta(days=2))
    writer.sign_in_to_write()
    days = writer.get("secureScores", **{"$top": "3"}).json()["value"]
    told = [each for day in days for each in day["controlScores"] if each["controlName"] == name]
    assert [(each["score"], each["scoreInPercentage"]) for each in told] == [(8, 100), (0, 0), (0, 0)]
    for day in days:
        assert day["currentScore"] == pytest.approx(
            sum(each["score"] for each in day["controlScores"]), abs=0.01
        )
