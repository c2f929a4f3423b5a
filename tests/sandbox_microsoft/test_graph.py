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


def test_every_answer_has_two_identifiers_of_which_one_may_be_the_callers(microsoft: Microsoft) -> None:
    own = microsoft.get("secureScores", client_request_id="mine", **{"$top": "1"})
    assert own.headers["client-request-id"] == "mine" != own.headers["request-id"]
    refused = microsoft.get("secureScores", client_request_id="mine", **{"$top": "x"})
    told = {"request-id": refused.headers["request-id"], "client-request-id": "mine"}
    assert refused.json()["error"]["innerError"].items() >= told.items()
    other = microsoft.get("secureScores/nothing")
    assert other.headers["client-request-id"] == other.headers["request-id"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("id eq 'AdminMFAV2'", {"AdminMFAV2"}),
        ("rank eq 1 and userImpact ne 'x'", {"AdminMFAV2"}),
        ("id eq 'AdminMFAV2' or id eq 'OneAdmin'", {"AdminMFAV2", "OneAdmin"}),
        ("id eq 'OneAdmin' and vendorInformation/provider eq 'SecureScore'", {"OneAdmin"}),
        ("id eq 'OneAdmin' and lastModifiedDateTime eq null and deprecated eq false", {"OneAdmin"}),
        ("title eq 'It''s'", set()),
        ("lastModifiedDateTime gt 2026-01-01T00:00:00Z", set()),
    ],
)
def test_filter_leaves_what_it_says(microsoft: Microsoft, text: str, names: set[str]) -> None:
    page = microsoft.get("secureScoreControlProfiles", **{"$filter": text, "$count": "true"}).json()
    assert {profile["id"] for profile in page["value"]} == names
    assert page["@odata.count"] == len(names)


def test_moments_are_compared_as_moments(microsoft: Microsoft) -> None:
    text = "createdDateTime ge 2026-03-08T01:00:00+01:00 and createdDateTime lt 2026-03-10T00:00:00Z"
    days = microsoft.get("secureScores", **{"$filter": text}).json()["value"]
    assert [day["id"][-10:] for day in days] == ["2026-03-09", "2026-03-08"]


def test_next_page_is_of_the_same_question(microsoft: Microsoft) -> None:
    asked = {
        "$filter": "controlCategory eq 'Identity'",
        "$orderby": "rank desc,id",
        "$select": "id,rank",
        "$top": "9",
    }
    found = [
        item for page in microsoft.pages("secureScoreControlProfiles", **asked) for item in page["value"]
    ]
    assert len(found) > 18
    assert all(set(item) == {"id", "rank"} for item in found)
    assert found == sorted(found, key=lambda item: (-item["rank"], item["id"]))


def test_selection_is_in_the_context_and_goes_for_one_as_well(microsoft: Microsoft) -> None:
    one = microsoft.get("secureScoreControlProfiles/OneAdmin", **{"$select": "title"}).json()
    assert set(one) == {"@odata.context", "title"}
    assert one["@odata.context"].endswith("#security/secureScoreControlProfiles(title)/$entity")


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"$orderby": "beauty"}, "Could not find a property named 'beauty'"),
        ({"$orderby": "currentScore upwards"}, "Syntax error"),
        ({"$orderby": "controlScores"}, "single value"),
        (
            {"$select": "id,beauty"},
            "Could not find a property named 'beauty' on type 'microsoft.graph.secureScore'",
        ),
        ({"$filter": "beauty eq 1"}, "Could not find a property named 'beauty'"),
        ({"$filter": "currentScore eq '1'"}, "incompatible types"),
        ({"$filter": "createdDateTime gt 5"}, "incompatible types"),
        ({"$filter": "currentScore"}, "Invalid filter clause"),
        ({"$filter": "currentScore eq 1 xor maxScore eq 1"}, "Invalid filter clause"),
        ({"$filter": "startswith(id,'a')"}, "Invalid filter clause"),
        ({"$filter": "currentScore eq one"}, "Invalid filter clause"),
        ({"$search": "x"}, "'$search' is not supported"),
        ({"$filter": "id eq '" + "x" * 3000 + "'"}, "too long"),
    ],
)
def test_bogus_option_is_refused_with_what_is_wrong(
    microsoft: Microsoft, query: dict[str, str], complaint: str
) -> None:
    answer = microsoft.get("secureScores", **query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert complaint in answer.json()["error"]["message"]
