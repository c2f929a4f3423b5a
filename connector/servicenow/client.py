"""The Table API of one ServiceNow instance, and standard changes from templates. Sends, nothing else.

On the far side is any instance from Kingston on, as its owner has customised it. Its documentation:
ServiceNow REST API reference, "Table API" and "Change Management API". Nothing here repeats a call, follows
a redirect or keeps a cookie; whoever calls decides what to do next by `ServiceNowError.retryable` and
`.outcome_unknown`.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from connector.servicenow import batch, responses
from connector.servicenow.auth import Bearer
from connector.servicenow.batch import Listing
from connector.servicenow.errors import (
    BadRequest,
    ConditionIgnored,
    Forbidden,
    NotFound,
    TooLarge,
    Unreadable,
)
from connector.servicenow.records import Page, Record
from connector.servicenow.transport import Call, Transport

logger = logging.getLogger("connector.servicenow")

# ServiceNow's own limit for an address lies higher, that of proxies in between often at 8 kB.
LONGEST_ADDRESS = 8000
SYS_ID_LENGTH = 32
STANDARD_CHANGES = "/api/sn_chg_rest/change/standard"
# Named here because `list` means something else inside the class.
Records = list[Record]
Pages = list[Page]


class Client:
    """Speaks to one instance as one integration user. Used by one thread at a time.

    Every method raises a `ServiceNowError` when it cannot give what it promises.
    """

    def __init__(self, transport: Transport, bearer: Bearer) -> None:
        self.transport = transport
        self.bearer = bearer
        # Rows that ServiceNow returned and that could not be understood.
        self.left_out = 0

    @property
    def origin(self) -> str:
        """Where the instance is, such as https://acme.service-now.com."""
        return self.transport.origin

    def create(
        self, table: str, fields: Mapping[str, str], *, check: Callable[[], None] | None = None
    ) -> Record:
        """Insert one record and give it back as ServiceNow stored it, defaults and all.

        `check` is asked just before it is sent, and once more where it is repeated after a 401 with a new token;
        what it raises comes back, and nothing was created then.

        Raises an error with `outcome_unknown` when the record may or may not exist; look before calling again.
        """
        record = responses.read_record(
            table, self._send("POST", _table_path(table), READ_BACK | SHOWN, fields, check)
        )
        if not record.sys_id:
            raise Unreadable("The answer does not say which record was made.")
        return record

    def update(
        self, table: str, sys_id: str, fields: Mapping[str, str], *, check: Callable[[], None] | None = None
    ) -> Record:
        """Change some fields of a record and give it back as it is now. `check` as in `create`. Raises `NotFound`."""
        answer = self._send("PATCH", _record_path(table, sys_id), READ_BACK, fields, check)
        return _same(responses.read_record(table, answer), sys_id)

    def read(self, table: str, sys_id: str, fields: Sequence[str] | None = None) -> Record | None:
        """One record, or None when ServiceNow says there is none (or none that we may see)."""
        try:
            wanted = READ_BACK | (_only(fields) or SHOWN)
            answer = self._send("GET", _record_path(table, sys_id), wanted)
            return _same(responses.read_record(table, answer), sys_id)
        except NotFound:
            return None

    def list(
        self,
        table: str,
        query: str,
        fields: Sequence[str],
        limit: int,
        *,
        order_by: Sequence[str] = (),
        offset: int = 0,
    ) -> Page:
        """The rows that match an encoded query, at most `limit` of them.

        A page may be short without being the last: ServiceNow applies `sysparm_limit` before its access
        rules. It also ignores terms it does not understand and returns every row then, so whoever calls
        checks that each row is one it asked for. Build values with `query_value`. Sorting may be refused by
        Query ACLs: leave `order_by` empty where the set-up probe found so.
        """
        listing = Listing(table, query, fields, limit, order_by)
        parameters = _parameters(listing) | {"sysparm_offset": str(offset)}
        return self._page(table, self._send("GET", _table_path(table), parameters))

    def lists(self, listings: Sequence[Listing]) -> Pages:
        """Several lists, in their order, by one call where the instance has the Batch API and by one each elsewhere."""
        served: dict[int, responses.Answer] = {}
        if len(listings) > 1:
            asked = batch.request([(_table_path(one.table), _parameters(one)) for one in listings])
            with suppress(NotFound, BadRequest, Forbidden, Unreadable):
                served = batch.answers(responses.read_document(self._send("POST", batch.PATH, {}, asked)))
        return [self._listed(one, served.get(number)) for number, one in enumerate(listings)]

    def _listed(self, listing: Listing, answer: responses.Answer | None) -> Page:
        try:
            if answer is None:
                answer = self._send("GET", _table_path(listing.table), _parameters(listing))
            return self._page(listing.table, answer)
        except (BadRequest, Forbidden, TooLarge) as error:
            if listing.optional:
                return Page((), problem=error)
            raise

    def usable(self, table: str, records: Iterable[Record]) -> tuple[Record, ...]:
        """Those of the rows that say which one they are. The others are counted: none of them holds up the rest."""
        records = tuple(records)
        usable = tuple(record for record in records if record.has_sys_id)
        self.leave_out(table, len(records) - len(usable))
        return usable

    def leave_out(self, table: str, rows: int) -> None:
        """Count rows that could not be understood, and say so in the log."""
        if rows:
            self.left_out += rows
            logger.warning("%s: %d rows could not be understood and were left out", table, rows)

    def _page(self, table: str, answer: responses.Answer) -> Page:
        page = responses.read_page(table, answer)
        self.leave_out(table, page.left_out)
        return page

    def find_by_correlation_id(
        self, table: str, correlation_id: str, fields: Sequence[str] | None = None, limit: int = 2
    ) -> Records:
        """The records that carry our key: none, one, or (a duplicate) several.

        Raises `ConditionIgnored` when a row without the key comes back: the instance has ignored the condition
        then, and an empty list would say that no such record exists.
        """
        query = f"correlation_id={query_value(correlation_id)}"
        wanted = sorted({*fields, "sys_id", "correlation_id"}) if fields else []
        [page] = self.lists([Listing(table, query, wanted, limit, display_values=not wanted)])
        if page.left_out:
            # It may be the one that carries the key.
            raise Unreadable("A row of the answer is no record.")
        if any(record.get("correlation_id") != correlation_id for record in page.records):
            raise ConditionIgnored("The instance ignored the condition on correlation_id.")
        return list(page.records)

    def by_sys_ids(self, table: str, sys_ids: Sequence[str], fields: Sequence[str]) -> Page:
        """Those of the asked-for records that exist and that we may see, in no particular order. A row that does not
        say which one it is is left out.

        Takes as many ids as one of `batches`. Raises `ConditionIgnored` when a row comes back that was not asked
        for.
        """
        asked = set(sys_ids)
        wanted = sorted({*fields, "sys_id"})
        page = self.list(table, ids_query("sys_id", sorted(asked)), wanted, max(len(asked), 1))
        records = self.usable(table, page.records)
        if any(record.sys_id not in asked for record in records):
            raise ConditionIgnored("The instance ignored the condition on sys_id.")
        return replace(page, records=records, left_out=page.left_out + len(page.records) - len(records))

    def batches(self, table: str, sys_ids: Sequence[str], fields: Sequence[str]) -> Iterator[Sequence[str]]:
        """Cut a list of ids into pieces for `by_sys_ids`, each as long as an address may be."""
        frame = (
            self.origin
            + _record_path(table, "0" * SYS_ID_LENGTH)
            + "?"
            + "".join(
                f"&{name}={quote(value)}"
                for name, value in (READ_BACK | LIST_BARE | _only([*fields, "sys_id"])).items()
            )
        )
        size = max(1, (LONGEST_ADDRESS - len(frame) - 80) // (SYS_ID_LENGTH + len("%2C")))
        for start in range(0, len(sys_ids), size):
            yield sys_ids[start : start + size]

    def get(self, path: str, parameters: Mapping[str, str]) -> object:
        """The `result` of any other address of the REST API, as JSON has it."""
        return responses.read_result(self._send("GET", path, parameters))

    def whoami(self) -> Record | None:
        """The user whose token we hold, or None where the instance does not let that user read its own
        row.
        """
        # The server works the expression out; what a person typed can never get here, see query_value.
        page = self.list("sys_user", "sys_id=javascript:gs.getUserID()", USER_FIELDS, 2)
        return page.records[0] if len(page) == 1 else None

    def create_from_template(
        self, template: str, fields: Mapping[str, str], *, check: Callable[[], None] | None = None
    ) -> Record:
        """Insert one standard change made from a template, and give it back as ServiceNow stored it.

        The template may forbid fields, which ServiceNow then leaves out without a word (ServiceNow documentation,
        "Change Management API"). Raises as `create`, and `NotFound` where there is no such template.
        """
        answer = self._send("POST", f"{STANDARD_CHANGES}/{_checked_id(template)}", {}, fields, check)
        record = responses.read_record("change_request", answer)
        if not record.sys_id:
            raise Unreadable("The answer does not say which record was made.")
        return record

    def change_templates(self, limit: int) -> Records:
        """The standard change templates that the integration user may use, at most `limit` of them."""
        answer = self._send("GET", f"{STANDARD_CHANGES}/template", {"sysparm_limit": str(limit)})
        # Lists of the Change Management API may end with an element that tells of the query and is no record.
        return [row for row in self._page("std_change_record_producer", answer).records if row.sys_id]

    def _send(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        fields: Mapping[str, Any] | None = None,
        check: Callable[[], None] | None = None,
    ) -> responses.Answer:
        body = json.dumps(dict(fields)).encode() if fields is not None else None
        # A batch of ours holds reads alone.
        only_reads = method == "GET" or path == batch.PATH
        call = Call(method, path, parameters, body, check, only_reads=only_reads)
        return self.bearer.send(self.transport, call)


# Stored values, not those of the integration user's language and time zone; references as plain ids.
READ_BACK: dict[str, str] = {"sysparm_display_value": "false", "sysparm_exclude_reference_link": "true"}
# Besides the stored values, what people see: a whole record is shown to them, and sys_ids tell them nothing.
SHOWN: dict[str, str] = {"sysparm_display_value": "all"}
LIST_BARE: dict[str, str] = {"sysparm_suppress_pagination_header": "true", "sysparm_no_count": "true"}
USER_FIELDS = [
    "sys_id",
    "user_name",
    "name",
    "email",
    "web_service_access_only",
    "identity_type",
    "preferred_language",
    "time_zone",
]


def query_value(value: str) -> str:
    """A value made fit for an encoded query, unchanged. Raises ValueError where it would be read as more than a value.

    `^` ends a condition, and a value that begins with `javascript:` is run by the server (ServiceNow
    documentation, "Encoded query strings").
    """
    if "^" in value or "\n" in value or value.strip().lower().startswith("javascript:"):
        raise ValueError("This value cannot stand in a ServiceNow query.")
    return value


def _only(fields: Sequence[str] | None) -> dict[str, str]:
    return {"sysparm_fields": ",".join(fields)} if fields else {}


def _parameters(listing: Listing) -> dict[str, str]:
    ordered = "^".join([listing.query, *(f"ORDERBY{name}" for name in listing.order_by)]).strip("^")
    shown = SHOWN if listing.display_values else {}
    page = {"sysparm_query": ordered, "sysparm_limit": str(listing.limit)}
    return READ_BACK | shown | LIST_BARE | _only(listing.fields) | page


def ids_query(field: str, sys_ids: Sequence[str]) -> str:
    """The condition that a field holds one of these ids."""
    return f"{field}IN" + ",".join(query_value(sys_id) for sys_id in sys_ids)


def _name(table: str) -> str:
    if not table.replace("_", "").isalnum() or not table.isascii():
        raise ValueError("This is no name of a table.")
    return table


def _table_path(table: str) -> str:
    return f"/api/now/table/{_name(table)}"


def _record_path(table: str, sys_id: str) -> str:
    return f"/api/now/table/{_name(table)}/{_checked_id(sys_id)}"


def _checked_id(sys_id: str) -> str:
    if len(sys_id) != SYS_ID_LENGTH or not sys_id.isalnum() or not sys_id.isascii():
        raise ValueError("A sys_id has 32 characters, digits and letters.")
    return sys_id


def _same(record: Record, sys_id: str) -> Record:
    if record.sys_id != sys_id:
        raise Unreadable("The instance answered with another record.")
    return record
