"""What an instance tells about itself: its release, its users' roles, its state labels, its mandatory fields.

A careful customer lets an integration user read none of this, so every function says so by raising a `Refused`
and whoever calls lives without the answer. Tables: ServiceNow documentation, "System properties", "Choice lists",
"System dictionary". `/api/now/ui/meta` is not documented and is read with suspicion.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.servicenow import responses
from connector.servicenow.batch import Listing
from connector.servicenow.client import Client, query_value
from connector.servicenow.errors import Hibernating, LoginPage, Maintenance, Refused, ServerError, Unreadable
from connector.servicenow.records import Record

MOST_CHOICES = 200
MOST_ROLES = 500
# The names of the properties that tell a release, the most telling first.
RELEASE_PROPERTIES = ("glide.buildtag.last", "glide.buildtag", "glide.war", "glide.buildname")
ENGLISH = "en"
# What stands in for an instance that is not there to ask. These are no refusals of a way.
AWAY = (Hibernating, Maintenance, LoginPage)


@dataclass(frozen=True)
class Labels:
    """What an instance calls the values of a field: in which language, and by which way that was learnt."""

    way: str
    language: str
    names: Mapping[str, str] = field(default_factory=dict)


def release(client: Client) -> str:
    """The release, such as `glide-zurich-07-01-2025__patch2`; empty where no property tells. Raises `Refused`."""
    query = "nameIN" + ",".join(RELEASE_PROPERTIES)
    rows = client.list("sys_properties", query, ("sys_id", "name", "value"), 10).records
    told = {row.get("name"): row.get("value") for row in rows}
    return next((told[name] for name in RELEASE_PROPERTIES if told.get(name)), "")


def roles(client: Client, user_sys_id: str) -> list[str]:
    """The roles of a user, inherited ones included, in order. Raises `Refused` where they may not be read."""
    query = f"user={query_value(user_sys_id)}^state=active"
    page = client.list("sys_user_has_role", query, ("user", "role.name"), MOST_ROLES)
    return sorted({row.get("role.name") for row in page.records if row.get("user") == user_sys_id} - {""})


def labels(client: Client, table: str, element: str, language: str, spoken: str = ENGLISH) -> Labels:
    """What the instance calls the values of a field, by the first way that it allows.

    Only `sys_choice` can be asked for a language; the other ways answer in the one that the integration user
    speaks, `spoken`. Raises a `ServiceNowError` where the instance is away rather than unwilling.
    """
    ways: tuple[tuple[str, str, Callable[[], dict[str, str]]], ...] = (
        ("sys_choice", language, lambda: choices(client, table, element, language)),
        ("meta", spoken, lambda: _of_layout(client, table, element)),
        ("display", spoken, lambda: _displayed(client, table, element)),
    )
    for way, of_language, ask in ways:
        try:
            names = ask()
        except (Refused, Unreadable) as error:
            if isinstance(error, AWAY):
                raise
            continue
        if names:
            return Labels(way, of_language, names)
    return Labels("", language)


@dataclass(frozen=True)
class ChoiceRows:
    """The choices of a list, unordered; cut where there are more than were asked for."""

    records: list[Record]
    is_cut: bool


def choice_rows(client: Client, table: str, element: str, language: str, *, most: int) -> ChoiceRows:
    """The rows of a choice list in one language, from the parent table where the table has none of its own.

    Raises `Refused` where `sys_choice` may not be read.
    """
    query = (
        f"nameIN{table},task^element={query_value(element)}^language={query_value(language)}^inactive=false"
    )
    columns = ("name", "element", "language", "value", "label", "sequence", "dependent_value")
    found = client.list("sys_choice", query, columns, most).records
    asked = [row for row in found if (row.get("element"), row.get("language")) == (element, language)]
    of_owner = ([row for row in asked if row.get("name") == owner] for owner in (table, "task"))
    return ChoiceRows(next(filter(None, of_owner), []), is_cut=len(found) >= most)


def choices(client: Client, table: str, element: str, language: str) -> dict[str, str]:
    """Value to label of a choice list in one language. Raises as `choice_rows`."""
    rows = choice_rows(client, table, element, language, most=MOST_CHOICES).records
    return {row.get("value"): row.get("label") for row in rows}


def mandatory(client: Client, table: str) -> list[str]:
    """The fields that the dictionary calls mandatory for a table, in order. Raises `Refused`.

    Data policies and business rules may demand others; those are known only once they refuse a record.
    """
    query = f"nameIN{table},task^mandatory=true"
    rows = client.list("sys_dictionary", query, ("name", "element", "mandatory"), MOST_CHOICES).records
    return sorted({row.get("element") for row in rows if row.is_true("mandatory")} - {""})


def shows_dictionary(client: Client) -> bool:
    """Whether the dictionary shows us any row at all: what may not be read is left out of a list without a word."""
    return bool(client.list("sys_dictionary", "nameINtask", ("sys_id", "name", "element"), 1).records)


def _of_layout(client: Client, table: str, element: str) -> dict[str, str]:
    try:
        meta = client.get(f"/api/now/ui/meta/{table}", {})
    except (ServerError, Unreadable):
        # What is not documented may be missing, broken or guarded by a page. An instance that is away shows next.
        return {}
    listed = _inside(meta, "columns", element).get("choices")
    pairs = [pair for pair in listed if isinstance(pair, dict)] if isinstance(listed, list) else []
    named = {responses.as_stored(pair.get("value")): responses.as_stored(pair.get("label")) for pair in pairs}
    return {value: label for value, label in named.items() if value and label}


def _displayed(client: Client, table: str, element: str) -> dict[str, str]:
    [page] = client.lists([Listing(table, "", (element,), MOST_CHOICES, display_values=True)])
    named = {row.get(element): row.shown.get(element, "") for row in page.records}
    return {value: label for value, label in named.items() if value and label}


def _inside(document: object, *path: str) -> dict[str, Any]:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}
