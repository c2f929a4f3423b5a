"""`make screenshots`: every page in both languages and themes at three widths, and a page to look at them side by side.

Writes build/screenshots/<language>-<theme>-<width>/<page>.png and index.html. Arguments choose pages by name.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.chromium import launch
from tests.browser.pages import ADMINISTRATION, FRESH, LIVED_IN, Stop
from tests.browser.portal import Portal

FOLDER = Path(__file__).resolve().parent.parent / "build" / "screenshots"
LANGUAGES = {"en": "en-GB", "ja": "ja-JP"}
THEMES = ("light", "dark")
WIDTHS = {1440: 900, 768: 1024, 375: 812}
LOOKS = list(product(LANGUAGES, THEMES, WIDTHS))


def main(wanted: Sequence[str] = ()) -> int:
    """Take the pictures of all pages, or of those named. Returns the exit status."""
    if not wanted:
        shutil.rmtree(FOLDER, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder, Portal(Path(folder)) as portal, sync_playwright() as tool:
        browser = launch(tool)
        take(browser, portal, _only(FRESH, wanted), {})
        if later := _only([*LIVED_IN, *ADMINISTRATION], wanted):
            take(browser, portal, later, portal.live_in())
        browser.close()
    (FOLDER / "index.html").write_text(contact_sheet(), encoding="utf-8")
    print(f"{FOLDER}/index.html")
    return 0


def take(browser: Browser, portal: Portal, stops: Sequence[Stop], things: Mapping[str, str]) -> None:
    """Take these pages in every look, each person signing in once."""
    for language, theme, width in LOOKS if stops else []:
        folder = FOLDER / f"{language}-{theme}-{width}"
        folder.mkdir(parents=True, exist_ok=True)
        for who in dict.fromkeys(stop.who for stop in stops):
            with browser.new_context(
                locale=LANGUAGES[language],
                color_scheme=theme,  # type: ignore[arg-type]  # One of its two names.
                viewport={"width": width, "height": WIDTHS[width]},
                reduced_motion="reduce",
            ) as context:
                sign_in(context, portal, who)
                for stop in stops:
                    if stop.who == who:
                        picture(context, portal.url.rstrip("/") + stop.path(things), stop, folder)
        print(folder.name, flush=True)


def sign_in(context: BrowserContext, portal: Portal, who: str) -> None:
    """Sign in by the form; nobody at all when `who` is empty."""
    if not who:
        return
    page = context.new_page()
    page.goto(portal.url)
    page.locator("input[name=username]").fill(who)
    page.locator("input[name=password]").fill("demo")
    page.keyboard.press("Enter")
    page.wait_for_url(portal.url)
    page.close()


def picture(context: BrowserContext, address: str, stop: Stop, folder: Path) -> None:
    """Take the whole page; with something open, what the window shows."""
    page = context.new_page()
    page.goto(address)
    if stop.act:
        stop.act(page)
    page.screenshot(path=folder / f"{stop.name}.png", full_page="menu" not in stop.name)
    page.close()


def contact_sheet() -> str:
    """Return a page with every picture, one row for each page of the portal."""
    folders = sorted(folder for folder in FOLDER.iterdir() if folder.is_dir())
    names = list(dict.fromkeys(path.stem for folder in folders for path in sorted(folder.glob("*.png"))))
    rows = "\n".join(f"<h2>{name}</h2>\n<p>{''.join(_thumbnails(folders, name))}</p>" for name in names)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Screenshots</title>'
        "<style>img{height:22rem;margin:.25rem;border:1px solid #888;vertical-align:top}</style>\n"
        f"<h1>Screenshots</h1>\n{rows}\n</html>\n"
    )


def _thumbnails(folders: Iterable[Path], name: str) -> Iterable[str]:
    for folder in folders:
        if (folder / f"{name}.png").exists():
            source = f"{folder.name}/{name}.png"
            yield f'<a href="{source}"><img src="{source}" alt="{folder.name}" loading="lazy"></a>'


def _only(stops: Sequence[Stop], wanted: Sequence[str]) -> list[Stop]:
    return [stop for stop in stops if not wanted or stop.name in wanted]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
