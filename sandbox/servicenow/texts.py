"""What some instances make of a text before they store it.

A database without `utf8mb4` cuts a text at its first character outside the Basic Multilingual Plane (MySQL Reference
Manual, "Conversion Between 3-Byte and 4-Byte Unicode Character Sets"); others lose such characters alone. Business
rules and HTML fields do the rest. Which of these a given instance does is its owner's doing.
"""

import html
import re
from collections.abc import Callable

from sandbox.servicenow.dictionary import Field, Kind
from sandbox.servicenow.switches import Switches

_BEYOND = re.compile(r"[\U00010000-\U0010ffff]")
_CHANGES: dict[str, Callable[[str], str]] = {
    "as sent": lambda text: text,
    "cut at emoji": lambda text: _BEYOND.split(text, maxsplit=1)[0],
    "without emoji": lambda text: _BEYOND.sub("?", text),
    "escaped": html.escape,
    "respaced": lambda text: "\r\n".join(f"{line.rstrip()} " for line in text.splitlines()) + "\r\n",
    "rewritten": lambda text: f"Note of {len(text)} characters, kept elsewhere",
}


def kept(field: Field, text: str, switches: Switches) -> str:
    """A text as the instance keeps it; what is not written by people stays as it is."""
    if field.kind is Kind.JOURNAL:
        text = _CHANGES[switches.stored_texts](text)
        if switches.stored_notes == "wrapped in HTML":
            lines = "".join(f"<p>{html.escape(line)}</p>" for line in text.splitlines())
            text = f"[code]{lines}[/code]"
        return text
    is_prose = field.name in ("short_description", "description")
    return _CHANGES[switches.stored_texts](text) if is_prose else text
