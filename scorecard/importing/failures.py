"""Why an import of Secure Score failed, by the error that it ended with.

Source of the numbers: Microsoft identity platform, "Microsoft Entra authentication and authorization error codes".
"""

from scorecard.graph import errors
from scorecard.importing.documents import DocumentError
from scorecard.importing.graph_client import NotConfigured
from scorecard.models.import_failure import Failure

_BY_CODE = {
    7000215: Failure.WRONG_SECRET,
    7000222: Failure.EXPIRED_SECRET,
    700016: Failure.WRONG_CLIENT,
    700027: Failure.WRONG_CERTIFICATE,
    7000112: Failure.DISABLED,
    7000229: Failure.NO_CONSENT,
    65001: Failure.NO_CONSENT,
    500011: Failure.WRONG_CLOUD,
    90002: Failure.WRONG_TENANT,
    900021: Failure.WRONG_TENANT,
    900023: Failure.WRONG_TENANT,
    50059: Failure.WRONG_TENANT,
    90019: Failure.WRONG_TENANT,
}
_BY_STATUS = {404: Failure.GONE, 410: Failure.RETIRED}
# The narrower type first.
_BY_TYPE: tuple[tuple[type[Exception], Failure], ...] = (
    (NotConfigured, Failure.NOT_CONFIGURED),
    (DocumentError, Failure.DOCUMENT),
    (errors.NotTrusted, Failure.NOT_TRUSTED),
    (errors.ProxyFailed, Failure.PROXY),
    (errors.Unreachable, Failure.UNREACHABLE),
    (errors.NoAnswer, Failure.NO_ANSWER),
    (errors.RateLimited, Failure.RATE_LIMITED),
    (errors.ServerError, Failure.MICROSOFT_DOWN),
    (errors.Unreadable, Failure.UNREADABLE),
    (errors.NotAuthenticated, Failure.TOKEN_NOT_ACCEPTED),
    (errors.Forbidden, Failure.NO_PERMISSION),
    (errors.EndlessPaging, Failure.ENDLESS),
)


def failure_of(error: Exception) -> Failure:
    """Name what an import ended with."""
    if isinstance(error, errors.TokenRefused):
        return _BY_CODE.get(error.code or 0, Failure.SIGN_IN_REFUSED)
    if isinstance(error, errors.Rejected):
        return _BY_STATUS.get(error.status or 0, Failure.REFUSED)
    return next((failure for kind, failure in _BY_TYPE if isinstance(error, kind)), Failure.UNEXPECTED)
