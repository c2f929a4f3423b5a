"""What each kind of fault does on the wire. The log notes status 0 where the caller got no answer."""

import json
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from werkzeug import Response
from werkzeug.http import http_date
from werkzeug.utils import redirect

from sandbox.faults import Fault
from sandbox.server import HungUp
from sandbox.servicenow import refusals
from sandbox.servicenow.answers import json_answer, refused
from sandbox.servicenow.clock import stamp
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.store import Row

Handle = Callable[[], Response]
TOKEN_REFUSED = {"error_description": "access_denied", "error": "server_error"}
HIBERNATING_PAGE = (
    "<!DOCTYPE html><html><head><title>Instance Hibernating page</title></head>"
    "<body><h1>Your instance is hibernating.</h1><p>Sandbox: it wakes up when the fault is over.</p></body></html>"
)
LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Log in | ServiceNow</title></head>"
    '<body><form action="login.do" method="post"><h1>Sandbox: log in</h1></form></body></html>'
)
GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
FIREWALL_PAGE = (
    "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected.</body></html>"
)
MAINTENANCE_PAGE = (
    "<!DOCTYPE html><html><head><title>Instance under maintenance</title></head>"
    "<body><h1>This instance is being upgraded.</h1><p>Sandbox: it is back when the fault is over.</p></body></html>"
)
DEVELOPER_SITE = "https://developer.servicenow.com/dev.do"
CANCELLED = {
    "message": "Transaction cancelled: maximum execution time exceeded",
    "detail": "Transaction cancelled: maximum execution time exceeded Check logs for error trace or enable "
    "glide.rest.debug property to verify REST request processing",
}
WRITES = {"POST": "Insert", "PUT": "Update", "PATCH": "Update", "DELETE": "Delete"}


class Spoiled:
    """One call that a fault was made for. Each method named for a kind gives the answer, or hangs up."""

    def __init__(
        self, fault: Fault, handle: Handle, request: Incoming, route: str, over: threading.Event
    ) -> None:
        self.fault, self.handle, self.request, self.route = fault, handle, request, route
        self._over = over

    def answer(self) -> Response:
        """Do what the kind says."""
        spoil: Handle = getattr(self, self.fault.kind)
        return spoil()

    def latency(self) -> Response:
        """Answers `seconds` late."""
        self._sleep(1)
        return self.handle()

    def response_time(self) -> Response:
        """Answers `seconds` after it was asked, the work included: an instance that is neither quicker nor slower."""
        ends_at = time.monotonic() + self.fault.pause(1)
        answer = self.handle()
        self._over.wait(max(0.0, ends_at - time.monotonic()))
        return answer

    def rate_limit(self) -> Response:
        """429 by a rule, with `Retry-After` and the rule's headers; nothing happens."""
        wait = max(1, round(self.fault.pause(30)))
        headers = {
            "Retry-After": str(wait),
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Reset": str(int(time.time()) + wait),
            "X-RateLimit-Rule": "9f6b1b5a2f0110105f2a5a5df699b6f1",
        }
        detail = "Rate limit of 100 requests per hour for Table API exceeded"
        error = {"message": "Rate limit exceeded", "detail": detail}
        return json_answer(429, {"error": error, "status": "failure"}, headers)

    def rate_limit_bare(self) -> Response:
        """429 because a queue is full: nothing but the status."""
        return Response(status=429)

    def server_error(self) -> Response:
        """500 before anything happened."""
        return json_answer(
            500, {"error": {"message": "Internal server error", "detail": None}, "status": "failure"}
        )

    def bad_gateway_html(self) -> Response:
        """502 of a load balancer, in HTML; nothing happened."""
        return Response(GATEWAY_PAGE, 502, content_type="text/html")

    def reset(self) -> Response:
        """The connection is reset before anything happened."""
        raise HungUp(reset=True)

    def lose_answer(self) -> Response:
        """Everything is done, then the connection drops."""
        self.handle()
        raise HungUp

    def late_commit(self) -> Response:
        """Silence; after `seconds` it is done, whether or not the caller still waits. Never an answer."""
        self._sleep(5)
        if not self._over.is_set():
            self.handle()
        raise HungUp

    def commit_then_500(self) -> Response:
        """Everything is done, then 500."""
        self.handle()
        return self.server_error()

    def refused_by_a_proxy(self) -> Response:
        """Everything is done, then a machine in front of the instance answers 403 in HTML."""
        self.handle()
        return Response(FIREWALL_PAGE, 403, content_type="text/html")

    def blocked_by_a_proxy(self) -> Response:
        """403 in HTML of a machine in front of the instance; nothing happened."""
        return Response(FIREWALL_PAGE, 403, content_type="text/html")

    def unauthorized_by_a_proxy(self) -> Response:
        """Everything is done, then a machine in front of the instance answers 401 in HTML."""
        self.handle()
        return Response(FIREWALL_PAGE, 401, content_type="text/html")

    def limited_by_a_proxy(self) -> Response:
        """Everything is done, then a machine in front of the instance answers 429 in HTML."""
        self.handle()
        return Response(FIREWALL_PAGE, 429, content_type="text/html")

    def cancelled(self) -> Response:
        """Everything is done, then the time for the transaction is over: 400 in JSON."""
        self.handle()
        return json_answer(400, {"error": CANCELLED, "status": "failure"})

    def refused_in_other_words(self) -> Response:
        """Nothing happened: 403 in JSON, in words of the customer's own."""
        error = {"message": "Vorgang fehlgeschlagen", "detail": "Änderungen sind gesperrt"}
        return json_answer(403, {"error": error, "status": "failure"})

    def repeated(self) -> Response:
        """A proxy sends it twice; the second answer comes back."""
        self.handle()
        return self.handle()

    def hibernating(self) -> Response:
        """A developer instance asleep: 200 and a page."""
        return Response(HIBERNATING_PAGE, 200, content_type="text/html;charset=UTF-8")

    def hibernating_redirect(self) -> Response:
        """The other way in which a developer instance is asleep: off to the site where it can be woken."""
        return redirect(DEVELOPER_SITE, 302)

    def maintenance(self) -> Response:
        """503 and a page while the instance is upgraded."""
        return Response(MAINTENANCE_PAGE, 503, content_type="text/html;charset=UTF-8")

    def login_page(self) -> Response:
        """200 and a sign-in page in place of an answer."""
        return Response(LOGIN_PAGE, 200, content_type="text/html;charset=UTF-8")

    def truncated(self) -> Response:
        """Everything is done; the body ends half-way, and the framing calls that complete."""
        answer = self.handle()
        body = answer.get_data()
        answer.set_data(body[: len(body) // 2])
        return answer

    def partial_result(self) -> Response:
        """Everything is done; the time for a transaction ran out while writing: 200, the first half, then an error."""
        answer = self.handle()
        if answer.mimetype != "application/json":
            return answer
        whole = json.loads(answer.get_data()).get("result")
        part = whole[: len(whole) // 2] if isinstance(whole, list) else {}
        return json_answer(200, {"result": part, "error": CANCELLED, "status": "failure"})

    def cut_off(self) -> Response:
        """Everything is done; the connection drops half-way through the promised length."""
        answer = self.handle()
        body = answer.get_data()

        def half() -> Iterator[bytes]:
            yield body[: len(body) // 2]
            raise HungUp

        answer.response = half()
        answer.headers["Content-Length"] = str(len(body))
        return answer

    def accepted_202(self) -> Response:
        """202 with no body: the request was dropped, as when one session sends too many at once."""
        return Response(status=202)

    def unauthorized(self) -> Response:
        """401 as for a token that is not good any more; at the token address, its usual refusal."""
        if self.route == "token":
            return json_answer(401, TOKEN_REFUSED)
        return refused(refusals.NotAuthenticated(bearer=True))

    def forbidden(self) -> Response:
        """403: an access rule stands against it."""
        deed = WRITES.get(self.request.method)
        return refused(refusals.access_denied(deed) if deed else refusals.table_denied())

    def business_rule_abort(self) -> Response:
        """403: a business rule of the customer's stopped the write."""
        return refused(refusals.aborted(self._table(), "Only the service desk opens tickets"))

    def data_policy(self) -> Response:
        """403: the customer made a field mandatory that is empty."""
        return refused(refusals.mandatory("Assignment group"))

    def acl_hidden(self) -> Response:
        """Rows that access rules hide are missing (all of them, or a `share` chosen by sys_id) but are counted."""
        self.request.hides = self._hidden_by_rules
        return self.handle()

    def read_lag(self) -> Response:
        """A replica that is behind: records created in the last `seconds` are not there yet."""
        since = stamp(self.request.received_at - timedelta(seconds=self.fault.pause(5)))
        self.request.hides = lambda row: row["sys_created_on"] >= since
        return self.handle()

    def wrong_date(self) -> Response:
        """Answers as always, but its `Date` header is `seconds` ahead, 400 days if none are given."""
        answer = self.handle()
        answer.headers["Date"] = http_date(
            self.request.received_at + timedelta(seconds=self.fault.pause(400 * 86_400))
        )
        return answer

    def row_is_no_record(self) -> Response:
        """Of a list, the first row is a text where a record should be."""
        return self._with_first_row(lambda row: "This row could not be read.")

    def row_without_sys_id(self) -> Response:
        """Of a list, the first row comes without its sys_id, as where a script hides the field."""
        return self._with_first_row(lambda row: {name: row[name] for name in row if name != "sys_id"})

    def _with_first_row(self, spoil: Callable[[dict[str, Any]], object]) -> Response:
        answer = self.handle()
        document = answer.get_json(silent=True)
        rows = document.get("result") if isinstance(document, dict) else None
        if not isinstance(rows, list) or not rows:
            return answer
        return json_answer(200, {"result": [spoil(rows[0]), *rows[1:]]})

    def _hidden_by_rules(self, row: Row) -> bool:
        return zlib.crc32(row["sys_id"].encode()) % 1000 < self.fault.share * 1000

    def _table(self) -> str:
        if self.route == "change":
            return "change_request"
        return self.request.path.rpartition("/table/")[2].partition("/")[0] or "incident"

    def _sleep(self, otherwise: float) -> None:
        self._over.wait(self.fault.pause(otherwise))


KINDS = frozenset(name for name in vars(Spoiled) if not name.startswith("_")) - {"answer"}
