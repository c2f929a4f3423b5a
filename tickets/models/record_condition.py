"""How far a ticket is, and what its record means, as lists say it. Pure: the same for a ticket and for bare columns."""

from collections.abc import Iterable
from dataclasses import dataclass

from tickets.models.choices import NEEDS_ATTENTION, Delivery, Kind, NormalizedState
from tickets.models.state_labels import Named, name_of
from tickets.models.ticket_type import type_of

# What the portal alone can say of a record, in its own words.
_OUR_WORDS = (NormalizedState.SENT_BACK, NormalizedState.CLOSED_UNSUCCESSFULLY)


@dataclass(frozen=True, slots=True)
class Condition:
    """What tells it. `state` is ServiceNow's stored value, `normalized_state` what that means."""

    kind: str
    delivery: str
    state: str
    normalized_state: str
    is_missing: bool

    def words(self, names: Iterable[Named], language: str) -> str:
        """Say it: in ServiceNow's words once delivered, else in ours. `names` are those of its instance."""
        if self.delivery != Delivery.DELIVERED:
            return str(Delivery(self.delivery).label)
        if self.is_missing:
            return str(NormalizedState.MISSING.label)
        is_held_change = (
            self.normalized_state == NormalizedState.ON_HOLD and type_of(self.kind).is_held_by_flag
        )
        if is_held_change or self.normalized_state in _OUR_WORDS:
            return str(NormalizedState(self.normalized_state).label)
        name = name_of(Kind(self.kind), self.state, names, language)
        return name or str(NormalizedState(self.normalized_state or NormalizedState.IN_PROGRESS).label)

    @property
    def tone(self) -> str:
        """How loudly it is shown: the tone of a badge, or empty for plain words."""
        if self.delivery in NEEDS_ATTENTION:
            return "danger"
        if self.delivery == Delivery.DISCARDED:
            return "neutral"
        is_delivered = self.delivery == Delivery.DELIVERED
        return "warning" if not is_delivered or self.is_missing or self.normalized_state in _OUR_WORDS else ""
