"""What the addresses of the Change Management API share: who calls, finding, listing and writing records.

Source: ServiceNow documentation, "Change Management API".
"""

from collections.abc import Mapping

from werkzeug import Response

from sandbox.servicenow import records, refusals
from sandbox.servicenow.access import Rights, names
from sandbox.servicenow.accounts import authenticate
from sandbox.servicenow.answers import result
from sandbox.servicenow.change_moves import STATES, check_move
from sandbox.servicenow.change_view import ChangeView
from sandbox.servicenow.dictionary import Table, tables
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.inputs import read_fields
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.refusals import Refusal
from sandbox.servicenow.representation import reader_of
from sandbox.servicenow.selection import Selection
from sandbox.servicenow.store import Row

CHANGES, TASKS = tables()["change_request"], tables()["change_task"]
LIMIT = 500
TYPES = ("normal", "emergency", "standard")
# Published standard change templates.
TEMPLATES = {
    "1c87925347c12200e0ef563dbb9a7177": {
        "short_description": "Reboot a server outside business hours",
        "description": "Announce, reboot, check the services.",
        "category": "Hardware",
    },
    "508e02ec47410200e90d87e8dee49058": {
        "short_description": "Renew a certificate",
        "description": "Request, install, check the expiry.",
        "category": "Network",
    },
}


class ChangeCall:
    """One call by an authenticated user, about the records of one table. `method`: the only one there is."""

    def __init__(self, instance: Instance, request: Incoming, table: Table, method: str = "") -> None:
        self.instance, self.request, self.table = instance, request, table
        self.user = authenticate(instance, request)
        if method and request.intended_method not in (method, "HEAD"):
            raise refusals.method_not_allowed()
        self.rights = Rights(self.user, instance.switches)
        self.view = ChangeView(reader_of(instance.store, instance.switches, self.user), table)
        if not self.rights.may("read", table.name):
            raise refusals.table_denied()

    def find(self, sys_id: str, equal: Mapping[str, str] | None = None) -> Row:
        """A record that the user may see and that has these values."""
        row = self.instance.store.get(self.table.name, sys_id)
        fits = row is not None and all(row[name] == value for name, value in (equal or {}).items())
        if row is None or not fits or not self.rights.sees(row, self.table.name) or self.request.hides(row):
            raise Refusal(404, f"{self.table.label} not found", "")
        return row

    def listed(self, equal: Mapping[str, str]) -> Response:
        """The records that a query selects; there is no total."""
        if self.request.intended_method not in ("GET", "HEAD"):
            raise refusals.method_not_allowed()
        wanted = Selection.asked_for(self.instance, self.request, self.user, self.table)
        arguments = self.request.args
        where = " AND ".join([f"({wanted.where})", *(f'"{self.table.name}"."{name}" = ?' for name in equal)])
        limit, offset = (
            arguments.get(f"sysparm_{n}", d, type=int) for n, d in (("limit", LIMIT), ("offset", 0))
        )
        values = [*wanted.values, *equal.values()]
        rows = self.instance.store.select(
            self.table.name, where, values, wanted.order, limit, offset, wanted.joins
        )
        seen = [row for row in rows if self.rights.sees(row, self.table.name) and not self.request.hides(row)]
        shown = self.view.listed(
            seen, arguments.get("sysparm_query", ""), arguments.get("sysparm_fields", "")
        )
        return result(200, shown)

    def one(self, sys_id: str, equal: Mapping[str, str]) -> Response:
        """Show, change or delete one record."""
        row = self.find(sys_id, equal)
        match self.request.intended_method:
            case "GET" | "HEAD":
                return result(200, self.view.of(row, self.request.args.get("sysparm_fields", "")))
            case "PATCH":
                return self._change(row)
            case "DELETE":
                return self._delete(row)
            case _:
                raise refusals.method_not_allowed()

    def create(
        self,
        type_name: str,
        template: Mapping[str, str] | None = None,
        read_only: frozenset[str] = frozenset(),
    ) -> Response:
        """A new change of a type; what a template holds, the caller may change but where that is `read_only`."""
        given, ignored = self._sent()
        ignored = sorted({*ignored, *(read_only & given.keys())})
        given = {name: value for name, value in given.items() if name not in read_only}
        wanted = type_name or given.get("type", "")
        given = {**(template or {}), **given, "type": wanted if wanted in TYPES else "normal"}
        if self.instance.switches.change_models:
            model = self.instance.store.find("chg_model", name=given["type"].capitalize())
            given.setdefault("chg_model", model[0]["sys_id"] if model else "")
        return self._made(given, ignored)

    def create_from_template(self, sys_id: str) -> Response:
        """A new standard change."""
        if sys_id not in TEMPLATES:
            raise Refusal(404, "Standard Change Template not found", "")
        template = {**TEMPLATES[sys_id], "std_change_producer_version": sys_id}
        return self.create("standard", template, names(self.instance.switches.standard_change_read_only))

    def create_task(self, parent: Row) -> Response:
        """A new task of a change."""
        given, ignored = self._sent()
        opened = {"opened_by": self.user["sys_id"], "parent": parent["sys_id"]}
        return self._made({**opened, **given, "change_request": parent["sys_id"]}, ignored)

    def _made(self, given: dict[str, str], ignored: list[str]) -> Response:
        if not self.rights.may("create", self.table.name):
            raise refusals.access_denied("Insert")
        row = records.create(self.instance, self.table, given, self.user, self.request.received_at)
        return result(200, self.view.written(row, ignored))

    def _change(self, row: Row) -> Response:
        given, ignored = self._sent()
        if not self.rights.may_change(row, self.table.name):
            raise refusals.access_denied("Update")
        if self.table is CHANGES and self.instance.switches.legal_transitions_only:
            check_move(row, given)
        sys_id, at = row["sys_id"], self.request.received_at
        row = records.change(self.instance, self.table, sys_id, given, self.user, at)
        return result(200, self.view.written(row, ignored))

    def _delete(self, row: Row) -> Response:
        if not self.rights.may("delete", self.table.name):
            raise refusals.access_denied("Delete")
        records.delete(self.instance, self.table, row["sys_id"])
        return Response(status=204)

    def _sent(self) -> tuple[dict[str, str], list[str]]:
        """The fields that this write reaches, and the names that it does not know. A state may be named."""
        sent = read_fields(self.request)
        ignored = sorted(name for name in sent if name not in self.table.fields)
        given = self.rights.writable(
            {name: value for name, value in sent.items() if name in self.table.fields}
        )
        if self.table is CHANGES and "state" in given:
            given["state"] = STATES.get(given["state"].lower(), given["state"])
        return given, ignored
