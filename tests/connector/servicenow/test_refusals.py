"""Which sentences of an instance say for certain that nothing was carried out, word for word as instances say them."""

import json
from typing import Any

import pytest

from connector.servicenow import responses
from connector.servicenow.errors import ServiceNowError

JSON = {"content-type": "application/json;charset=UTF-8"}
CERTAIN = [
    (400, "Invalid table u_no_such", None),
    (400, "Requested URI does not represent any resource", None),
    (401, "User Not Authenticated", "Required to provide Auth information"),
    (401, "User is not authenticated", "Required to provide Auth information"),
    (403, "Operation Failed", "ACL Exception Insert Failed due to security constraints"),
    (403, "User Not Authorized", "Failed API level ACL Validation"),
    (403, "User Not Authorized", "Missing required api access scope"),
    (
        403,
        "Insufficient rights to query records",
        "Field(s) present in the query do not have permission to be read",
    ),
    (403, "Operation Failed", "Data Policy Exception: \n\tThe following fields are mandatory: Category"),
    (
        403,
        "Operation Failed",
        "Operation against file 'incident' was aborted by Business Rule 'No^0'. Business Rule Stack:No",
    ),
    (
        400,
        (
            "Change Request record could not be updated. Operation against file 'change_request' was aborted by"
            " Business Rule 'Restrict^0'. Business Rule Stack:Restrict"
        ),
        "",
    ),
    (404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval"),
    (429, "Rate limit exceeded", "Rate limit of 100 requests per hour for Table API exceeded"),
]
UNCERTAIN = [
    (400, "Transaction cancelled: maximum execution time exceeded", "Invalid table x"),
    (
        403,
        "Operation Failed",
        "Unique Key violation detected by database ((conn=493) Duplicate entry 'a' for key 'PRIMARY')",
    ),
    (403, "Operation Failed", None),
    (403, "Vorgang fehlgeschlagen", "Zugriff verweigert"),
    (403, "User Not Authenticated", None),
    (405, "Operation Failed", "ACL Exception Insert Failed due to security constraints"),
    (500, "Operation Failed", "ACL Exception Insert Failed due to security constraints"),
]


def is_unknown(status: int, document: Any, headers: dict[str, str] = JSON) -> bool:
    with pytest.raises(ServiceNowError) as caught:
        responses.read_record("incident", responses.Answer(status, headers, json.dumps(document).encode()))
    return caught.value.outcome_unknown


@pytest.mark.parametrize(("status", "message", "detail"), CERTAIN)
def test_a_known_sentence_in_the_apis_own_document_is_a_certain_no(
    status: int, message: str, detail: str | None
) -> None:
    document = {"error": {"message": message, "detail": detail}, "status": "failure"}
    assert not is_unknown(status, document)
    assert is_unknown(status, document, {"content-type": "text/html"})
    assert is_unknown(status, {"message": message, "detail": detail})
    assert is_unknown(status, {"error": f"{message} {detail}"})


@pytest.mark.parametrize(("status", "message", "detail"), UNCERTAIN)
def test_any_other_sentence_proves_nothing(status: int, message: str, detail: str | None) -> None:
    assert is_unknown(status, {"error": {"message": message, "detail": detail}, "status": "failure"})
