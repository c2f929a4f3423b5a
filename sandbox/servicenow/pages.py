"""List and form pages, in which somebody inside ServiceNow works on tickets."""

import hmac
from collections.abc import Mapping
from urllib.parse import unquote, urlencode

from werkzeug import Response
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.utils import redirect

from sandbox.servicenow import accounts, records
from sandbox.servicenow.access import Rights
from sandbox.servicenow.accounts import Session
from sandbox.servicenow.behaviour import next_states
from sandbox.servicenow.dictionary import Table, tables, tables_with_pages
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.page import page, to_sign_in
from sandbox.servicenow.query import parse
from sandbox.servicenow.query_sql import to_sql
from sandbox.servicenow.refusals import Refusal
from sandbox.servicenow.representation import Representation, reader_of
from sandbox.servicenow.scripts import Scripts
from sandbox.servicenow.signin import local_address
from sandbox.servicenow.store import Row

PAGE_ROWS = 50
COLUMNS = ("number", "short_description", "state", "priority", "assigned_to", "sys_updated_on")
# What the form shows of a record besides what may be changed.
SHOWN = (
    "priority", "approval", "requested_by", "caller_id", "opened_at", "opened_by", "due_date", "requested_by_date",
    "correlation_display", "correlation_id", "sys_updated_on", "sys_updated_by",
)  # fmt: skip


def home(instance: Instance, request: Incoming) -> Response:
    """Where everything is."""
    counts = {table: instance.store.count(table) for table in tables_with_pages()}
    return page("home.html", session=accounts.signed_in(instance, request), counts=counts, instance=instance)


def nav_to(instance: Instance, request: Incoming, target: str = "") -> Response:
    """The frame of the classic pages: goes to the page that `uri` names."""
    wanted = request.args.get("uri", "") or unquote(target)
    return redirect(local_address("/" + wanted.lstrip("/")), 302)


def record_list(instance: Instance, request: Incoming, table_name: str) -> Response:
    """The rows of a table that `sysparm_query` selects, newest change first unless it orders them."""
    session = accounts.signed_in(instance, request)
    if session is None:
        return to_sign_in(request)
    table = tables()[table_name]
    text = request.args.get("sysparm_query", "")
    show = reader_of(instance.store, instance.switches, session.user)
    query = parse(text, table, Scripts(session.user, instance.now(), show.time_zone))
    where, values, order, joins = to_sql(query, table)
    first = request.args.get("sysparm_first_row", default=1, type=int)
    order = order or "sys_updated_on DESC, number DESC"
    rows = instance.store.select(table_name, where, values, order, PAGE_ROWS, max(first - 1, 0), joins)
    total = instance.store.count(table_name, where, values)
    cells = [[(name, show.display_value(row, table.fields[name], table)) for name in COLUMNS] for row in rows]
    listed = [(row["sys_id"], shown) for row, shown in zip(rows, cells, strict=True)]
    starts = {"Previous": first - PAGE_ROWS, "Next": first + PAGE_ROWS}
    pages = {
        name: f"?{urlencode({'sysparm_query': text, 'sysparm_first_row': start})}"
        for name, start in starts.items()
        if 1 <= start <= total
    }
    headings = [table.fields[name].label for name in COLUMNS]
    return page(
        "list.html",
        session=session,
        table=table,
        query=text,
        dropped=query.dropped,
        listed=listed,
        headings=headings,
        total=total,
        time_zone=show.time_zone,
        first=first,
        pages=pages,
    )


def record_form(instance: Instance, request: Incoming, table_name: str) -> Response:
    """One record to look at and change."""
    session = accounts.signed_in(instance, request)
    if session is None:
        return to_sign_in(request)
    table = tables()[table_name]
    row = instance.store.get(table_name, request.args.get("sys_id", ""))
    if row is None:
        raise NotFound("Record not found")
    if request.method != "POST":
        return _form(instance, session, table, row, updated="updated" in request.args)
    if not hmac.compare_digest(request.form.get("sysparm_ck", ""), session.csrf):
        raise Forbidden("The form is too old. Go back, reload it and try again.")
    return _update(instance, request, session, table, row)


def _update(instance: Instance, request: Incoming, session: Session, table: Table, row: Row) -> Response:
    given = {name: request.form.get(name, "").replace("\r\n", "\n") for name in table.form}
    try:
        if not Rights(session.user, instance.switches).may("write", table.name):
            raise Forbidden("Your roles do not let you change this record.")
        records.change(instance, table, row["sys_id"], given, session.user, request.received_at)
    except Refusal as refusal:
        typed = {**row, **given}
        return _form(
            instance, session, table, typed, problem=refusal.detail or refusal.message, status=422, saved=row
        )
    return redirect(f"/{table.name}.do?{urlencode({'sys_id': row['sys_id'], 'updated': '1'})}", 303)


def _form(
    instance: Instance,
    session: Session,
    table: Table,
    row: Row,
    *,
    problem: str = "",
    updated: bool = False,
    status: int = 200,
    saved: Row | None = None,
) -> Response:
    show = reader_of(instance.store, instance.switches, session.user)
    options = {name: _options(instance, show, table, saved or row, name) for name in table.form}
    shown = [
        (name, show.display_value(row, table.fields[name], table)) for name in SHOWN if name in table.fields
    ]
    facts = [(table.fields[name].label, value) for name, value in shown if value and name not in options]
    journal = show.journal_entries(row["sys_id"])
    return page(
        "form.html",
        status,
        session=session,
        table=table,
        row=row,
        options=options,
        facts=facts,
        journal=journal,
        time_zone=show.time_zone,
        problem=problem,
        updated=updated,
    )


def _options(
    instance: Instance, show: Representation, table: Table, row: Row, name: str
) -> Mapping[str, str] | None:
    """Value -> label of what may be chosen in a field; none where text is written instead."""
    if name == "assignment_group":
        return {"": "-- None --", **{g["sys_id"]: g["name"] for g in instance.store.find("sys_user_group")}}
    if name == "assigned_to":
        users = instance.store.find("sys_user", active="true")
        return {"": "-- None --", **{user["sys_id"]: user["name"] for user in users}}
    if name in ("close_notes", "on_hold", "on_hold_reason", *table.journals):
        return None
    choices = show.choices(table.name, name)
    if name in ("close_code", "hold_reason"):
        return {"": "-- None --", **choices}
    if table.name == "change_request" and name == "state" and instance.switches.legal_transitions_only:
        reachable = (row["state"], *next_states({**row, "on_hold": "false"}))
        return {value: label for value, label in choices.items() if value in reachable}
    return choices
