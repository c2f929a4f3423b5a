"""Rows of lists of improvement actions, put into words before the template: its loop looks nothing up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypedDict

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

from scorecard.models import ImprovementAction
from scorecard.models.choices import TONES, Category, Status
from scorecard.models.sharing import ShareLinks, share_links
from scorecard.pages.cell_words import NOTHING, number

# What the one Share menu of a page has in place of an action's title, the address of its page and its identifier.
TITLE, ADDRESS, CONTROL_ID = "__title__", "__address__", "__control_id__"


@dataclass(frozen=True, slots=True)
class ShareMenu:
    """Where the entries of the one Share menu lead: `servicenow` is the dialog's address."""

    links: ShareLinks
    servicenow: str


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


def rows(
    actions: Iterable[ImprovementAction], tickets: Mapping[int, int], in_list: str = ""
) -> list[ActionRow]:
    """Put actions into words, in the language of now. They have `impact`; `tickets` says how many each has, by key.
    `in_list` ends the address of each: the list that one comes from.
    """
    write = _Writer(get_language() or "", in_list)
    return [write.row(action, tickets.get(action.pk, 0)) for action in actions]


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

    def row(self, action: ImprovementAction, tickets: int) -> ActionRow:
        status = action.status
        product = action.product_name
        return {
            "pk": action.pk,
            "control_id": action.control_id,
            "address": action.get_absolute_url() + self.in_list,
            "title": action.title,
            "rank": NOTHING if action.rank is None else str(action.rank),
            "impact": self._impact(action),
            "points": self._points(action),
            "status": self.statuses[status],
            "tone": TONES[status],
            "is_regressed": action.is_regressed,
            "category": self.categories.get(action.category, action.category) or NOTHING,
            "product": format_html('<span lang="en">{}</span>', product) if product else NOTHING,
            "tickets": tickets,
        }

    def _impact(self, action: ImprovementAction) -> str:
        impact: float | None = getattr(action, "impact", None)
        if impact is None:
            return self.unknown_impact if action.is_scored else NOTHING
        return f"+{number(impact, 2, self.language)}%" if impact else "0%"

    def _points(self, action: ImprovementAction) -> str:
        if not action.is_scored:
            return pgettext("points", "Not applicable")
        if action.score is None:
            return pgettext("points", "Unknown")
        score = number(action.score, -2, self.language)
        if action.max_score is None:
            return gettext("%(score)s, maximum unknown") % {"score": score}
        return f"{score}/{number(action.max_score, -2, self.language)}"
