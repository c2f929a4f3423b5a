"""The Batch API, and short addresses."""

import base64
import json
from typing import Any

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess

Item = dict[str, Any]
JSON = [
    {"name": "Content-Type", "value": "application/json"},
    {"name": "Accept", "value": "application/json"},
]


def item(number: int, method: str, url: str, body: object = None, **more: Any) -> Item:
    made: Item = {"id": number, "method": method, "url": url, "headers": JSON, **more}
    if body is not None:
        made["body"] = base64.b64encode(json.dumps(body).encode()).decode()
    return made


def batch(caller: Caller, *items: Item) -> dict[str, Any]:
    body = {"batch_request_id": 7, "rest_requests": [*items]}
    answer = caller.ask("POST", "v1/batch", json=body)
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


def body_of(serviced: Item) -> Any:
    return json.loads(base64.b64decode(serviced["body"]))


def test_each_request_is_answered_under_its_id_as_text(sandbox: SandboxProcess, integration: Caller) -> None:
    done = batch(
        integration,
        item(1, "POST", "/api/now/table/incident", {"short_description": "batched"}),
        item(
            2, "GET", "/api/now/table/incident?sysparm_query=short_description=batched&sysparm_fields=number"
        ),
        item(3, "GET", "/api/now/table/no_such_table"),
    )
    assert done["batch_request_id"] == "7"
    assert done["unserviced_requests"] == []
    made, listed, refused = done["serviced_requests"]
    assert [made["id"], listed["id"], refused["id"]] == ["1", "2", "3"]
    assert (made["status_code"], made["status_text"]) == (201, "Created")
    assert body_of(listed) == {"result": [{"number": body_of(made)["result"]["number"]}]}
    assert (refused["status_code"], body_of(refused)["error"]["message"]) == (
        400,
        "Invalid table no_such_table",
    )


def test_headers_come_along_unless_they_are_not_wanted(integration: Caller) -> None:
    url = "/api/now/table/incident"
    with_headers, without = batch(
        integration, item(1, "GET", url), item(2, "GET", url, exclude_response_headers=True)
    )["serviced_requests"]
    assert {"name": "X-Total-Count", "value": "0"} in with_headers["headers"]
    assert "headers" not in without
    assert isinstance(without["execution_time"], int)


def test_a_deletion_has_no_body(sandbox: SandboxProcess, admin: Caller) -> None:
    sys_id = sandbox.create("incident")["sys_id"]
    (gone,) = batch(admin, item(1, "DELETE", f"/api/now/table/incident/{sys_id}"))["serviced_requests"]
    assert (gone["status_code"], gone["body"]) == (204, "")


def test_what_time_does_not_allow_is_left_unserviced(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.settings(batch_seconds=1)
    sandbox.fault("latency", method="GET", seconds=1.1)
    url = "/api/now/table/incident"
    done = batch(integration, *(item(number, "GET", url) for number in (1, 2, 3)))
    assert [one["id"] for one in done["serviced_requests"]] == ["1"]
    assert done["unserviced_requests"] == ["2", "3"]


def test_faults_hit_the_requests_inside(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.fault("server_error", method="GET")
    url = "/api/now/table/incident"
    first, second = batch(integration, item(1, "GET", url), item(2, "GET", url))["serviced_requests"]
    assert (first["status_code"], second["status_code"]) == (500, 200)


def test_who_may_call_is_asked_first(stranger: Caller) -> None:
    assert stranger.ask("POST", "v1/batch", json={"rest_requests": []}).status_code == 401


def test_requests_to_elsewhere_are_refused_one_by_one(integration: Caller) -> None:
    urls = ("https://elsewhere.example/api/now/table/incident", "/api/now/v1/batch", "/login.do")
    done = batch(integration, *(item(number, "GET", url) for number, url in enumerate(urls)))
    assert [one["status_code"] for one in done["serviced_requests"]] == [400, 400, 400]


def test_a_body_that_is_no_base64_is_refused(integration: Caller) -> None:
    (answer,) = batch(integration, {**item(1, "POST", "/api/now/table/incident"), "body": "%%%"})[
        "serviced_requests"
    ]
    assert answer["status_code"] == 400


def test_a_batch_must_be_a_list_of_requests(integration: Caller) -> None:
    bodies: tuple[object, ...] = ({}, {"rest_requests": "all"}, {"rest_requests": [1]}, [])
    for body in bodies:
        assert integration.ask("POST", "v1/batch", json=body).status_code == 400
    assert integration.ask("GET", "v1/batch").status_code == 405


def test_an_address_too_long_for_itself_fits_into_a_batch(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    wanted = sandbox.create("incident")["sys_id"]
    ids = ",".join([wanted, *(f"{number:032x}" for number in range(400))])
    url = f"/api/now/table/incident?sysparm_query=sys_idIN{ids}&sysparm_fields=sys_id"
    assert (
        integration.http.get(f"{sandbox.url}{url}", timeout=5).headers["Content-Type"].startswith("text/html")
    )
    (answer,) = batch(integration, item(1, "GET", url))["serviced_requests"]
    assert body_of(answer) == {"result": [{"sys_id": wanted}]}


def test_a_short_address_stands_for_a_long_one(sandbox: SandboxProcess, integration: Caller) -> None:
    wanted = sandbox.create("incident")["sys_id"]
    ids = ",".join([wanted, *(f"{number:032x}" for number in range(400))])
    long = f"api/now/table/incident?sysparm_query=sys_idIN{ids}&sysparm_fields=sys_id"
    short = integration.ask("POST", "tinyurl", json={"url": long}).json()["result"]
    assert short.startswith("api/now/table/incident?sysparm_tiny=")
    assert integration.http.get(f"{sandbox.url}/{short}", timeout=5).json() == {
        "result": [{"sys_id": wanted}]
    }


def test_an_unknown_short_address_means_nothing(integration: Caller) -> None:
    assert integration.ask("GET", "table/incident", params={"sysparm_tiny": "0" * 32}).json() == {
        "result": []
    }
    assert integration.ask("GET", "tinyurl").status_code == 405
