"""What axe finds in a page."""

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCRIPT = Axe().axe_script
_IS_THERE = "() => typeof axe !== 'undefined'"
# What has no fault is not brought over. Nothing that is to be loaded first concerns a rule that is asked for.
_RUN = """async (options) => {
  const found = await axe.run({ resultTypes: ["violations"], preload: false, ...options });
  return { violations: found.violations };
}"""
_CONTRAST_LEFT_OUT = {"rules": {"color-contrast": {"enabled": False}}}


def access_faults(page: Page, *, contrast: bool = True) -> list[str]:
    """Let axe look at the page as it is now, by all its rules or by all but contrast; return what it finds."""
    if not page.evaluate(_IS_THERE):
        page.evaluate(SCRIPT)
    found = AxeResults(page.evaluate(_RUN, {} if contrast else _CONTRAST_LEFT_OUT))
    return [found.generate_report()] if found.violations_count else []
