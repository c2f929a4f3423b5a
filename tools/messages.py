"""`make messages`: collects the texts of the pages into the message catalogues.

Django's own collector reads the sources (it needs GNU gettext); Babel merges, so that a catalogue changes only where
a text changed: no line numbers, no dates, no guesses at a translation. Texts in use nowhere are dropped.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ["accounts", "connector", "portal", "scorecard", "templates", "tickets"]


def main() -> int:
    """Bring every catalogue up to date and say what waits for a translator. Returns 1 without gettext."""
    if shutil.which("xgettext") is None:
        print("GNU gettext is missing: install it (Debian, Ubuntu: apt install gettext)")
        return 1
    template = collected()
    for path in catalogues():
        catalogue = merged(path, template)
        if as_text(catalogue) != path.read_text(encoding="utf-8"):
            path.write_text(as_text(catalogue), encoding="utf-8")
        waiting = [message.id for message in catalogue if message.id and not all(forms(message.string))]
        print(f"{path.relative_to(ROOT)}: {len(catalogue)} texts, {len(waiting)} to translate")
        for text in waiting:
            print(f"    {text}")
    return 0


def catalogues() -> Iterator[Path]:
    """The catalogue of each language. A new language starts as an empty file in its folder."""
    yield from sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po"))


def collected() -> Catalog:
    """Collect every marked text of the sources. The collector writes beside what it reads, so it reads a copy."""
    with tempfile.TemporaryDirectory(prefix="scoredesk-messages-") as name:
        copy = Path(name)
        for source in SOURCES:
            shutil.copytree(ROOT / source, copy / source, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / "locale").mkdir()
        environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
        command = [sys.executable, "-m", "django", "makemessages", "--locale", "en"]
        command += ["--add-location", "file", "--verbosity", "0"]
        subprocess.run(command, cwd=copy, env=environment, check=True)
        with (copy / "locale/en/LC_MESSAGES/django.po").open("rb") as file:
            return read_po(file, domain="django")


def merged(path: Path, template: Catalog) -> Catalog:
    """Read a catalogue and bring it to the template's texts, keeping its translations."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.parts[-3], domain="django")
    catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    return catalogue


def as_text(catalogue: Catalog) -> str:
    """Write a catalogue as the text of its file."""
    file = io.BytesIO()
    write_po(file, catalogue, width=0, include_lineno=False, ignore_obsolete=True)
    return file.getvalue().decode("utf-8")


def forms(text: str | Sequence[str] | None) -> list[str]:
    """List the plural forms of a text or its translation; most have one."""
    return [text or ""] if isinstance(text, str | None) else list(text)


if __name__ == "__main__":
    sys.exit(main())
