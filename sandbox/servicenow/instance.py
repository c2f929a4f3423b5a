"""The instance as a whole: its rows, switches, faults, log and clock."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.faults import FaultBook
from sandbox.requestlog import RequestLog
from sandbox.servicenow import seed as seeding
from sandbox.servicenow.magic_words import MagicWords
from sandbox.servicenow.meter import Meter
from sandbox.servicenow.misbehaviour import KINDS
from sandbox.servicenow.store import Store
from sandbox.servicenow.switches import PROFILES, Switches


@dataclass(frozen=True)
class OAuthEntity:
    """The one application in the registry. An address that is not registered is replaced by the first that is."""

    redirect_urls: tuple[str, ...]
    name: str = "Scoredesk"
    client_id: str = "scoredesk"
    client_secret: str = "scoredesk-secret"  # noqa: S105 - published: the sandbox protects nothing
    application_user: str = "m365.integration"


class Instance:
    """Everything that a request handler may touch."""

    def __init__(
        self,
        client: OAuthEntity,
        state: Path | None = None,
        profile: str = "hardened",
        seed: str = "empty",
        extra_records: int = 0,
    ) -> None:
        self.client = client
        self.store = Store(state)
        self.switches: Switches = PROFILES[profile]
        self.faults = FaultBook(KINDS)
        self.log = RequestLog()
        self.magic_words = MagicWords()
        self.meter = Meter()
        # Set for those who sleep on purpose when what they wait to do must not happen any more.
        self.over = threading.Event()
        self._seed, self._extra_records = seed, extra_records
        if not self.store.count("sys_user"):
            self._plant()

    def now(self) -> datetime:
        """The instance's own idea of the time, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.switches.clock_offset_seconds)

    def set(self, asked: dict[str, object]) -> None:
        """Change switches; raises `switches.BadSwitch`."""
        old = self.switches
        self.switches = self.switches.changed(asked)
        if (self.switches.old_close_codes, self.switches.languages) != (old.old_close_codes, old.languages):
            seeding.plant_choices(self.store, self.switches, self.now())

    def reset(self, profile: str | None = None) -> None:
        """Back to how it was at the first start, or would have been with another profile."""
        self._wake_sleepers()
        self.switches = PROFILES[profile or self.switches.profile]
        self.faults.clear()
        self.log.clear()
        self.magic_words.clear()
        self.meter = Meter()
        with self.store.transaction():
            self.store.wipe()
            self._plant()

    def close(self) -> None:
        """Wake those who sleep on purpose, then let go of the store."""
        self._wake_sleepers()
        self.store.close()

    def _wake_sleepers(self) -> None:
        self.over.set()
        self.over = threading.Event()

    def _plant(self) -> None:
        seeding.plant(
            self.store, self.switches, self.now(), demo=self._seed == "demo", extra=self._extra_records
        )
