"""Signs calls with the access token; on a 401 renews it once."""

from collections.abc import Callable

from connector.servicenow import wire
from connector.servicenow.transport import Call, Transport


class Bearer:
    """The access token of a connection. `renew` takes the one that was refused and gives a newer one.

    A 401 is a definite no, so repeating the call is safe whatever it does. A healthy instance may send one:
    the node that answers may not have heard of the token yet.
    """

    def __init__(self, access_token: str, renew: Callable[[str], str]) -> None:
        self._access_token = access_token
        self._renew = renew

    def send(self, transport: Transport, call: Call) -> wire.Answer:
        """Send a signed call; a second 401 comes back as the answer.

        Raises what the transport raises, and what `renew` raises (`TokenRefused` or `TokenUnavailable`: the
        call was not carried out).
        """
        answer = transport.send(call, self._access_token)
        if answer.status == 401:
            self._access_token = self._renew(self._access_token)
            answer = transport.send(call, self._access_token)
        return answer
