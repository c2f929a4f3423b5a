"""What is said about controls over Graph: PATCH of a secureScoreControlProfile, and what follows from it.

Sources: Microsoft Graph, "Update secureScoreControlProfile" (the body, `Prefer`, the four states) and resource type
`secureScoreControlStateUpdate`. From public reports: an entry is added even where it says what the one before says,
controls of Defender cannot be changed, `Reviewed` is refused or becomes `Default`, tenants return `AlternateMitigation`
as well, and points come a day or more later.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.microsoft.switches import Switches

Document = dict[str, Any]

STATES = ("Default", "Ignored", "ThirdParty", "Reviewed", "AlternateMitigation")
TRIAL = frozenset({"Reviewed", "AlternateMitigation"})
# Those that give all points, and after how long.
GIVE_POINTS = frozenset({"ThirdParty", "AlternateMitigation"})
DELAY = timedelta(days=2)
LONGEST = 4_000
_CHANGEABLE = ("assignedTo", "comment", "state")


class PatchRefused(ValueError):
    """A change that Graph refuses with 400."""


@dataclass
class StateBook:
    """What was said since the start, by control; every tenant is Aozora Foods."""

    _entries: dict[str, list[Document]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, control_id: str, entry: Document) -> None:
        """Take in an entry, the newest."""
        with self._lock:
            self._entries.setdefault(control_id, []).append(entry)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()

    def told(self, profile: Document, switches: Switches) -> Document:
        """The profile with what was said since the start: its entries, the oldest first."""
        with self._lock:
            added = list(self._entries.get(str(profile["id"]), ()))
        before = profile["controlStateUpdates"]
        # What nobody ever touched has one entry that says so, which is gone as soon as there is another.
        known = [entry for entry in before if entry["updatedDateTime"] or not added]
        entries = [*known, *added]
        return profile | {
            "controlStateUpdates": [_newest(entries)] if switches.state_updates == "newest" else entries
        }

    def held_on(self, on: date) -> frozenset[str]:
        """The controls that have all their points on a day by what was said of them."""
        with self._lock:
            newest = {
                control_id: [entry for entry in entries if _day(entry) <= on - DELAY][-1:]
                for control_id, entries in self._entries.items()
            }
        return frozenset(name for name, last in newest.items() if last and last[0]["state"] in GIVE_POINTS)


def changed(profile: Document, body: object, *, author: str, at: datetime, switches: Switches) -> Document:
    """The entry that a PATCH of this profile adds. What it does not name stays as the newest entry has it.

    Raises PatchRefused.
    """
    if not isinstance(body, dict):
        raise PatchRefused("The body is no JSON object.")
    _check_vendor(body)
    if unknown := sorted(set(body) - {*_CHANGEABLE, "vendorInformation"}):
        raise PatchRefused(f"These properties cannot be updated: {', '.join(unknown)}.")
    if profile["id"].lower().startswith("scid_") or profile["controlCategory"] == "Device":
        raise PatchRefused(f"The control '{profile['id']}' cannot be updated by this provider.")
    for name in _CHANGEABLE:
        if not isinstance(body.get(name, ""), str) or len(body.get(name, "")) > LONGEST:
            raise PatchRefused(f"The value of '{name}' is not a string of at most {LONGEST} characters.")
    newest = _newest(profile["controlStateUpdates"])
    entry: Document = {name: body.get(name, newest[name]) for name in _CHANGEABLE}
    if "state" in body:
        entry["state"] = _state(body["state"], switches)
    return entry | {"updatedBy": author, "updatedDateTime": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}


def _check_vendor(body: Mapping[str, Any]) -> None:
    vendor = body.get("vendorInformation")
    if not isinstance(vendor, dict) or not (vendor.get("provider") and vendor.get("vendor")):
        raise PatchRefused("vendorInformation with provider and vendor is required.")


def _state(asked: str, switches: Switches) -> str:
    """The state as Graph spells it, whatever the caller's casing."""
    state = {known.lower(): known for known in STATES}.get(asked.lower())
    if state is None or (state in TRIAL and switches.trial_states == "refused"):
        raise PatchRefused("Http request failed with statusCode=BadRequest")
    return "Default" if state in TRIAL and switches.trial_states == "reset" else state


def _newest(entries: Sequence[Document]) -> Document:
    """The entry that counts, wherever it stands; of one moment the last."""
    return max(reversed(entries), key=lambda entry: entry["updatedDateTime"] or "")


def _day(entry: Document) -> date:
    return date.fromisoformat(str(entry["updatedDateTime"])[:10])
