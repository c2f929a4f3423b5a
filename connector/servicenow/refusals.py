"""Which refusals are certain: the answers after which nothing was carried out. Pure.

A status alone says little: a proxy, a firewall or a load balancer in front of an instance sends 403s of its own, also
after the instance has done what it was asked. So a no counts only in the API's own document, with a sentence that is
known to be said before anything is stored. Sentences differ by release and language: an unknown one is no proof.

Sources: ServiceNow REST API reference, "Table API" and "REST API HTTP response codes"; recordings of live instances.
The Change Management API puts the whole sentence into `message`, the Table API most of it into `detail`.
"""

from collections.abc import Mapping
from typing import Any

_AUTHENTICATION = ("user not authenticated", "user is not authenticated")
_ACCESS = (
    "acl exception",
    "failed due to security constraints",
    "failed api level acl validation",
    "missing required api access scope",
    "insufficient rights to query records",
    "do not have permission to be read",
)
_RULES = ("data policy exception", "was aborted by business rule")
_UNREADABLE = (
    "invalid table",
    "requested uri does not represent any resource",
    "exception while reading request",
    "rejected large rest payload",
)
_ABSENT = ("no record found", "record doesn't exist or acl restricts the record retrieval")
_LIMITS = ("rate limit exceeded", "rate limit of")
_CERTAIN: dict[int, tuple[str, ...]] = {
    400: (*_UNREADABLE, *_RULES),
    401: _AUTHENTICATION,
    403: (*_ACCESS, *_RULES),
    404: _ABSENT,
    429: _LIMITS,
}
_OUT_OF_TIME = ("transaction cancelled", "transaction canceled")
# The last is said when a record with our key is there already.
_UNCERTAIN = (*_OUT_OF_TIME, "unique key violation")


def is_of_the_api(document: Mapping[str, Any] | None) -> bool:
    """Whether this is the document in which the REST API says no."""
    error = document.get("error") if document else None
    return isinstance(error, dict) and isinstance(error.get("message"), str)


def is_out_of_time(document: Mapping[str, Any] | None) -> bool:
    """Whether the time for a transaction was over, whatever the status: it may have been carried out in part."""
    return any(sentence in _said(document) for sentence in _OUT_OF_TIME)


def is_certain(status: int, document: Mapping[str, Any] | None) -> bool:
    """Whether nothing was carried out: the API's own document, with a sentence that is known to say so."""
    said = _said(document)
    if any(sentence in said for sentence in _UNCERTAIN):
        return False
    return any(sentence in said for sentence in _CERTAIN.get(status, ()))


def _said(document: Mapping[str, Any] | None) -> str:
    if document is None or not is_of_the_api(document):
        return ""
    error = document["error"]
    return " ".join(part for part in (error["message"], error.get("detail")) if isinstance(part, str)).lower()
