from datetime import timedelta

import pytest

from tests.sandbox_microsoft.conftest import Microsoft


def test_client_credentials_yield_a_bearer_token(stranger: Microsoft) -> None:
    answer = stranger.ask_token()
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3599
    assert answer.headers["Cache-Control"].startswith("no-store")


def test_basic_authentication_of_the_client_is_accepted(stranger: Microsoft) -> None:
    stranger._http.auth = ("scoredesk-graph", "scoredesk-graph-secret")
    assert stranger.ask_token(client_id="", client_secret="").status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": "wrong"}, 401, "invalid_client", 700016),
        ({"scope": "https://graph.microsoft.com/SecurityEvents.Read.All"}, 400, "invalid_scope", 1002012),
        ({"scope": ""}, 400, "invalid_scope", 1002012),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": ""}, 400, "invalid_request", 900144),
        ({"tenant": "aozora"}, 400, "invalid_request", 90002),
    ],
)
def test_wrong_token_request_gets_the_aadsts_error(
    stranger: Microsoft, changes: dict[str, str], status: int, error: str, code: int
) -> None:
    answer = stranger.ask_token(**changes)
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert answer.json()["error_codes"] == [code]
    assert answer.json()["error_description"].startswith(f"AADSTS{code}: ")


def test_graph_without_a_token_is_refused(stranger: Microsoft) -> None:
    answer = stranger.get("secureScores")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert set(answer.json()["error"]["innerError"]) == {"date", "request-id", "client-request-id"}


def test_token_ends_after_its_time(microsoft: Microsoft) -> None:
    microsoft.pass_time(timedelta(seconds=3598))
    assert microsoft.get("secureScores").status_code == 200
    microsoft.pass_time(timedelta(seconds=1))
    assert microsoft.get("secureScores").status_code == 401


def test_any_tenant_guid_is_the_tenant_of_the_data(stranger: Microsoft) -> None:
    other = "11111111-2222-3333-4444-555555555555"
    stranger.sign_in(other)
    newest = stranger.get("secureScores", **{"$top": "1"}).json()["value"][0]
    assert newest["azureTenantId"] == other
    assert newest["id"] == f"{other}_2026-03-10"
