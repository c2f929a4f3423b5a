"""Style sheets as they are collected."""

import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

SOURCES = Path(settings.BASE_DIR) / "static" / "css"
# Django's administration has its own sheet.
APART = {"all.css", "admin.css"}


def test_one_style_sheet_holds_every_component_in_order() -> None:
    imported = re.findall(r'@import url\("([^"]+)"\);', (SOURCES / "all.css").read_text())
    assert {path.name for path in SOURCES.glob("*.css")} - APART == set(imported)
    name = staticfiles_storage.stored_name("css/all.css")  # type: ignore[attr-defined]
    collected = (settings.STATIC_ROOT / name).read_text()
    places = [collected.index((SOURCES / name).read_text()) for name in imported]
    assert places == sorted(places)
    assert "@import" not in collected
