"""The Table API: `/api/now[/v1|/v2]/table/<table>[/<sys_id>]`.

Source: ServiceNow documentation, "Table API"; answers checked against recordings of live instances.
"""

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from werkzeug import Response

from sandbox.server import LARGEST_BODY
from sandbox.servicenow import query as encoded
from sandbox.servicenow import records, refusals
from sandbox.servicenow.access import Rights
from sandbox.servicenow.accounts import authenticate
from sandbox.servicenow.answers import result
from sandbox.servicenow.dictionary import find_table, tables
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.representation import Representation
from sandbox.servicenow.store import Row

LIMIT = 10_000


class TableCall:
    """One call of the Table API by an authenticated user."""

    def __init__(self, instance: Instance, request: Incoming, table_name: str, version: str) -> None:
        """Find out who calls and what table they mean; raises `Refusal`."""
        self.instance, self.request, self.version = instance, request, version
        self.user = authenticate(instance, request)
        self.rights = Rights(self.user, instance.switches)
        table = find_table(table_name)
        if table is None:
            raise refusals.invalid_table(table_name)
        self.table = table
        self.root = f"{request.host_url}api/now/{version + '/' if version else ''}table"
        time_zone = self.user["time_zone"] or instance.switches.time_zone
        self.show = Representation.asked_for(request.args, instance.store, self.root, time_zone)

    def answer(self, sys_id: str | None) -> Response:
        """Do what the method says."""
        method = self.request.method
        if sys_id is None and method in ("GET", "HEAD"):
            return self._list()
        if sys_id is None and method == "POST":
            return self._create()
        if sys_id is not None and method in ("GET", "HEAD"):
            return result(200, self.show.of(self._visible(sys_id), self.table))
        if sys_id is not None and method in ("PUT", "PATCH"):
            return self._change(sys_id)
        if sys_id is not None and method == "DELETE":
            return self._delete(sys_id)
        raise refusals.method_not_allowed()

    def _list(self) -> Response:
        if not self.rights.may("read", self.table.name):
            raise refusals.table_denied()
        query = self._query()
        where, values, order = encoded.to_sql(query, self.table)
        if query.dropped and self.instance.switches.invalid_query_returns_no_rows:
            where, values = "0", []
        limit, offset = self._number("sysparm_limit", LIMIT), self._number("sysparm_offset", 0)
        store = self.instance.store
        total = store.count(self.table.name, where, values)
        rows = store.select(self.table.name, where, values, order, limit, offset)
        # The limit comes before the access rules: a page may be short, or empty, with more to follow.
        seen = [self.show.of(row, self.table) for row in rows if not self.request.hides(row)]
        if not seen and self.version == "v1":
            raise refusals.not_found()
        return result(200, seen, self._paging(total, limit, offset))

    def _query(self) -> encoded.Query:
        text = self.request.args.get("sysparm_query", "")
        query = encoded.parse(text, self.table, self._evaluate)
        for name, value in self.request.args.items():
            if name in self.table.fields:
                query = query.and_equal(name, value)
        if self.rights.may_query_ranges() or query == query.without_ranges():
            return query
        if self.instance.switches.query_denial == "forbidden":
            raise refusals.query_denied()
        return query.without_ranges()

    def _evaluate(self, expression: str) -> str | None:
        known = {"gs.getUserID()": self.user["sys_id"], "gs.getUserName()": self.user["user_name"]}
        return known.get(expression.strip().rstrip(";"))

    def _number(self, name: str, otherwise: int) -> int:
        value = self.request.args.get(name, "")
        return int(value) if value.isdigit() else otherwise

    def _paging(self, total: int, limit: int, offset: int) -> dict[str, str]:
        """`X-Total-Count` counts rows that the user may not see; `Link` is left out when one page holds all."""
        headers = {} if self._says_yes("sysparm_no_count") else {"X-Total-Count": str(total)}
        if limit == 0 or total <= limit or self._says_yes("sysparm_suppress_pagination_header"):
            return headers
        last = (total - 1) // limit * limit
        pages = {"first": 0, "prev": max(offset - limit, 0), "next": offset + limit, "last": last}
        if offset <= 0:
            del pages["prev"]
        if offset >= last:
            del pages["next"]
        links = [f'<{self._page_address(start)}>;rel="{name}"' for name, start in pages.items()]
        return {**headers, "Link": ",".join(links)}

    def _page_address(self, offset: int) -> str:
        arguments = {**self.request.args.to_dict(), "sysparm_offset": str(offset)}
        return f"{self.root}/{self.table.name}?{urlencode(arguments)}"

    def _says_yes(self, name: str) -> bool:
        return self.request.args.get(name, "").lower() == "true"

    def _visible(self, sys_id: str) -> Row:
        row = self.instance.store.get(self.table.name, sys_id)
        if row is None or self.request.hides(row) or not self.rights.may("read", self.table.name):
            raise refusals.not_found()
        return row

    def _create(self) -> Response:
        given = read_fields(self.request)
        if self.table.name == "task" or not self.rights.may("create", self.table.name):
            raise refusals.access_denied("Insert")
        given = self.rights.writable(given)
        row = records.create(self.instance, self.table, given, self.user, self.request.received_at)
        location = f"{self.root}/{self.table.name}/{row['sys_id']}"
        return result(201, self.show.of(row, self.table), {"Location": location})

    def _change(self, sys_id: str) -> Response:
        given = read_fields(self.request)
        self._visible(sys_id)
        if not self.rights.may("write", self.table.name):
            raise refusals.access_denied("Update")
        real = records.class_of(self.instance, self.table, sys_id, tables())
        given = self.rights.writable(given)
        row = records.change(self.instance, real, sys_id, given, self.user, self.request.received_at)
        return result(200, self.show.of(row, self.table))

    def _delete(self, sys_id: str) -> Response:
        self._visible(sys_id)
        if not self.rights.may("delete", self.table.name):
            raise refusals.access_denied("Delete")
        real = records.class_of(self.instance, self.table, sys_id, tables())
        records.delete(self.instance, real, sys_id)
        return Response(status=204)


def read_fields(request: Incoming) -> dict[str, str]:
    """The fields in a JSON body, as text; of an array only the first record counts; no body is no field.

    Raises:
        Refusal: too large, not JSON, or not an object.
    """
    if (request.content_length or 0) > LARGEST_BODY:
        raise refusals.too_large(request.content_length or 0, LARGEST_BODY)
    body = request.get_data()
    try:
        given = json.loads(body or b"{}")
    except ValueError as error:
        raise refusals.unreadable(str(error)) from error
    if isinstance(given, list):
        given = given[0] if given else {}
    if not isinstance(given, dict):
        raise refusals.unreadable("The payload is not a JSON object")
    return {name: as_text(value) for name, value in given.items()}


def as_text(value: object) -> str:
    """A JSON value as a field stores it; an object becomes what Java prints for it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "{" + ", ".join(f"{name}={as_text(part)}" for name, part in value.items()) + "}"
        case list():
            return ",".join(as_text(part) for part in value)
        case _:
            return str(value)
