"""The Attachment API: `/api/now[/v1]/attachment`. There is no version 2.

Source: ServiceNow documentation, "Attachment API". Who may read a record may read its files; who may write it may add
and remove them.
"""

import base64
import gzip
import hashlib
import json
from urllib.parse import quote

from werkzeug import Response

from sandbox.servicenow import records, refusals
from sandbox.servicenow.access import Rights
from sandbox.servicenow.accounts import authenticate
from sandbox.servicenow.answers import result
from sandbox.servicenow.dictionary import find_table, tables
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.paging import Paging
from sandbox.servicenow.rest import check_size, rest
from sandbox.servicenow.selection import Selection
from sandbox.servicenow.store import Row

API = "Attachment API"
TABLE = tables()["sys_attachment"]


@rest(API)
def attachments(instance: Instance, request: Incoming, version: str = "") -> Response:
    """GET: the metadata of the files that a query selects."""
    if request.intended_method not in ("GET", "HEAD"):
        raise refusals.method_not_allowed()
    call = _Call(instance, request, version)
    wanted = Selection.asked_for(instance, request, call.user, TABLE)
    paging = Paging(request, call.root, instance.switches.old_link_header)
    total = instance.store.count(TABLE.name, wanted.where, wanted.values)
    rows = instance.store.select(
        TABLE.name, wanted.where, wanted.values, wanted.order, paging.limit, paging.offset, wanted.joins
    )
    seen = [call.shown(row) for row in rows if call.may("read", row)]
    return result(200, seen, paging.headers(total, len(rows)))


@rest(API)
def attachment(instance: Instance, request: Incoming, sys_id: str, version: str = "") -> Response:
    """GET the metadata of one file; DELETE the file."""
    call = _Call(instance, request, version)
    row = call.find(sys_id)
    if request.intended_method in ("GET", "HEAD"):
        return result(200, call.shown(row))
    if request.intended_method != "DELETE":
        raise refusals.method_not_allowed()
    if not call.may("write", row):
        raise refusals.access_denied("Delete")
    with instance.store.transaction():
        instance.store.delete("_file", sys_id=sys_id)
        instance.store.delete(TABLE.name, sys_id=sys_id)
    return Response(status=204)


@rest(API)
def content(instance: Instance, request: Incoming, sys_id: str, version: str = "") -> Response:
    """GET the bytes of a file, its metadata in a header."""
    if request.intended_method not in ("GET", "HEAD"):
        raise refusals.method_not_allowed()
    call = _Call(instance, request, version)
    row = call.find(sys_id)
    stored = instance.store.get("_file", sys_id) or {"content": ""}
    name = quote(row["file_name"], safe="")
    headers = {
        "X-Attachment-Metadata": json.dumps(call.shown(row), separators=(",", ":")),
        "Content-Disposition": f"attachment;filename*=UTF-8''{name}",
    }
    return Response(base64.b64decode(stored["content"]), 200, headers, content_type=row["content_type"])


@rest(API)
def file(instance: Instance, request: Incoming, version: str = "") -> Response:
    """POST a file as the body; the record it belongs to and its name are in the address."""
    call = _Call(instance, request, version)
    if request.intended_method != "POST":
        raise refusals.method_not_allowed()
    given = {name: request.args.get(name, "") for name in ("table_name", "table_sys_id", "file_name")}
    return call.add(given, request.get_data(), request.content_type or "application/octet-stream")


@rest(API)
def upload(instance: Instance, request: Incoming, version: str = "") -> Response:
    """POST a file as a part of a form (`multipart/form-data`), behind the names of its table and record."""
    call = _Call(instance, request, version)
    part = next(iter(request.files.values()), None)
    if request.intended_method != "POST" or part is None:
        raise (
            refusals.method_not_allowed()
            if request.intended_method != "POST"
            else refusals.unreadable("No file")
        )
    given = {name: request.form.get(name, "") for name in ("table_name", "table_sys_id")}
    return call.add({**given, "file_name": part.filename or "file"}, part.read(), part.mimetype)


class _Call:
    """One call by an authenticated user."""

    def __init__(self, instance: Instance, request: Incoming, version: str) -> None:
        self.instance, self.request = instance, request
        self.user = authenticate(instance, request)
        check_size(request)
        self.rights = Rights(self.user, instance.switches)
        self.root = f"{request.host_url}api/now/{version + '/' if version else ''}attachment"

    def may(self, operation: str, row: Row) -> bool:
        """Whether the record that a file belongs to lets the user `read` or `write`."""
        name = row["table_name"]
        record = self.instance.store.get(name, row["table_sys_id"]) if find_table(name) else None
        if record is None:
            return self.rights.is_admin
        if operation == "write":
            return self.rights.may_change(record, name)
        return self.rights.may(operation, name) and self.rights.sees(record, name)

    def shown(self, row: Row) -> dict[str, str]:
        """The metadata, with the address of the bytes."""
        return {
            **{name: row[name] for name in TABLE.fields},
            "download_link": f"{self.root}/{row['sys_id']}/file",
        }

    def find(self, sys_id: str) -> Row:
        """The metadata of a file that the user may see."""
        row = self.instance.store.get(TABLE.name, sys_id)
        if row is None or not self.may("read", row):
            raise refusals.not_found()
        return row

    def add(self, given: Row, body: bytes, content_type: str) -> Response:
        """Keep a file for a record and answer with its metadata."""
        self._check(given)
        facts = {
            **given,
            "content_type": content_type,
            "size_bytes": str(len(body)),
            "size_compressed": str(len(gzip.compress(body))),
            "hash": hashlib.sha256(body).hexdigest(),
        }
        with self.instance.store.transaction():
            row = records.create(self.instance, TABLE, facts, self.user, self.request.received_at)
            encoded = base64.b64encode(body).decode()
            self.instance.store.insert("_file", {"sys_id": row["sys_id"], "content": encoded})
        return result(201, self.shown(row), {"Location": f"{self.root}/{row['sys_id']}"})

    def _check(self, given: Row) -> None:
        table = find_table(given["table_name"])
        if table is None:
            raise refusals.invalid_table(given["table_name"])
        if not given["file_name"]:
            raise refusals.unreadable("file_name is missing")
        if self.instance.store.get(table.name, given["table_sys_id"]) is None or not self.may("write", given):
            raise refusals.access_denied("Insert")
