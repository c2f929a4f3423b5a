"""The Table API: `/api/now[/v1|/v2]/table/<table>[/<sys_id>]`.

Source: ServiceNow documentation, "Table API"; answers checked against recordings of live instances.
"""

from werkzeug import Response

from sandbox.servicenow import companion, records, refusals
from sandbox.servicenow.access import Rights
from sandbox.servicenow.accounts import authenticate
from sandbox.servicenow.answers import result
from sandbox.servicenow.dictionary import find_table, tables
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.inputs import from_display, read_fields
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.paging import Paging
from sandbox.servicenow.representation import reader_of
from sandbox.servicenow.selection import Selection, hidden_ids
from sandbox.servicenow.store import Row


class TableCall:
    """One call of the Table API by an authenticated user."""

    def __init__(self, instance: Instance, request: Incoming, table_name: str, version: str) -> None:
        """Find out who calls and what table they mean; raises `Refusal`."""
        self.instance, self.request, self.version = instance, request, version
        self.user = authenticate(instance, request)
        self.rights = Rights(self.user, instance.switches)
        table = find_table(table_name)
        if table is None or companion.is_missing(instance, table_name):
            raise refusals.invalid_table(table_name)
        if not takes_json(request):
            raise refusals.not_acceptable(request.headers["Accept"])
        self.table = table
        self.root = f"{request.host_url}api/now/{version + '/' if version else ''}table"
        closed = self.rights.closed_fields()
        reader = reader_of(instance.store, instance.switches, self.user, closed)
        self.show = reader.asked_for(request.args, self.root)

    def answer(self, sys_id: str | None) -> Response:
        """Do what the method says."""
        method = self.request.intended_method
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
        selected = Selection.asked_for(self.instance, self.request, self.user, self.table)
        paging = Paging(
            self.request, f"{self.root}/{self.table.name}", self.instance.switches.old_link_header
        )
        store, name = self.instance.store, self.table.name
        rows = store.select(
            name, selected.where, selected.values, selected.order, paging.limit, paging.offset, selected.joins
        )
        total = store.count(name, selected.where, selected.values) if paging.counts else None
        # The limit comes before the access rules: a page may be short, or empty, with more to follow.
        seen = [self.show.of(row, self.table) for row in self._seen(rows)]
        if not seen and self.version == "v1":
            raise refusals.not_found()
        return result(200, seen, paging.headers(total, len(rows)))

    def _seen(self, rows: list[Row]) -> list[Row]:
        hidden = hidden_ids(self.instance, self.user, self.table, rows)
        return [
            row
            for row in rows
            if row["sys_id"] not in hidden
            and not self.request.hides(row)
            and self.rights.sees(row, self.table.name)
        ]

    def _visible(self, sys_id: str) -> Row:
        row = self.instance.store.get(self.table.name, sys_id)
        if row is None or not self.rights.may("read", self.table.name) or not self._seen([row]):
            raise refusals.not_found()
        return row

    def _create(self) -> Response:
        given = self._given()
        if self.table.name == "task" or not self.rights.may("create", self.table.name):
            raise refusals.access_denied("Insert")
        row = records.create(
            self.instance, self.table, given, self.user, self.request.received_at, stamped=self._stamped
        )
        return self._written(201, row, {"Location": f"{self.root}/{self.table.name}/{row['sys_id']}"})

    def _change(self, sys_id: str) -> Response:
        given = self._given()
        row = self._visible(sys_id)
        real = records.class_of(self.instance, self.table, sys_id, tables())
        if not self.rights.may_change(row, real.name):
            raise refusals.access_denied("Update")
        at = self.request.received_at
        row = records.change(self.instance, real, sys_id, given, self.user, at, stamped=self._stamped)
        return self._written(200, row)

    def _delete(self, sys_id: str) -> Response:
        self._visible(sys_id)
        if not self.rights.may("delete", self.table.name):
            raise refusals.access_denied("Delete")
        real = records.class_of(self.instance, self.table, sys_id, tables())
        records.delete(self.instance, real, sys_id)
        return Response(status=204)

    def _given(self) -> dict[str, str]:
        """The fields that this write reaches, in raw values."""
        given = self.rights.writable(read_fields(self.request))
        if self.request.says_yes("sysparm_input_display_value"):
            return from_display(given, self.table, self.show)
        return given

    @property
    def _stamped(self) -> bool:
        return not self.request.says_yes("sysparm_suppress_auto_sys_field")

    def _written(self, status: int, row: Row, headers: dict[str, str] | None = None) -> Response:
        if self.request.headers.get("X-no-response-body", "").lower() == "true":
            return Response(b"", status, headers)
        return result(status, self.show.of(row, self.table), headers)


def takes_json(request: Incoming) -> bool:
    """Whether the caller takes JSON; who does not say takes it."""
    return "Accept" not in request.headers or bool(request.accept_mimetypes["application/json"])
