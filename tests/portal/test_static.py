"""Style sheets and scripts as they are collected."""

import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

SOURCES = Path(settings.BASE_DIR) / "static" / "css"
SCRIPTS = SOURCES.parent / "js"
# Django's administration has its own sheet.
APART = {"all.css", "admin.css"}
SCRIPTS_APART = {"app.js", "admin-dark.js"}


def test_one_style_sheet_holds_every_component_in_order() -> None:
    imported = re.findall(r'@import url\("([^"]+)"\);', (SOURCES / "all.css").read_text())
    assert {path.name for path in SOURCES.glob("*.css")} - APART == set(imported)
    collected = as_collected("css/all.css")
    places = [collected.index((SOURCES / name).read_text()) for name in imported]
    assert places == sorted(places)
    assert "@import" not in collected


def test_one_script_holds_every_other() -> None:
    """Each is in a block of its own: what two of them declare by the same name would break both."""
    imported = re.findall(r'^import "\./([^"]+)";$', (SCRIPTS / "app.js").read_text(), re.MULTILINE)
    assert {path.name for path in SCRIPTS.glob("*.js")} - SCRIPTS_APART == set(imported)
    collected = as_collected("js/app.js")
    for name in imported:
        assert f"{{\n{(SCRIPTS / name).read_text()}}}\n" in collected
    assert 'import "' not in collected


def as_collected(name: str) -> str:
    """Read a file as browsers get it."""
    stored = staticfiles_storage.stored_name(name)  # type: ignore[attr-defined]
    return str((settings.STATIC_ROOT / stored).read_text())
