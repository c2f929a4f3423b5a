"""Rows of lists of improvement actions, put into words before the template: its loop looks nothing up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypedDict

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

from scorecard.models.choices import PRODUCTS, TONES, Category, Status
from scorecard.models.sharing import ShareLinks, share_links
from scorecard.models.standing import is_regressed, status_of
from scorecard.pages.cell_words import NOTHING, number

# Open lists ask every few seconds whether they are as they were. A page of rows takes 60 KB.
_KEPT = 64
# What the one Share menu of a page has in place of an action's title, the address of its page and its identifier.
TITLE, ADDRESS, CONTROL_ID = "__title__", "__address__", "__control_id__"


@dataclass(frozen=True, slots=True)
class ShareMenu:
    """Where the entries of the one Share menu lead: `servicenow` is the dialog's address."""

    links: ShareLinks
    servicenow: str


class ActionColumns(NamedTuple):
    """The columns of an action that a row is made of."""

    pk: int
    control_id: str
    title: str
    rank: int | None
    score: float | None
    max_score: float | None
    previous_score: float | None
    is_scored: bool
    category: str
    product: str
    plan_status: str | None
    impact: float | None


# What a query is to select, which knows the impact (`with_impact`).
COLUMNS = [name.replace("plan_", "plan__") for name in ActionColumns._fields]


class ActionRow(TypedDict):
    """One action, all in words. `address` is that of its page."""

    pk: int
    control_id: str
    address: str
    title: str
    rank: str
    impact: str
    points: str
    status: str
    tone: str
    is_regressed: bool
    category: str
    product: SafeString | str
    tickets: int


def rows(actions: Iterable[ActionColumns], tickets: Mapping[int, int], in_list: str = "") -> list[ActionRow]:
    """Put actions into words, in the language of now. `tickets` says how many each has, by key. `in_list` ends the
    address of each: the list that one comes from.
    """
    write = _Writer(get_language() or "", in_list)
    return [write.row(action, tickets.get(action.pk, 0)) for action in actions]


@dataclass(frozen=True, slots=True)
class Body:
    """The rows of a list, drawn: with boxes to select actions by for whoever may share them. `tickets` says how many
    each has, by key.
    """

    actions: tuple[ActionColumns, ...]
    in_list: str
    tickets: tuple[tuple[int, int], ...] = ()

    @property
    def with_boxes(self) -> SafeString:
        """The rows, each with a box."""
        return _drawn("scorecard/_rows.html", self, get_language(), has_boxes=True)

    @property
    def without_boxes(self) -> SafeString:
        """The rows alone."""
        return _drawn("scorecard/_rows.html", self, get_language())

    @property
    def short(self) -> SafeString:
        """The rows with fewer columns."""
        return _drawn("scorecard/_top.html", self, get_language())


# The columns are all that is shown, and the same for everybody, so that rows that were kept are never old ones.
@lru_cache(maxsize=_KEPT)
def _drawn(template: str, body: Body, language: str | None, *, has_boxes: bool = False) -> SafeString:
    shown = rows(body.actions, dict(body.tickets), body.in_list)
    return render_to_string(template, {"rows": shown, "has_boxes": has_boxes})


def share_menu() -> ShareMenu:
    """Return the menu with `TITLE`, `ADDRESS` and `CONTROL_ID` in place of an action's own."""
    greeting = gettext("A Microsoft Secure Score improvement action:")
    links = share_links(title=TITLE, page=settings.PUBLIC_URL + ADDRESS, greeting=greeting)
    return ShareMenu(links, reverse("tickets:share", args=[CONTROL_ID]))


class _Writer:
    """Looks every word up once for all rows."""

    def __init__(self, language: str, in_list: str) -> None:
        self.language, self.in_list = language, in_list
        self.statuses = {status: str(status.label) for status in Status}
        self.categories = {category.value: str(category.label) for category in Category}
        self.unknown_impact = pgettext("score impact", "Unknown")

    def row(self, action: ActionColumns, tickets: int) -> ActionRow:
        status = status_of(
            is_scored=action.is_scored,
            score=action.score,
            max_score=action.max_score,
            planned=action.plan_status,
        )
        product = PRODUCTS.get(action.product, action.product)
        return {
            "pk": action.pk,
            "control_id": action.control_id,
            "address": reverse("scorecard:action", args=[action.control_id]) + self.in_list,
            "title": action.title,
            "rank": NOTHING if action.rank is None else str(action.rank),
            "impact": self._impact(action),
            "points": self._points(action),
            "status": self.statuses[status],
            "tone": TONES[status],
            "is_regressed": action.is_scored and is_regressed(action.score, action.previous_score),
            "category": self.categories.get(action.category, action.category) or NOTHING,
            "product": format_html('<span lang="en">{}</span>', product) if product else NOTHING,
            "tickets": tickets,
        }

    def _impact(self, action: ActionColumns) -> str:
        if action.impact is None:
            return self.unknown_impact if action.is_scored else NOTHING
        return f"+{number(action.impact, 2, self.language)}%" if action.impact else "0%"

    def _points(self, action: ActionColumns) -> str:
        if not action.is_scored:
            return pgettext("points", "Not applicable")
        if action.score is None:
            return pgettext("points", "Unknown")
        score = number(action.score, -2, self.language)
        if action.max_score is None:
            return gettext("%(score)s, maximum unknown") % {"score": score}
        return f"{score}/{number(action.max_score, -2, self.language)}"
