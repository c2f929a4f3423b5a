"""Reads the catalogue of improvement actions from the TOML files beside this module.

`scored/*.toml` holds the controls that apply to Aozora, one table each. `not_applicable.toml` holds the rest
of Microsoft's catalogue by product, one line each: they have a profile and no control score.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.microsoft.remediation import generated_steps, ordered_steps
from sandbox.microsoft.seasons import Life, season_and_day

FOLDER = Path(__file__).parent / "catalogue"


@dataclass(frozen=True)
class StateUpdate:
    """What an administrator once said about a control in Microsoft's own portal."""

    state: str
    comment: str
    assigned_to: str
    updated_by: str
    updated_at: str


@dataclass(frozen=True)
class Control:
    """One improvement action as Microsoft's catalogue describes it."""

    id: str
    title: str
    category: str
    service: str
    max_score: int | float
    rank: int
    remediation: str
    impact: str = ""
    tier: str = "Core"
    threats: tuple[str, ...] = ()
    user_impact: str | None = "Unknown"
    cost: str = "Unknown"
    action_type: str = "Config"
    action_url: str = ""
    deprecated: bool = False
    state_updates: tuple[StateUpdate, ...] = ()
    description: str = ""
    measure: str = "setting"
    status_done: str = ""
    status_open: str = ""
    max_in_odd_seasons: int | float | None = None
    life: Life | None = None

    def max_on(self, on: date) -> int | float:
        """The maximum that counted on that day: Microsoft re-weighs controls now and then."""
        season, _ = season_and_day(on)
        if self.max_in_odd_seasons is not None and season % 2 == 1:
            return self.max_in_odd_seasons
        return self.max_score


@cache
def controls() -> tuple[Control, ...]:
    """Every control, in Graph's order: by id, capitals and small letters alike."""
    found = [*_scored(), *_not_applicable()]
    return tuple(sorted(found, key=lambda control: control.id.lower()))


def scored_on(on: date) -> list[Control]:
    """The controls that had a control score on that day."""
    return [control for control in controls() if control.life is not None and control.life.is_present(on)]


def _scored() -> list[Control]:
    found = []
    for path in sorted((FOLDER / "scored").glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        defaults = document["defaults"]
        found += [_scored_control(defaults | entry) for entry in document["control"]]
    return found


def _scored_control(entry: dict[str, Any]) -> Control:
    life = Life(
        turns=tuple((day, percent) for day, percent in entry.pop("turns", [[0, entry.pop("percent", 0)]])),
        slow=entry.pop("slow", False),
        present=entry.pop("present", "always"),
    )
    first, steps = entry.pop("opens", None), entry.pop("steps", [])
    entry.setdefault("remediation", ordered_steps(entry["title"], [first, *steps] if first else steps))
    entry["threats"] = tuple(entry.get("threats", ()))
    entry["state_updates"] = tuple(StateUpdate(**update) for update in entry.get("state_updates", ()))
    return Control(life=life, **entry)


def _not_applicable() -> list[Control]:
    document = tomllib.loads((FOLDER / "not_applicable.toml").read_text(encoding="utf-8"))
    return [_profile_only(product, line) for product in document["product"] for line in product["controls"]]


def _profile_only(product: dict[str, Any], line: list[Any]) -> Control:
    control_id, title, max_score, rank = line
    return Control(
        id=control_id,
        title=title,
        category=product["category"],
        service=product["service"],
        max_score=max_score,
        rank=rank,
        remediation=generated_steps(product["name"], product["place"], title),
        impact=product.get("impact", ""),
        threats=tuple(product.get("threats", ())),
        action_url=product.get("url", ""),
        deprecated=control_id in product.get("deprecated", ()),
    )
