"""Every way a call to Microsoft Graph or its token endpoint can end badly, typed by what to do next.

GraphError
├── Unreachable         no connection: name, network
│   ├── NotTrusted      TLS: the certificate is not one that we trust
│   └── ProxyFailed     the proxy of the settings led nowhere
├── NoAnswer            time-out, reset, deadline
├── RateLimited         429 for longer than we are prepared to wait
├── ServerError         5xx, or 206: a provider behind Graph failed and its share is missing
├── Unreadable          not JSON, cut off, too large, not a collection
├── NotAuthenticated    401: the token is not accepted
├── Forbidden           403: the app registration lacks the permission
├── Rejected            every other status: asking again changes nothing
├── TokenRefused        Entra gave no token: tenant, client ID or secret are wrong or expired
└── EndlessPaging       a next page that came before, is elsewhere, or one too many
"""

from datetime import timedelta
from typing import ClassVar


class GraphError(Exception):
    """A call that did not end well.

    The message is for administrators: what happened and, where we know it, what to do. It holds Microsoft's
    own sentence cleaned and cut, never a token, a secret or a query. `status` is the HTTP status if there was
    an answer.
    """

    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(GraphError):
    """No connection could be made."""

    retryable = True


class NotTrusted(Unreachable):
    """TLS could not be set up, most often because a proxy opens it with a certificate of its own."""


class ProxyFailed(Unreachable):
    """The proxy that the settings name cannot be reached, or does not lead further."""


class NoAnswer(GraphError):
    """The connection ended, or the time was up, before the whole answer was here."""

    retryable = True


class RateLimited(GraphError):
    """Graph asks us to slow down. `retry_after` is what it asked for; None where it did not say."""

    retryable = True

    def __init__(
        self, message: str, *, status: int | None = 429, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class ServerError(GraphError):
    """Graph, or a provider behind it, is in trouble."""

    retryable = True


class Unreadable(GraphError):
    """An answer, but not one of Graph's: a proxy's page, or only the beginning of one."""

    retryable = True


class NotAuthenticated(GraphError):
    """The access token is not accepted."""


class Forbidden(GraphError):
    """The app registration may not read Secure Score."""


class Rejected(GraphError):
    """A definite no."""


class TokenRefused(GraphError):
    """Entra does not know this app registration, or not with this secret.

    `code` is the number of Entra's error (AADSTS...), None where it gave none.
    """

    def __init__(self, message: str, *, status: int | None = None, code: int | None = None) -> None:
        super().__init__(message, status=status)
        self.code = code


class EndlessPaging(GraphError):
    """Following the pages would not end, or would end elsewhere."""
