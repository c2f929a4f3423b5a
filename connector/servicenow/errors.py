"""Every way a call to ServiceNow can end badly, typed by what to do next.

ServiceNowError
├── Unreachable             not one byte of the call was sent: safe to repeat
│   ├── AddressRefused      the name resolves to an address that we do not talk to
│   ├── CertificateRefused  whoever answers there cannot show that it is the instance
│   └── TokenUnavailable    no access token could be had just now, so the call was not made
├── OutcomeUnknown          the call may have been carried out: look before repeating it
│   ├── NoAnswer            time-out, reset, deadline
│   ├── ServerError         5xx, or an error inside a 200
│   └── Unreadable          202, not JSON, cut off, no `result`, rows nobody asked for
│       ├── TooLarge          ... because we stopped reading: ask for less at a time
│       ├── ConditionIgnored  ... because the instance left a condition out: repeating changes nothing
│       ├── Hibernating     a developer instance is asleep
│       ├── Maintenance     a page that says so in place of data
│       └── LoginPage       a sign-in page in place of data
├── RateLimited             429: repeat later, not a failure of the ticket
├── NotAuthenticated        401, even after renewing the token
├── Refused                 a no: repeating changes nothing
│   ├── Forbidden           403: access rules, data policies, business rules
│   ├── BadRequest          400 and every other 4xx
│   └── NotFound            404 from the Table API itself
└── TokenRefused            the token endpoint said no: somebody has to authorise again or correct the set-up
    ├── CodeRefused         ... for a code: perhaps it came too late, and the next one is taken
    └── PkceRefused         ... because the code belongs to another sign-in attempt

To a call that only reads, a no is a no. To one that changes something, `outcome_unknown` says whether it can be
believed: see `refusals`.
"""

from datetime import timedelta
from typing import ClassVar


class Said(str):
    """What somebody else said, cleaned and cut: no words of ours."""

    __slots__ = ()


class ServiceNowError(Exception):
    """A call that did not end well.

    `detail` says why: in ServiceNow's own sentence where that is a `Said`, cleaned and cut, else in ours; it never
    holds a secret or an address with a query. `status` is the HTTP status if there was an answer, `transaction_id` what
    ServiceNow's support asks for.
    """

    retryable: ClassVar[bool] = False
    outcome_unknown: bool = False
    code: str = "error"

    def __init__(
        self,
        detail: str = "",
        *,
        status: int | None = None,
        transaction_id: str = "",
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.transaction_id = transaction_id
        self.outcome_unknown = self.outcome_unknown or outcome_unknown

    @property
    def may_be_a_no(self) -> bool:
        """Whether the answer looks like a refusal of what was sent, without being one that can be believed."""
        is_a_no = self.status is not None and 400 <= self.status < 500 and self.status not in (401, 408, 429)
        return self.outcome_unknown and is_a_no and not isinstance(self, ServerError)

    @property
    def said(self) -> str:
        """ServiceNow's own words; empty where there are none."""
        return self.detail if isinstance(self.detail, Said) else ""

    def __str__(self) -> str:
        parts = [self.code, str(self.status) if self.status else "", self.detail]
        return " ".join(part for part in parts if part)


class Unreachable(ServiceNowError):
    """The name did not resolve, or the connection or TLS failed, before anything was sent."""

    retryable = True
    code = "unreachable"


class AddressRefused(Unreachable):
    """The instance's name leads to an address that is not a public one."""

    code = "address_refused"


class CertificateRefused(Unreachable):
    """TLS could not trust the certificate; `code` names what it lacks where it is the strict checks that refuse it."""

    code = "certificate_refused"

    @classmethod
    def because(cls, reason: str, code: str = "") -> "CertificateRefused":
        refused = cls(f"The certificate is refused: {reason}.")
        refused.code = code or cls.code
        return refused


class TokenUnavailable(Unreachable):
    """The token endpoint gave no usable answer; `code` is that of what went wrong there."""

    code = "token_unavailable"

    @classmethod
    def because(cls, error: ServiceNowError) -> "TokenUnavailable":
        unavailable = cls(error.detail, status=error.status, transaction_id=error.transaction_id)
        unavailable.code = error.code
        return unavailable


class OutcomeUnknown(ServiceNowError):
    """Bytes were sent, and no trustworthy answer says what became of them."""

    retryable = True
    outcome_unknown = True
    code = "outcome_unknown"


class NoAnswer(OutcomeUnknown):
    """The connection ended, or our time did, before an answer came."""

    code = "no_answer"


class ServerError(OutcomeUnknown):
    """The instance or a machine in front of it failed, or its time was over; the record may exist all the same."""

    code = "server_error"


class Unreadable(OutcomeUnknown):
    """An answer that is not what the Table API gives."""

    code = "unreadable"


class TooLarge(Unreadable):
    """An answer of more bytes than we read."""


class ConditionIgnored(Unreadable):
    """Rows that nobody asked for: the instance left a condition out, and will do so until it is set up differently."""

    retryable = False
    code = "condition_ignored"


class Hibernating(Unreadable):
    """A developer instance that sleeps answers every address with a page that says so."""

    code = "hibernating"


class Maintenance(Unreadable):
    """The instance is being upgraded or repaired, and a page says so."""

    code = "maintenance"


class LoginPage(Unreadable):
    """A sign-in page, ServiceNow's or a single sign-on's, where data was expected."""

    code = "login_page"


class RateLimited(ServiceNowError):
    """Too many calls; `retry_after` says how long ServiceNow wants to be left alone, if it does say."""

    retryable = True
    code = "rate_limited"

    def __init__(
        self,
        detail: str = "",
        *,
        retry_after: timedelta | None = None,
        status: int | None = 429,
        transaction_id: str = "",
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(
            detail, status=status, transaction_id=transaction_id, outcome_unknown=outcome_unknown
        )
        self.retry_after = retry_after


class NotAuthenticated(ServiceNowError):
    """ServiceNow does not accept our token, not even a renewed one."""

    retryable = True
    code = "not_authenticated"


class Refused(ServiceNowError):
    """ServiceNow understood, and did not do it."""

    code = "refused"


class Forbidden(Refused):
    """The integration user may not do that, or a policy or business rule of the instance stopped it."""

    code = "forbidden"


class BadRequest(Refused):
    """The instance does not know such a table, or cannot read what was sent."""

    code = "bad_request"


class NotFound(Refused):
    """There is no such record, or the integration user may not see it."""

    code = "not_found"


class TokenRefused(ServiceNowError):
    """ServiceNow gives no token for this client, code or refresh token."""

    code = "token_refused"


class CodeRefused(TokenRefused):
    """ServiceNow gives the same answer to a code that is too old and to a client that is not right."""

    code = "code_refused"


class PkceRefused(TokenRefused):
    """The authorisation code was issued for an earlier attempt: ServiceNow may hand out a remembered one."""

    code = "pkce_refused"
