"""Every page, in both languages and themes: usable by everybody, quiet, still, and not too wide."""

from collections.abc import Iterable
from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Browser, Page

from tests.browser.axe import access_faults
from tests.browser.pages import ADMINISTRATION, FRESH, LIVED_IN, NO_PAGES, Stop, open_navigation
from tests.browser.visitor import (
    PHONE,
    WINDOW,
    Place,
    Visitor,
    complaints,
    cut_off,
    shifts,
    too_small,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# Colors do not depend on the language: each page is looked at in both themes and in both languages by two looks.
LOOKS = pytest.mark.parametrize(("language", "dark"), [("en", False), ("ja", True)])


def names(patterns: Iterable[URLPattern | URLResolver], space: str = "") -> set[str]:
    """Return the names of address patterns with their namespaces, Django's admin aside."""
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            found |= {space + pattern.name} if pattern.name else set()
        elif pattern.namespace != "admin":
            found |= names(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space)
    return found


def test_every_page_of_the_portal_is_on_the_list() -> None:
    action, ticket = reverse("scorecard:action", args=["x"]), reverse("tickets:ticket", args=[UUID(int=1)])
    things = dict.fromkeys(("action", "unshared"), action) | {"unshared_id": "x"}
    things["leaver"] = reverse("people:person", args=[1])
    things["batch"] = reverse("tickets:batch", args=[UUID(int=1)])
    resolver = get_resolver()
    addresses = [
        stop.address.partition("?")[0].format_map(Otherwise(ticket, things))
        for stop in [*FRESH, *LIVED_IN]
        if stop.status != 404
    ]
    visited = {resolver.resolve(address).view_name for address in addresses}
    assert names(resolver.url_patterns) - visited == set(NO_PAGES)


class Otherwise(dict[str, str]):
    """A dictionary that has one value for every key that it does not have."""

    def __init__(self, value: str, known: dict[str, str]) -> None:
        super().__init__(known)
        self.value = value

    def __missing__(self, key: str) -> str:
        return self.value


@LOOKS
def test_no_page_has_an_access_fault_or_a_message_in_the_console_or_moves_or_is_too_wide(
    browser: Browser, lived_in: Place, language: str, dark: bool
) -> None:
    """axe, the console (Content Security Policy among it), requests to elsewhere, layout shifts, 320 pixels, and
    fingers.
    """
    check(Visitor(browser, lived_in, language, dark), LIVED_IN)


@LOOKS
def test_nor_has_one_before_anything_is_connected(
    browser: Browser, fresh: Place, language: str, dark: bool
) -> None:
    check(Visitor(browser, fresh, language, dark), FRESH)


@LOOKS
def test_administration_has_no_access_fault_or_message_in_the_console(
    browser: Browser, lived_in: Place, language: str, dark: bool
) -> None:
    """Django's own pages, whose scripts move things while they load, and which are wider than a phone."""
    check(Visitor(browser, lived_in, language, dark), ADMINISTRATION, ours=False)


def check(visitor: Visitor, stops: list[Stop], *, ours: bool = True) -> None:
    """Walk, and tell everything that was found at once. Each page is opened once and looked at in every way."""
    found: list[str] = []
    for stop, person in visitor.walk(stops):
        page = person.page
        moved = shifts(page) if ours else []
        if moved:
            # A browser that has just started may paint before styles apply; what the page itself moves comes back.
            visitor.go(person, stop)
            moved = shifts(page)
        # axe comes after what the page did by itself: it scrolls, and applies styles.
        faults = [*moved, *complaints(person), *access_faults(page)]
        if ours:
            faults += on_a_phone(page, stop)
        found += [f"{stop.name}: {fault}" for fault in faults]
    assert not found, "\n".join(found)


def on_a_phone(page: Page, stop: Stop) -> list[str]:
    """Return what is wrong in a narrow window, where other parts of the page show, and what does not fit zoomed in:
    320 x 256 is a window of 1280 x 1024 at 400 % (WCAG 2.2, 1.4.10 Reflow).
    """
    page.set_viewport_size(PHONE)
    if stop.act is open_navigation:
        open_navigation(page)
    found = [*cut_off(page), *too_small(page), *access_faults(page, contrast=stop.act is open_navigation)]
    for height in (640, 256):
        page.set_viewport_size({"width": 320, "height": height})
        found += cut_off(page)
    page.set_viewport_size(WINDOW)
    return found
