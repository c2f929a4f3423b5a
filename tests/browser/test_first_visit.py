"""What a first visit costs, and what people's own settings change."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.pages import open_person_menu
from tests.browser.person import Person
from tests.browser.visitor import Place

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MOST_BYTES = 60_000
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_SIZES = r"""() => Object.fromEntries(performance.getEntries()
  .filter((entry) => entry.entryType === "navigation" || /\.(css|js)$/.test(entry.name))
  .map((entry) => [entry.name, entry.encodedBodySize]))"""


def weigh(page: Page, address: str) -> dict[str, int]:
    """Open a page with an empty cache; return the bytes on the wire of its HTML, CSS and JavaScript."""
    page.goto(address, wait_until="networkidle")
    sizes: dict[str, int] = page.evaluate(_SIZES)
    return sizes


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_first_visit_is_small(browser: Browser, lived_in: Place, language: str) -> None:
    with Person(browser, lived_in.portal, language) as person:
        person.come_back()
    for path in ("/", "/secure-score/", "/tickets/", "/servicenow/setup/", "{action}"):
        with Person(browser, lived_in.portal, language) as newcomer:
            newcomer.context.add_cookies(lived_in.portal.cookies["secadmin"])
            address = lived_in.portal.url.rstrip("/") + path.format_map(lived_in.things)
            sizes = weigh(newcomer.page, address)
            assert 20_000 < sum(sizes.values()) < MOST_BYTES, (path, sizes)
            assert len(sizes) <= 4, f"{path}: the page, one style sheet, htmx, and our own script"


def test_whoever_wants_no_motion_gets_none(browser: Browser, lived_in: Place) -> None:
    with Person(browser, lived_in.portal) as person:
        person.come_back()
        person.page.goto(lived_in.portal.url + "components/")
        moving = person.page.evaluate(
            """() => [...document.querySelectorAll("*")].filter((element) => ["", "::before"].some((part) => {
              const style = getComputedStyle(element, part || null);
              return parseFloat(style.animationDuration) + parseFloat(style.transitionDuration) > 0;
            })).length"""
        )
        assert moving == 0


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_chosen_theme_wins_over_the_system_s(browser: Browser, lived_in: Place, scripts: bool) -> None:
    """Choose in the person menu; see it there, in the administration, and at sign-in; follow the system again."""
    with browser.new_context(
        locale="en-GB",
        viewport={"width": 1280, "height": 900},
        color_scheme="light",
        java_script_enabled=scripts,
    ) as context:
        page = context.new_page()
        page.goto(lived_in.portal.url)
        page.get_by_label("User name").fill("admin")
        page.get_by_label("Password").fill("demo")
        page.keyboard.press("Enter")
        page.wait_for_url(lived_in.portal.url)
        assert is_light(page)
        choose_theme(page, "Dark")
        assert not is_light(page)
        if scripts:  # Django's administration needs one for this.
            page.goto(lived_in.portal.url + "admin/")
            assert not is_light(page)
            page.goto(lived_in.portal.url)
        choose_theme(page, "Light")
        page.emulate_media(color_scheme="dark")
        assert is_light(page)
        choose_theme(page, "System")
        assert not is_light(page)
        page.emulate_media(color_scheme="light")
        choose_theme(page, "Dark")
        open_person_menu(page)
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.wait_for_url("**/accounts/login/**")
        assert not is_light(page)


def choose_theme(page: Page, theme: str) -> None:
    open_person_menu(page)
    with page.expect_navigation():
        page.get_by_role("button", name=theme, exact=True).click()


def is_light(page: Page) -> bool:
    """Whether the page's ground is rather white than black."""
    colour = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    return sum(map(int, re.findall(r"\d+", colour)[:3])) > 3 * 128


# The weakest contrast of each priority square's edge against the card, and against its row under the pointer.
_CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const luminance = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data]
      .map((value) => value / 255)
      .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const probe = document.body.appendChild(document.createElement("div"));
  const grounds = ["--surface", "--surface-hover", "--page"].map((name) => {
    probe.style.backgroundColor = `var(${name})`;
    return luminance(getComputedStyle(probe).backgroundColor);
  });
  return [...document.querySelectorAll(".priority__square")].map((square) => {
    const edge = luminance(getComputedStyle(square).borderTopColor);
    return Math.min(...grounds.map((ground) => (Math.max(edge, ground) + 0.05) / (Math.min(edge, ground) + 0.05)));
  });
}"""


def test_every_priority_square_stands_out(browser: Browser, lived_in: Place) -> None:
    """3:1 against what is around it (WCAG 2.2, 1.4.11 Non-text Contrast)."""
    with Person(browser, lived_in.portal) as person:
        person.come_back()
        person.page.goto(lived_in.portal.url + "components/")
        for theme in THEMES:
            person.page.emulate_media(color_scheme=theme)
            contrasts = person.page.evaluate(_CONTRASTS)
            assert len(contrasts) >= 9
            assert min(contrasts) >= 3, (theme, contrasts)


def test_forced_colours_keep_priority_and_tone_apart(browser: Browser, lived_in: Place) -> None:
    """Whoever chooses the colours of everything still sees filled squares, and borders around badges."""
    with Person(browser, lived_in.portal) as person:
        person.come_back()
        person.page.emulate_media(forced_colors="active")
        person.page.goto(lived_in.portal.url + "components/")
        colours = (
            person.page.locator(".priority--medium .priority__square")
            .first.locator("..")
            .evaluate(
                "squares => [...squares.children].map((square) => getComputedStyle(square).backgroundColor)"
            )
        )
        assert colours[0] == colours[1] != colours[2]
        border = person.page.locator(".badge").first.evaluate(
            "badge => getComputedStyle(badge).borderTopStyle"
        )
        assert border == "solid"
