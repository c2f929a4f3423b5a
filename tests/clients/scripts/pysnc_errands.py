"""Errands of PySNC, ServiceNow's own client for Python, used as its documentation says."""

from typing import Any

from oauthlib.oauth2 import OAuth2Error
from pysnc import ServiceNowClient  # type: ignore[import-not-found]
from pysnc.auth import (  # type: ignore[import-not-found]
    ServiceNowClientCredentialsFlow,
    ServiceNowPasswordGrantFlow,
)
from pysnc.exceptions import (  # type: ignore[import-not-found]
    AuthenticationException,
    RequestException,
    RoleException,
)

from tests.clients.scripts.errands import ADMIN, CHOSEN, CLIENT, INTEGRATION, by_oauth, errand, main

# The sandbox starts with 1,050 incidents, the first of them INC0010001.
LAST_SEEDED = "INC0011050"


def signed_in(user: tuple[str, str]) -> Any:
    """How a user proves who they are, as the command line wants it."""
    return ServiceNowPasswordGrantFlow(*user, *CLIENT) if by_oauth() else user


def client_of(url: str, auth: Any = None) -> Any:
    return ServiceNowClient(url, auth or signed_in(ADMIN))


def incidents(url: str, auth: Any = None) -> Any:
    return client_of(url, auth).GlideRecord("incident")


def made(url: str, auth: Any = None, **fields: str) -> Any:
    record = incidents(url, auth)
    record.initialize()
    for name, value in fields.items():
        record.set_value(name, value)
    record.insert()
    return record


@errand
def paging(url: str) -> Any:
    record = incidents(url)
    record.add_query("number", "<=", LAST_SEEDED)
    record.order_by_desc("number")
    record.fields = ["number", "sys_id"]
    record.query()
    numbers = [str(row.number) for row in record]
    return {"total": record.get_row_count(), "numbers": numbers}


@errand
def get(url: str) -> Any:
    number = str(made(url, short_description="wanted").number)
    by_field, by_id = incidents(url), incidents(url)
    found = by_field.get("number", number)
    again = by_id.get(by_field.get_value("sys_id"))
    return [found, again, by_id.get_value("short_description"), incidents(url).get("0" * 32)]


@errand
def insert(url: str) -> Any:
    record = made(url, short_description="of PySNC", impact="1", urgency="2")
    return {name: record.get_value(name) for name in ("sys_id", "number", "priority", "sys_class_name")}


@errand
def insert_with_chosen_id(url: str) -> Any:
    record = incidents(url, signed_in(INTEGRATION))
    record.initialize()
    record.set_new_guid_value(f"{CHOSEN}0003" if by_oauth() else f"{CHOSEN}0001")
    record.short_description = "of PySNC"
    given = str(record.insert())
    try:
        record.insert()
    except RoleException as error:
        return [given, str(error)]
    return [given, None]


@errand
def update(url: str) -> Any:
    record = made(url, short_description="before")
    record.short_description = "after"
    record.update()
    again = incidents(url)
    again.get(record.get_value("sys_id"))
    return [again.get_value("short_description"), again.get_value("sys_mod_count")]


@errand
def delete(url: str) -> Any:
    record = made(url, short_description="short-lived")
    return [record.delete(), incidents(url).get(record.get_value("sys_id"))]


@errand
def journals(url: str) -> Any:
    record = made(url, short_description="noted")
    record.work_notes = "seen by PySNC"
    record.update()
    entries = client_of(url).GlideRecord("sys_journal_field")
    entries.add_query("element_id", record.get_value("sys_id"))
    entries.query()
    again = incidents(url)
    again.get(record.get_value("sys_id"))
    raw = [(entry.get_value("element"), entry.get_value("value")) for entry in entries]
    return {
        "raw": raw,
        "value": again.get_value("work_notes"),
        "shown": again.get_display_value("work_notes"),
    }


@errand
def display_values(url: str) -> Any:
    record = made(url, short_description="shown", impact="1", urgency="1", caller_id="")
    names = ("priority", "state", "opened_by", "active")
    return {name: [record.get_value(name), record.get_display_value(name)] for name in names}


@errand
def dot_walk(url: str) -> Any:
    number = str(made(url, short_description="walked").number)
    record = incidents(url)
    record.fields = ["number", "opened_by.user_name"]
    record.get("number", number)
    return record.get_value("opened_by.user_name")


@errand
def attachments(url: str) -> Any:
    record = made(url, short_description="with a file")
    location = record.add_attachment("notes.txt", b"first\nsecond", content_type="text/plain")
    listed = record.get_attachments()
    names, lines = [], []
    for attachment in listed:
        names.append(attachment.file_name)
        lines.append(attachment.readlines())
        attachment.delete()
    left = record.get_attachments()
    return {"location": location, "names": names, "lines": lines, "left": len(left)}


@errand
def batch(url: str) -> Any:
    for number in range(3):
        made(url, short_description=f"many {number}", correlation_display="batched")
    record = incidents(url)
    record.add_query("correlation_display", "batched")
    record.query()
    for row in record:
        row.urgency = "1"
    updated = record.update_multiple()
    again = incidents(url)
    again.add_query("correlation_display", "batched")
    again.query()
    urgencies = [row.get_value("urgency") for row in again]
    gone = incidents(url)
    gone.add_query("correlation_display", "batched")
    deleted = gone.delete_multiple()
    gone.query()
    return {"updated": updated, "urgencies": urgencies, "deleted": deleted}


@errand
def long_query(url: str) -> Any:
    """PySNC sends what is longer than an address may be as a batch."""
    wanted = str(made(url, short_description="found in a crowd").sys_id)
    record = incidents(url)
    record.add_query("sys_id", "IN", ",".join([wanted, *(f"{number:032x}" for number in range(400))]))
    record.query()
    return [wanted, [str(row.sys_id) for row in record]]


@errand
def errors(url: str) -> Any:
    client = client_of(url)
    outcome: dict[str, str] = {}
    attempts = {
        "table": lambda: client.GlideRecord("no_such_table").query(),
        "password": lambda: incidents(url, ("admin", "wrong")).query(),
        "rights": lambda: made(url, signed_in(INTEGRATION), short_description="kept").delete(),
    }
    for name, attempt in attempts.items():
        try:
            attempt()
        except (RoleException, AuthenticationException, RequestException) as error:
            outcome[name] = f"{type(error).__name__}: {error}"
    return outcome


@errand
def invalid_part_is_ignored(url: str) -> Any:
    wanted = str(made(url, short_description="one").sys_id)
    record = incidents(url)
    record.add_encoded_query(f"AAAA=BBBB^sys_id={wanted}")
    record.query()
    return record.get_row_count()


@errand
def password_grant(url: str) -> Any:
    flow = ServiceNowPasswordGrantFlow(*INTEGRATION, *CLIENT)
    return made(url, flow, short_description="by password grant").get_display_value("opened_by")


@errand
def client_credentials(url: str) -> Any:
    flow = ServiceNowClientCredentialsFlow(*CLIENT)
    return made(url, flow, short_description="by client credentials").get_display_value("opened_by")


@errand
def refused_grant(url: str) -> Any:
    try:
        incidents(url, ServiceNowClientCredentialsFlow(CLIENT[0], "wrong")).query()
    except AuthenticationException as error:
        return str(error)
    return None


@errand
def refused_password(url: str) -> Any:
    try:
        incidents(url, ServiceNowPasswordGrantFlow(ADMIN[0], "wrong", *CLIENT))
    except OAuth2Error as error:
        return str(error)
    return None


if __name__ == "__main__":
    main()
