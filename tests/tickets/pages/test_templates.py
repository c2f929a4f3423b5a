"""Templates show what was decided; they decide nothing by the names of states and types."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery, Kind, NormalizedState, Outcome
from tickets.models.comments import CommentState, NotesState
from tickets.models.reconciliation import Discrepancy, Listed
from tools.messages import ROOT

TEMPLATES = ROOT / "templates"
VOCABULARIES = (
    Kind,
    Delivery,
    NormalizedState,
    AttemptResult,
    Outcome,
    CommentState,
    NotesState,
    Discrepancy,
    Listed,
)
NAMES = {value for vocabulary in VOCABULARIES for value in vocabulary.values if value}
_CONDITION = re.compile(r"\{% *(?:if|elif|ifchanged|with) (.*?) *%\}")
_LITERAL = re.compile(r"\"([^\"]*)\"|'([^']*)'")


def compared(source: str) -> Iterable[str]:
    """The names of states and types that the conditions of a template name."""
    for condition in _CONDITION.findall(source):
        words = {double or single for double, single in _LITERAL.findall(condition)}
        yield from words & NAMES


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_template_compares_no_state_with_its_name(path: Path) -> None:
    assert not list(compared(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "source",
    [
        '{% if ticket.delivery == "attention" %}',
        "{% elif ticket.is_missing or ticket.normalized_state != 'sent_back' %}",
        '{% if "incident" in kinds %}',
        '{% if trial.ok %}{% elif run.listed == "ignored" %}',
    ],
)
def test_a_comparison_is_found(source: str) -> None:
    assert list(compared(source))
