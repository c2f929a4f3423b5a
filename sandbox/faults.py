"""Which calls go wrong, how and how often. What each kind does on the wire is in `servicenow.misbehaviour`."""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any


class BadFault(ValueError):
    """A fault that cannot be made out of what was asked for."""


@dataclass
class Fault:
    """A fault waiting for its calls.

    `route` and `method` may be `any`; `about` narrows them to calls that hold this text, in the address or the
    body. `times` calls are hit, each with `probability` (drawn from `seed`, so that a
    run can be repeated). `seconds` and `share` mean what the kind says.
    """

    kind: str
    route: str = "any"
    method: str = "any"
    times: int = 1
    probability: float = 1.0
    seconds: float | None = None
    share: float = 1.0
    seed: int = 0
    about: str = ""
    _chance: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - repeatable on purpose

    def hits(self, route: str, method: str, said: Callable[[], str]) -> bool:
        """Whether this call is one to spoil; draws a chance where the probability is below 1."""
        if self.route not in (route, "any") or self.method.upper() not in (method, "ANY"):
            return False
        if self.about and self.about not in said():
            return False
        return self.probability >= 1 or self._chance.random() < self.probability

    def pause(self, otherwise: float) -> float:
        """`seconds` of the fault, or the default of its kind."""
        return otherwise if self.seconds is None else self.seconds

    def as_json(self) -> dict[str, Any]:
        """What was asked for and what is left of it."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.init}


class FaultBook:
    """The faults of one port, first come first served."""

    def __init__(self, kinds: frozenset[str]) -> None:
        self._kinds = kinds
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, asked: Mapping[str, Any]) -> Fault:
        """Take in a fault.

        Raises:
            BadFault: unknown kind or key, or a value of the wrong type.
        """
        known = {f.name: f.type for f in fields(Fault) if f.init}
        if unknown := sorted(set(asked) - set(known)):
            raise BadFault(f"Unknown keys: {', '.join(unknown)}. Known: {', '.join(known)}.")
        if asked.get("kind") not in self._kinds:
            raise BadFault(f"Unknown kind {asked.get('kind')!r}. Known: {', '.join(sorted(self._kinds))}.")
        try:
            fault = Fault(**asked)
            checked = (
                int(fault.times),
                float(fault.probability),
                float(fault.share),
                float(fault.seconds or 0),
            )
        except (TypeError, ValueError) as error:
            raise BadFault(str(error)) from error
        if min(checked) < 0:
            raise BadFault("Numbers must not be negative.")
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, route: str, method: str, said: Callable[[], str] = str) -> Fault | None:
        """The fault for this call, used up by one; none when the call shall go well.

        `said` gives the call's address and body, for faults that are about something.
        """
        with self._lock:
            for fault in self._faults:
                if fault.times > 0 and fault.hits(route, method, said):
                    fault.times -= 1
                    self._faults = [f for f in self._faults if f.times > 0]
                    return fault
        return None

    def clear(self) -> None:
        """Let every call go well again."""
        with self._lock:
            self._faults = []

    def as_json(self) -> list[dict[str, Any]]:
        """The faults still waiting."""
        with self._lock:
            return [fault.as_json() for fault in self._faults]
