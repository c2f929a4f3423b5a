"""The delivery's state machine as a drawing in Mermaid, from the one table that the code obeys. Pure."""

from tickets.models.choices import MOVES, Delivery

BEGIN, END = "<!-- drawn by manage.py print_delivery_diagram -->", "<!-- end of the drawing -->"


def mermaid() -> str:
    """Return the drawing, every state and every move with what happens there."""
    lines = ["stateDiagram-v2", f"    [*] --> {Delivery.WAITING.value}: a person shares"]
    for old, moves in MOVES.items():
        lines += [f"    {old.value} --> {new.value}: {_label(why)}" for new, why in moves.items()]
        if not moves:
            lines.append(f"    {old.value} --> [*]")
    return "\n".join(lines)


def redrawn(page: str) -> str:
    """Return a page with what stands between its two marks replaced by the drawing.

    Raises ValueError when the page lacks a mark.
    """
    before, begin, rest = page.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("The page has no marks for the drawing.")
    return f"{before}{BEGIN}\n```mermaid\n{mermaid()}\n```\n{END}{after}"


def _label(why: str) -> str:
    # A semicolon ends a line in Mermaid.
    return why.replace(";", ",")
