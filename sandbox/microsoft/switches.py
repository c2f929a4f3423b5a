"""What can be set about the tenant and its Graph while they run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any


class BadSwitch(ValueError):
    """A setting that does not exist, or a value that it does not take."""


CHOICES = {
    "tenant": ("tidy", "untidy"),
    "trial_states": ("kept", "reset", "refused"),
    "state_updates": ("all", "newest"),
}


@dataclass(frozen=True)
class Switches:
    """How things are at Microsoft.

    An `untidy` tenant has what real ones have: see `untidy`. `trial_states` says what a PATCH to `Reviewed` or
    `AlternateMitigation` does: it is kept, becomes `Default` in silence, or is refused; people report all three.
    `state_updates` says whether a profile shows all its entries, or the newest only.
    """

    tenant: str = "tidy"
    trial_states: str = "kept"
    state_updates: str = "all"

    def changed(self, asked: Mapping[str, Any]) -> "Switches":
        """A copy with other values. Raises BadSwitch."""
        for name, value in asked.items():
            if name not in CHOICES:
                raise BadSwitch(f"Unknown setting {name!r}. Known: {', '.join(CHOICES)}.")
            if value not in CHOICES[name]:
                raise BadSwitch(f"{name} is one of {', '.join(CHOICES[name])}.")
        return replace(self, **asked)

    def as_json(self) -> dict[str, Any]:
        """Every setting and its value."""
        return asdict(self)
