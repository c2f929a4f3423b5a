"""The system's own browser."""

from pathlib import Path

from playwright.sync_api import Browser, Playwright

CHROMIUM = Path("/usr/bin/chromium")
# The same browser without the windows that nobody sees. Each of those costs more than the page in it.
WINDOWLESS = Path("/usr/bin/chromium-headless-shell")
# As root there is no sandbox to be had; the rest keeps the browser from calling home.
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def launch(tool: Playwright) -> Browser:
    """Start it without a window."""
    program = WINDOWLESS if WINDOWLESS.exists() else CHROMIUM
    return tool.chromium.launch(executable_path=program, args=FLAGS)
