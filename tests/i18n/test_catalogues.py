"""The catalogues are complete and follow the sources."""

import re
import shutil
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings

from tests.conftest import leave_out
from tools import messages
from tools.messages import forms

CATALOGUES = list(messages.catalogues())
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%|</?\w+[^>]*>")


@pytest.fixture(params=CATALOGUES, ids=lambda path: path.parts[-3])
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3])


def texts(catalogue: Catalog) -> list[Message]:
    """Every message but the header."""
    return [message for message in catalogue if message.id]


def keys(catalogue: Catalog) -> set[tuple[str | None, str]]:
    return {(message.context, forms(message.id)[0]) for message in texts(catalogue)}


def test_each_language_but_english_has_a_catalogue() -> None:
    assert {path.parts[-3] for path in CATALOGUES} == {code for code, _ in settings.LANGUAGES} - {"en"}


def test_every_text_is_translated(catalogue: Catalog) -> None:
    assert not [message.id for message in texts(catalogue) if not all(forms(message.string))]


def test_nothing_is_guessed_or_left_over(catalogue: Catalog) -> None:
    assert not [message.id for message in catalogue if message.fuzzy]
    assert not catalogue.obsolete


def test_placeholders_and_tags_survive_translation(catalogue: Catalog) -> None:
    for message in texts(catalogue):
        # The plural names everything; the singular may leave out the number that is always one.
        wanted = sorted(PLACEHOLDER.findall(forms(message.id)[-1]))
        for form in forms(message.string):
            assert sorted(PLACEHOLDER.findall(form)) == wanted, message.id


def test_the_catalogue_has_exactly_the_texts_of_the_sources(catalogue: Catalog) -> None:
    if shutil.which("xgettext") is None:
        leave_out("gettext is not installed, so the texts cannot be collected")
    collected = keys(messages.collected())
    assert not collected - keys(catalogue), "run: make messages, then translate"
    assert not keys(catalogue) - collected, "run: make messages"


def test_collecting_changes_nothing_that_did_not_change(path: Path) -> None:
    if shutil.which("xgettext") is None:
        leave_out("gettext is not installed, so the texts cannot be collected")
    assert messages.as_text(messages.merged(path, messages.collected())) == path.read_text(encoding="utf-8")


def test_japanese_has_spaces_between_latin_and_japanese_letters() -> None:
    japanese, latin = r"[\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff]", r"[A-Za-z0-9]"
    touching = re.compile(f"{japanese}{latin}|{latin}{japanese}")
    with next(path for path in CATALOGUES if "ja" in path.parts).open("rb") as file:
        found = [form for message in texts(read_po(file)) for form in forms(message.string)]
    assert not [text for text in found if touching.search(PLACEHOLDER.sub("\N{BULLET}", text))]
