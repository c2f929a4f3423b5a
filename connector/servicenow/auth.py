"""Signs calls with the access token; on a 401 renews it once."""

from collections.abc import Callable

from connector.servicenow import responses
from connector.servicenow.transport import Call, Transport


class Bearer:
    """The access token of a connection. `renew` takes the one that was refused and gives a newer one.

    A healthy instance may send a 401: the node that answers may not have heard of the token yet. A call that changes
    something is repeated only where the API itself says that it was not let in; a machine in front of the instance may
    answer so after the instance has done it.
    """

    def __init__(self, access_token: str, renew: Callable[[str], str]) -> None:
        self._access_token = access_token
        self._renew = renew

    def send(self, transport: Transport, call: Call) -> responses.Answer:
        """Send a signed call; a second 401, and one after which it must not be repeated, come back as the answer.

        Raises what the transport raises, and what `renew` raises (`TokenRefused` or `TokenUnavailable`: the
        call was not carried out).
        """
        answer = transport.send(call, self._access_token)
        if answer.status == 401 and (call.only_reads or responses.is_certain_no(answer)):
            self._access_token = self._renew(self._access_token)
            answer = transport.send(call, self._access_token)
        return answer
