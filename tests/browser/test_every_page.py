"""Every page, in both languages and themes: usable by everybody, quiet, still, and not too wide."""

from collections.abc import Iterable
from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Browser

from tests.browser.pages import ADMINISTRATION, FRESH, LIVED_IN, NO_PAGES, Stop
from tests.browser.visitor import Place, Visitor, access_faults, complaints, cut_off, shifts

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LOOKS = pytest.mark.parametrize(
    ("language", "dark"), [("en", False), ("ja", True), ("en", True), ("ja", False)]
)


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
def test_no_page_has_an_access_fault_or_a_message_in_the_console_or_moves(
    browser: Browser, lived_in: Place, language: str, dark: bool
) -> None:
    """axe, the console (Content Security Policy among it), requests to elsewhere, layout shifts."""
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
    """Django's own pages, whose scripts move things while they load."""
    check(Visitor(browser, lived_in, language, dark), ADMINISTRATION, still=False)


def check(visitor: Visitor, stops: list[Stop], *, still: bool = True) -> None:
    """Walk, and tell everything that was found at once."""
    found: dict[str, list[object]] = {}
    for stop, person in visitor.walk(stops):
        said, moved = complaints(person), shifts(person.page) if still else []
        if moved:
            # A browser that has just started may paint before styles apply; what the page itself moves comes back.
            visitor.go(person, stop)
            moved = shifts(person.page)
        # axe comes last: it scrolls, and applies styles.
        if faults := [*moved, *said, *access_faults(person.page)]:
            found[stop.name] = faults
    assert found == {}


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("height", [256, 640], ids=["zoomed to 400 %", "a small phone"])
def test_pages_fit_320_pixels_without_loss(
    browser: Browser, lived_in: Place, language: str, height: int
) -> None:
    """320 x 256 is a window of 1280 x 1024 at 400 % (WCAG 2.2, 1.4.10 Reflow)."""
    visitor = Visitor(browser, lived_in, language)
    found = {
        stop.name: cut_off(person.page) for stop, person in visitor.walk(LIVED_IN, width=320, height=height)
    }
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_first_pages_fit_320_pixels_without_loss(browser: Browser, fresh: Place, language: str) -> None:
    visitor = Visitor(browser, fresh, language)
    found = {stop.name: cut_off(person.page) for stop, person in visitor.walk(FRESH, width=320, height=256)}
    assert {name: faults for name, faults in found.items() if faults} == {}
