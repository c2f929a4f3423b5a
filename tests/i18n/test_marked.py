"""Every text that a person sees is marked for translation, in templates and in Python."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template.base import Lexer, Token, TokenType

from tests.i18n.visible import visible_texts
from tools.messages import ROOT

TEMPLATES = ROOT / "templates"
# For people who write templates, only in development; its texts are specimens and stay English.
SPECIMENS = {"portal/components.html", "portal/_gallery_menu.html", "portal/_gallery_tickets.html"}
# Names, which are the same in every language.
NAMES = {
    "Scoredesk",
    "ServiceNow",
    "Microsoft Teams",
    "Microsoft Planner",
    "Microsoft Secure Score",
    "English",
    "日本語",
}
UNITS = {"HTTP", "UTC"}
AROUND = " ·–():,.*/%+"
# Stands where a tag or a variable stood, so that texts on both sides stay two.
GAP = "\ue000"
MARKED = ("blocktranslate", "comment")
LITERAL = re.compile(r'"([^"]*)"')
DEFAULT = re.compile(r'\|(?:default|default_if_none|yesno|add):"([^"]*)"')
SHOWN_KEYWORDS = {"label", "help_text", "verbose_name", "verbose_name_plural", "empty_label"}
# The same for its form.
SPECIMEN_MODULES = {ROOT / "portal" / "component_gallery.py"}
APPS = ["accounts", "connector", "portal", "scorecard", "tickets"]


def template_names() -> list[str]:
    return sorted(
        name
        for path in TEMPLATES.rglob("*.html")
        if (name := path.relative_to(TEMPLATES).as_posix()) not in SPECIMENS
    )


def modules() -> list[Path]:
    found = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    return [path for path in found if path not in SPECIMEN_MODULES]


def outside_translations(tokens: list[Token]) -> Iterator[Token]:
    """Leave out what stands between `blocktranslate` or `comment` and its end."""
    inside = ""
    for token in tokens:
        word = token.contents.split()[0] if token.token_type == TokenType.BLOCK else ""
        if not inside and word not in MARKED:
            yield token
        if not inside and word in MARKED:
            inside = word
        elif word == f"end{inside}":
            inside = ""


def unmarked(source: str) -> list[str]:
    """Texts of a template that no translation reaches: in the HTML, and handed on by tags and filters."""
    tokens = list(outside_translations(Lexer(source).tokenize()))
    html = "".join(token.contents if token.token_type == TokenType.TEXT else GAP for token in tokens)
    found = [piece.strip(AROUND) for text in visible_texts(html) for piece in text.split(GAP)]
    for token in tokens:
        if token.token_type == TokenType.VAR:
            found += DEFAULT.findall(token.contents)
        elif token.contents.startswith(("include", "with ")) and token.token_type == TokenType.BLOCK:
            found += [text for text in LITERAL.findall(token.contents) if re.match("[A-Z]|.*[^,] ", text)]
    return [text for text in found if re.search(r"[^\W\d_]{2}", text) and text not in NAMES | UNITS]


@pytest.mark.parametrize("name", template_names())
def test_template_shows_only_marked_texts(name: str) -> None:
    assert not unmarked((TEMPLATES / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "source",
    [
        "<p>Plain words</p>",
        '<button aria-label="Close"></button>',
        '<input placeholder="Search">',
        '<p data-announce="Sent">{% translate "Sent" %}</p>',
        '{% include "components/notice.html" with title="Not connected" %}',
        '{{ action.owner|default:"Nobody" }}',
        "{% blocktranslate %}Marked{% endblocktranslate %} and not",
    ],
)
def test_an_unmarked_text_is_found(source: str) -> None:
    assert unmarked(source)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_module_shows_only_marked_texts(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [ast.unparse(node) for node in ast.walk(tree) if shows_plain_text(node)]


def shows_plain_text(node: ast.AST) -> bool:
    """Whether a node hands a bare string to something that shows it to a person."""
    if isinstance(node, ast.Assign):
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        return bool(names & SHOWN_KEYWORDS) and is_text(node.value)
    if not isinstance(node, ast.Call):
        return False
    shown = [keyword.value for keyword in node.keywords if keyword.arg in SHOWN_KEYWORDS]
    match node.func:
        case ast.Attribute(value=ast.Name(id="messages")) | ast.Attribute(attr="add_error"):
            shown += node.args[1:2]
        case ast.Name(id="ValidationError") | ast.Attribute(attr="ValidationError"):
            shown += node.args[:1]
    return any(is_text(value) for value in shown)


def is_text(node: ast.expr) -> bool:
    """Whether an expression is a string with a letter in it, written out here."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    constants = [part.value for part in parts if isinstance(part, ast.Constant)]
    return any(isinstance(value, str) and re.search(r"[^\W\d_]", value) for value in constants)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_translation_functions_keep_the_names_that_the_collector_knows(path: Path) -> None:
    imports = [
        alias
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
    ]
    assert not [alias.asname for alias in imports if alias.asname not in (None, "_")]
