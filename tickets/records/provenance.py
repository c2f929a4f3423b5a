"""Where a record that carries our marker may come from, and what of a ticket can be read back from it. Pure.

The description is the one that `payload.description` writes: the marker, the person's text, then labelled lines.
"""

import re
from datetime import date
from urllib.parse import unquote
from uuid import UUID

from django.conf import settings
from django.db import models
from django.urls import Resolver404, resolve
from django.utils.translation import pgettext_lazy

from connector.servicenow.records import Record
from tickets.models.choices import Category, Kind, Source
from tickets.records.payload import MARKERS, TEXT_LENGTH, source_word

_LINE = re.compile(
    r"^(Recommendation source|Recommendation category|Requested by \(user ID\)|Due date|Link): (.*)$",
    re.MULTILINE,
)
_CATEGORIES = {category.value: category for category in Category}
_PATH = re.compile(rf"(?<!\S){re.escape(settings.PUBLIC_URL)}(/\S+)$", re.MULTILINE)


class Origin(models.TextChoices):
    """Why a record may belong to no ticket here."""

    HERE = (
        "here",
        pgettext_lazy(
            "origin",
            "Made by this portal; the ticket is not in its database, perhaps since a backup was restored",
        ),
    )
    ELSEWHERE = "elsewhere", pgettext_lazy("origin", "Made by another deployment")
    DISCARDED = "discarded", pgettext_lazy("origin", "Its ticket was discarded here")
    NO_KEY = (
        "no_key",
        pgettext_lazy("origin", "Carries no key of Scoredesk: written by a person or changed since"),
    )


def told(record: Record | None, ticket: object | None) -> dict[str, str]:
    """Return what a finding says of a record: where it may come from, its key, the address in its link."""
    if record is None:
        return {"origin": Origin.DISCARDED if ticket else Origin.NO_KEY}
    link = lines(record).get("Link", "")
    key = key_of(record.get("correlation_id"))
    if ticket:
        where = Origin.DISCARDED
    elif key is None:
        where = Origin.NO_KEY
    else:
        where = Origin.HERE if link.startswith(f"{settings.PUBLIC_URL}/") else Origin.ELSEWHERE
    return {"origin": where, "link": link[:200], "created_on": record.get("sys_created_on")}


def key_of(correlation_id: str) -> UUID | None:
    """Return a correlation id as a ticket's key, or None where it is none."""
    try:
        return UUID(correlation_id)
    except ValueError:
        return None


def lines(record: Record) -> dict[str, str]:
    """Return the labelled lines of a record's description, the last of each label."""
    return {name: value.strip() for name, value in _LINE.findall(record.get("description"))}


def text(record: Record, kind: Kind) -> str:
    """Return the person's text out of a record's description."""
    written = record.get("description").replace("\r\n", "\n").removeprefix(MARKERS[kind])
    return (
        written.rpartition("\nRecommendation source: ")[0].strip()[:TEXT_LENGTH]
        or written.strip()[:TEXT_LENGTH]
    )


def category(record: Record) -> Category:
    """Return the category that a record names; Apps where it names none."""
    return _CATEGORIES.get(lines(record).get("Recommendation category", "").lower(), Category.APPS)


def control_id(record: Record) -> str:
    """Return the control id of the improvement action that the last link to one names; empty without one."""
    for path in reversed(_PATH.findall(record.get("description").replace("\r\n", "\n"))):
        try:
            found = resolve(unquote(path))
        except Resolver404:
            continue
        if found.view_name == "scorecard:action":
            return str(found.kwargs["control_id"])
    return ""


def is_microsofts(record: Record) -> bool:
    """Whether a record says that Microsoft recommended what it asks for."""
    return lines(record).get("Recommendation source", "") == source_word(Source.MICROSOFT)


def due_on(record: Record) -> date | None:
    """Return the due day that was asked for, where there was one."""
    try:
        return date.fromisoformat(lines(record).get("Due date", ""))
    except ValueError:
        return None
