import pytest

from sandbox.microsoft.tenant import TENANT_ID
from tests.sandbox_microsoft.conftest import Microsoft


def test_profiles_come_200_a_page_until_all_are_there(microsoft: Microsoft) -> None:
    pages = list(microsoft.pages("secureScoreControlProfiles"))
    ids = [profile["id"] for page in pages for profile in page["value"]]
    assert len(pages[0]["value"]) == 200
    assert len(ids) >= 240
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids, key=str.lower)


def test_next_link_is_absolute_on_the_host_that_was_asked(microsoft: Microsoft) -> None:
    page = microsoft.get("secureScoreControlProfiles").json()
    assert page["@odata.nextLink"].startswith(
        f"{microsoft.url}/v1.0/security/secureScoreControlProfiles?$skiptoken="
    )
    assert page["@odata.context"] == f"{microsoft.url}/v1.0/$metadata#security/secureScoreControlProfiles"


def test_scores_are_ninety_days_newest_first(microsoft: Microsoft) -> None:
    days = [score["createdDateTime"][:10] for score in microsoft.everything("secureScores")]
    assert len(days) == 90
    assert days == sorted(days, reverse=True)
    assert days[0] == "2026-03-10"


def test_top_is_the_size_of_a_page(microsoft: Microsoft) -> None:
    page = microsoft.get("secureScores", **{"$top": "1"}).json()
    following = microsoft.get(page["@odata.nextLink"]).json()
    assert [score["id"][-10:] for score in page["value"] + following["value"]] == ["2026-03-10", "2026-03-09"]


def test_top_above_the_page_size_gives_a_full_page_and_a_link(microsoft: Microsoft) -> None:
    page = microsoft.get("secureScoreControlProfiles", **{"$top": "999"}).json()
    assert len(page["value"]) == 200
    assert "@odata.nextLink" in page


def test_skip_leaves_out_the_newest_days(microsoft: Microsoft) -> None:
    page = microsoft.get("secureScores", **{"$top": "1", "$skip": "7"}).json()
    assert page["value"][0]["id"].endswith("2026-03-03")


@pytest.mark.parametrize("query", [{"$top": "0"}, {"$top": "all"}, {"$skip": "-1"}, {"$skiptoken": "x"}])
def test_bad_query_option_is_a_bad_request(microsoft: Microsoft, query: dict[str, str]) -> None:
    answer = microsoft.get("secureScores", **query)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"


def test_one_score_and_one_profile_are_found_by_id(microsoft: Microsoft) -> None:
    assert microsoft.get(f"secureScores/{TENANT_ID}_2026-03-01").json()["id"].endswith("2026-03-01")
    profile = microsoft.get("secureScoreControlProfiles/AdminMFAV2").json()
    assert (profile["maxScore"], profile["rank"], profile["controlCategory"]) == (10, 1, "Identity")
    assert profile["@odata.context"].endswith("#security/secureScoreControlProfiles/$entity")


def test_unknown_id_is_not_found(microsoft: Microsoft) -> None:
    answer = microsoft.get("secureScoreControlProfiles/nothing")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")


@pytest.mark.parametrize("path", ["/v1.0/security/alerts", "/v1.0/users", "/v1.0/", "/beta/users"])
def test_unknown_path_is_a_bad_request(microsoft: Microsoft, path: str) -> None:
    answer = microsoft.get(f"{microsoft.url}{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_front_page_says_sandbox(stranger: Microsoft) -> None:
    assert "sandbox" in stranger.get(f"{stranger.url}/").text
