"""The state that somebody set on an action at Microsoft, as it was on a day. Pure.

Source: Microsoft Graph, resource type `secureScoreControlStateUpdate`; the newest entry counts. A profile has its
whole list or only the newest entry, in any casing, and for an action that nobody touched one without a time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StateUpdate:
    """One entry of `controlStateUpdates`. Without `at` it stood from the beginning."""

    state: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class State:
    """A state, since when it is set, and which came before. Empty is not known."""

    state: str = ""
    since: datetime | None = None
    before: str = ""


def in_order(updates: Iterable[StateUpdate]) -> tuple[StateUpdate, ...]:
    """Return updates, the oldest first."""
    return tuple(sorted(updates, key=lambda update: update.at or _FIRST))


def state_at(updates: Sequence[StateUpdate], moment: datetime) -> State:
    """Return what was set at a moment. `updates` come the oldest first.

    Who sets the same again, as with another comment, changes no state.
    """
    past = [update for update in updates if update.at is None or update.at <= moment]
    if not past:
        return State()
    newest = past[-1]
    since, before = newest.at, ""
    for update in reversed(past):
        if update.state.casefold() != newest.state.casefold():
            before = update.state
            break
        since = update.at
    return State(newest.state, since, before)
