"""Somebody who goes from page to page, while everything that a page does wrong is written down."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.pages import Stop
from tests.browser.person import Person
from tests.browser.portal import Portal

# Adds up how far things moved that nobody had asked to move: 0 is a page that stands still.
_COUNT_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const moved = entry.sources.map((source) => {
      const [from, to] = [source.previousRect, source.currentRect].map((box) => [box.x, box.y, box.width, box.height]);
      return `${source.node?.className || source.node?.nodeName}: ${from} -> ${to}`;
    });
    if (!entry.hadRecentInput) window.shifts.push(entry.value, ...moved);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
WINDOW = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=375, height=640)
# What reaches over the edge of the window, and is not in something that scrolls by itself or is meant to be unseen.
_CUT_OFF = """() => [...document.querySelectorAll("body *")].filter((element) => {
  if (element.closest(".table-scroll, .tabs, pre, .visually-hidden, .skip-link")) return false;
  if (!element.checkVisibility()) return false;
  const box = element.getBoundingClientRect();
  return box.width && (box.right > document.documentElement.clientWidth + 1 || box.left < -1);
}).map((element) => element.outerHTML.slice(0, 120))"""
# What a finger has to meet and is less than 44 pixels high or wide, its label with it. A link within a sentence may be
# as high as its line (WCAG 2.2, 2.5.5 Target Size).
_TOO_SMALL = """() => {
  const dialog = document.querySelector("dialog[open]");
  const isClipped = (element) => {
    return element && (getComputedStyle(element).clipPath !== "none" || isClipped(element.parentElement));
  };
  const isWithinWords = (element) => {
    let block = element;
    while (getComputedStyle(block).display === "inline") block = block.parentElement;
    return block !== element && block.innerText.trim().length > element.innerText.trim().length;
  };
  const wanted = "a[href], button:enabled, summary, select:enabled, textarea:enabled, input:enabled:not([type=hidden])";
  return [...document.querySelectorAll(wanted)].filter((element) => {
    if (!element.checkVisibility({ visibilityProperty: true }) || isClipped(element)) return false;
    if (element.matches(".skip-link") || dialog && !dialog.contains(element) || isWithinWords(element)) return false;
    const boxes = [element, ...(element.labels ?? [])].map((one) => one.getBoundingClientRect());
    const [left, top] = ["left", "top"].map((side) => Math.min(...boxes.map((box) => box[side])));
    const [right, bottom] = ["right", "bottom"].map((side) => Math.max(...boxes.map((box) => box[side])));
    return right - left < 43.5 || bottom - top < 43.5;
  }).map((element) => {
    const { width, height } = element.getBoundingClientRect();
    return `${Math.round(width)} x ${Math.round(height)} to touch: ${element.outerHTML.slice(0, 120)}`;
  });
}"""
# The browser tells of every page whose status is not 200.
_STATUS = re.compile(r"Failed to load resource: the server responded with a status of (403|404|414|422)")


@dataclass(frozen=True)
class Place:
    """A portal, and the addresses of what is in it."""

    portal: Portal
    things: Mapping[str, str]


class Visitor:
    """One browser in one look; signs in as whoever each page asks for."""

    def __init__(self, browser: Browser, place: Place, language: str = "en", dark: bool = False) -> None:
        self.browser, self.place = browser, place
        self.language, self.dark = language, dark

    def walk(self, stops: Sequence[Stop]) -> Iterator[tuple[Stop, Person]]:
        """Go to each page, do there what it says, and hand it over."""
        for who in dict.fromkeys(stop.who for stop in stops):
            with Person(self.browser, self.place.portal, self.language, self.dark) as person:
                person.page.add_init_script(_COUNT_SHIFTS)
                if who:
                    person.come_back(who)
                person.page.set_viewport_size(WINDOW)
                for stop in stops:
                    if stop.who == who:
                        self.go(person, stop)
                        yield stop, person

    def go(self, person: Person, stop: Stop) -> None:
        """Open one page."""
        person.complaints.clear()
        address = self.place.portal.url.rstrip("/") + stop.path(self.place.things)
        response = person.page.goto(address)
        assert response is not None
        assert response.status == stop.status, address
        if stop.act:
            stop.act(person.page)


def complaints(person: Person) -> list[str]:
    """Return what the browser's console said, and requests to anywhere else."""
    return [said for said in person.complaints if not _STATUS.match(said)]


def shifts(page: Page) -> list[object]:
    """Return what moved by itself since the page was opened."""
    found: list[object] = page.evaluate("() => window.shifts")
    return found


def too_small(page: Page) -> list[str]:
    """Return what is too small for a finger."""
    with touched(page):
        found: list[str] = page.evaluate(_TOO_SMALL)
    return found


@contextmanager
def touched(page: Page) -> Iterator[None]:
    """Have the browser believe that fingers touch it, and wait until the page does, too."""
    session = page.context.new_cdp_session(page)
    for is_touched in (True, False):
        session.send("Emulation.setTouchEmulationEnabled", {"enabled": is_touched})
        page.wait_for_function(
            "(wanted) => matchMedia('(pointer: coarse)').matches === wanted", arg=is_touched
        )
        if is_touched:
            yield
    session.detach()


def cut_off(page: Page) -> list[str]:
    """Return what does not fit the window's width."""
    found: list[str] = page.evaluate(_CUT_OFF)
    width = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, *([f"scrolls sideways by {width} px"] if width > 0 else [])]
