"""The pages for whoever comes next name what is there: files, links, symbols, commands, rooms."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests.sandbox_process import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "sandbox/DIFFERENCES.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
CODE = ("accounts", "connector", "portal", "sandbox", "scorecard", "tickets", "tests", "tools")
FOLDERS = (*CODE, "docs", "locale", "static", "templates")
LINK = re.compile(r"\]\(([^)\s#]*)(?:#([\w-]+))?\)")
NAMED_PATH = re.compile(rf"(?<![\w./<>-])((?:{'|'.join(FOLDERS)})/[\w./-]*\w)(?![\w<*])")
QUOTED = re.compile(r"`([^`\n]+)`")
# What only code would be called: with capitals inside, with underscores, or called.
SYMBOL = re.compile(r"_?[A-Z]\w*[a-z]\w*\.\w+|[A-Za-z]*_[A-Za-z_]\w*|_?[A-Z][a-z]+[A-Z]\w*|[A-Z]{2,}")
IN_A_FILE = re.compile(
    r"`([A-Za-z_][\w.]*)` (?:in|of) `([\w./-]+\.py)`|`([\w./-]+\.py)`: `([A-Za-z_][\w.]*)`"
)
# Pages that lead into the code, name by name.
GUIDES = [ROOT / "docs" / "architecture.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """What a link may name of a page, as GitHub and GitLab make it of its headings."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere."""
    for target, anchor in LINK.findall(text_of(page)):
        if "://" in target or target.startswith("mailto:"):
            continue
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            yield f"{target}#{anchor}"


@cache
def words_of(path: Path) -> set[str]:
    return set(re.findall(r"\w+", text_of(path)))


@cache
def words_of_the_code() -> set[str]:
    paths = [path for folder in CODE for path in (ROOT / folder).rglob("*.py") if path != Path(__file__)]
    return set[str]().union(*map(words_of, [*paths, ROOT / ".env.example"]))


def is_in(symbol: str, words: set[str]) -> bool:
    """Whether each part of a name, such as `Ticket.state_words`, is among the words."""
    return words.issuperset(symbol.split("."))


@EACH
def test_every_link_leads_somewhere(page: Path) -> None:
    assert not list(broken(page))


@EACH
def test_every_path_is_there(page: Path) -> None:
    named = set(NAMED_PATH.findall(text_of(page)))
    assert not {path for path in named if not (ROOT / path).exists()}


@EACH
def test_every_command_is_there(page: Path) -> None:
    quoted = " \n".join(re.findall(r"^```sh\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL))
    quoted += " \n".join(QUOTED.findall(text_of(page)))
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert not set(re.findall(r"^make ([a-z-]+)", quoted, re.MULTILINE)) - targets
    assert not set(re.findall(r"manage\.py ([a-z_]+)", quoted)) - set(get_commands())
    modules = re.findall(r"-m ((?:tools|tests|portal|sandbox)[\w.]*)", quoted)
    assert not [name for name in modules if not list(ROOT.glob(f"{name.replace('.', '/')}*"))]


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_every_symbol_is_in_the_code(page: Path) -> None:
    symbols = {quoted.partition("(")[0] for quoted in QUOTED.findall(text_of(page))}
    assert not {
        symbol for symbol in symbols if SYMBOL.fullmatch(symbol) and not is_in(symbol, words_of_the_code())
    }


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_a_symbol_is_in_the_file_that_is_named_with_it(page: Path) -> None:
    named = [(a or d, b or c) for a, b, c, d in IN_A_FILE.findall(text_of(page))]
    assert not [(symbol, file) for symbol, file in named if not is_in(symbol, words_of(ROOT / file))]


def test_every_room_is_described_and_drawn() -> None:
    contracts = tomllib.loads(text_of(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    rooms = [
        (app, room)
        for contract in contracts
        for app in contract.get("containers", ())
        for layer in contract["layers"]
        for room in layer.split(" | ")
        if (ROOT / app / room).is_dir() and room != "management"
    ]
    assert {app for app, _room in rooms} == {"tickets", "connector", "scorecard"}
    page, picture = text_of(ROOT / "docs/architecture.md"), text_of(ROOT / "docs/images/house.svg")
    assert not [f"{app}/{room}" for app, room in rooms if f"{app}/{room}/" not in page]
    assert not [room for _app, room in rooms if f">{room}</text>" not in picture]


def test_every_decision_is_in_the_index_by_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    index = text_of(folder / "README.md")
    for page in sorted(folder.glob("[0-9]*.md")):
        number, title = text_of(page).splitlines()[0].removeprefix("# ").split(". ", 1)
        assert f"| {number} | [{title}]({page.name}) |" in index
