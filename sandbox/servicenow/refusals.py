"""The ways in which the REST APIs say no, word for word.

Source: recordings of live instances and the Table API documentation, "HTTP response codes".
"""

from collections.abc import Mapping


class Refusal(Exception):
    """An error answer: status, message, detail, and headers of its own."""

    def __init__(
        self, status: int, message: str, detail: str | None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.detail = status, message, detail
        self.headers = dict(headers or {})


class NotAuthenticated(Refusal):
    """401. `bearer`: a token was shown, and it is no good."""

    def __init__(self, *, bearer: bool) -> None:
        super().__init__(401, "User Not Authenticated", "Required to provide Auth information")
        self.realm = 'BEARER realm="Service-now"' if bearer else 'BASIC realm="Service-now"'
        self.headers = {"WWW-Authenticate": self.realm, "Connection": "close"}


def second_factor_missing() -> NotAuthenticated:
    """401 of Basic for a user who must show a second factor; a header tells it from a wrong password."""
    refusal = NotAuthenticated(bearer=False)
    refusal.headers["X-MFA_TOKEN"] = "invalid"  # noqa: S105 - the name of a header
    return refusal


def scope_missing() -> Refusal:
    """403: the token carries no auth scope for this API (documentation, "REST API scope troubleshooting")."""
    return Refusal(403, "User Not Authorized", "Missing required api access scope")


def invalid_table(name: str) -> Refusal:
    """No such table."""
    return Refusal(400, f"Invalid table {name}", None)


def no_resource() -> Refusal:
    """No such API."""
    return Refusal(400, "Requested URI does not represent any resource", None)


def unreadable(why: str) -> Refusal:
    """The body is not JSON."""
    return Refusal(400, "Exception while reading request", why)


def too_large(length: int, limit: int) -> Refusal:
    """The body is above the limit; both in bytes."""
    message = f"Rejected large REST payload with content-length = {length} bytes. Max allowed: {limit} bytes."
    return Refusal(400, message, None)


def method_not_allowed() -> Refusal:
    """The API exists, the method does not. The wording of a real instance is not known."""
    return Refusal(405, "Method not supported", None)


def unsupported_type(given: str) -> Refusal:
    """The body is declared as something else than JSON. The wording of a real instance is not known."""
    return Refusal(415, "Unsupported media type", f"{given} is not supported. Supported: application/json")


def not_acceptable(wanted: str) -> Refusal:
    """The caller does not take JSON. The wording of a real instance is not known."""
    return Refusal(406, "Not acceptable", f"{wanted} is not supported. Supported: application/json")


def rate_limited(limit: int, api: str, headers: Mapping[str, str]) -> Refusal:
    """A rate limit rule is exceeded."""
    detail = f"Rate limit of {limit} requests per hour for {api} exceeded"
    return Refusal(429, "Rate limit exceeded", detail, headers)


def not_found() -> Refusal:
    """Not there, or not to be seen by this user: the two are not told apart."""
    return Refusal(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")


def access_denied(deed: str) -> Refusal:
    """An access rule stands against `Insert`, `Update` or `Delete`."""
    return Refusal(403, "Operation Failed", f"ACL Exception {deed} Failed due to security constraints")


def table_denied() -> Refusal:
    """An access rule stands against reading the table at all."""
    return Refusal(403, "User Not Authorized", "Failed API level ACL Validation")


def query_denied() -> Refusal:
    """A Query ACL stands against a field of the query."""
    detail = "Field(s) present in the query do not have permission to be read"
    return Refusal(403, "Insufficient rights to query records", detail)


def aborted(table: str, rule: str, rule_id: str = "") -> Refusal:
    """A business rule stopped the write."""
    named = f"{rule}^{rule_id}" if rule_id else rule
    detail = (
        f"Operation against file '{table}' was aborted by Business Rule '{named}'. Business Rule Stack:{rule}"
    )
    return Refusal(403, "Operation Failed", detail)


def mandatory(*labels: str) -> Refusal:
    """A data policy wants fields that are empty."""
    fields = ", ".join(labels)
    detail = f"Data Policy Exception: \n\tThe following fields are mandatory: {fields}"
    return Refusal(403, "Operation Failed", detail)


def duplicate_key(sys_id: str) -> Refusal:
    """The chosen sys_id is taken. The text is the database's; the status over REST is assumed."""
    detail = (
        f"Unique Key violation detected by database ((conn=493) Duplicate entry '{sys_id}' for key 'PRIMARY')"
    )
    return Refusal(403, "Operation Failed", detail)
