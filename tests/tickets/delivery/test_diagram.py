"""The drawing in the documentation is the table that the code obeys."""

from pathlib import Path

import pytest

from tickets.delivery.diagram import mermaid, redrawn
from tickets.models.choices import MOVES, Delivery

PAGE = Path(__file__).resolve().parents[3] / "docs" / "delivery.md"


def test_the_drawing_in_the_documentation_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert redrawn(page) == page, "run: manage.py print_delivery_diagram --write"


def test_every_state_and_every_move_is_drawn() -> None:
    drawing = mermaid()
    for old in Delivery:
        assert old.value in drawing
        for new in MOVES[old]:
            assert f"{old.value} --> {new.value}: " in drawing


def test_a_page_without_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="no marks"):
        redrawn("# Nothing to see\n")
