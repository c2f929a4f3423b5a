"""Whoever kills, freezes and unplugs."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faketime import Clockwork
from tools.chaos.broker import Broker
from tools.chaos.history import History
from tools.crash.processes import Worker

LONGEST_FREEZE, OUTAGE_SECONDS = 2.0, 3.0
# Seconds by which clocks are wrong: three times the quarantine.
WRONG = 60
# Seconds between two deeds. The quarantine counts anew after every start, so that workers are let live for longer than
# it lasts, now and then.
PAUSE = (1.0, 4.0)


@dataclass
class Monkey:
    """Does one bad thing at a time, at random moments; thaws and plugs in what it froze and unplugged."""

    workers: Sequence[Worker]
    broker: Broker
    clocks: Sequence[Clockwork]
    history: History
    chance: random.Random
    frozen: dict[Worker, float] = field(default_factory=dict)
    unplugged_until: float = 0.0
    next_at: float = 0.0
    # The first worker's is from the start.
    clocks_are_wrong: bool = True

    def act(self) -> None:
        """Do what is due now."""
        now = time.monotonic()
        for worker in [worker for worker, until in self.frozen.items() if now > until]:
            self._thaw(worker)
        if 0 < self.unplugged_until < now:
            self._plug_in()
        if now > self.next_at:
            self.next_at = now + self.chance.uniform(*PAUSE)
            deeds = (
                self._kill,
                self._kill,
                self._freeze,
                self._freeze,
                self._flush,
                self._unplug,
                self._set_clocks,
            )
            self.chance.choice(deeds)(now)

    def rest(self) -> None:
        """Leave everything running, and the clocks true: a pause noted by a worker that is ahead holds up all."""
        for worker in list(self.frozen):
            self._thaw(worker)
        if self.unplugged_until:
            self._plug_in()
        if self.clocks_are_wrong:
            self.clocks_are_wrong = False
            self.history.note("clocks", "put right")
            for clock in self.clocks:
                clock.set(0)

    def _kill(self, now: float) -> None:
        worker = self.chance.choice(self.workers)
        self.frozen.pop(worker, None)
        self.history.note(worker.log.stem, "killed")
        worker.kill()

    def _freeze(self, now: float) -> None:
        worker = self.chance.choice(self.workers)
        if worker.freeze():
            self.history.note(worker.log.stem, "frozen")
            self.frozen[worker] = now + self.chance.uniform(0.1, LONGEST_FREEZE)

    def _thaw(self, worker: Worker) -> None:
        del self.frozen[worker]
        worker.thaw()
        self.history.note(worker.log.stem, "thawed")

    def _set_clocks(self, now: float) -> None:
        """All of them, as when somebody sets the machine's; the first stays ahead of the others."""
        offset = self.chance.choice((-WRONG, 0, WRONG))
        self.history.note("clocks", f"set by {offset:+d} s")
        for clock in self.clocks:
            clock.set(offset)
        self.clocks[0].set(offset + WRONG)

    def _flush(self, now: float) -> None:
        if not self.unplugged_until:
            self.history.note("broker", "flushed")
            self.broker.flush()

    def _unplug(self, now: float) -> None:
        if not self.unplugged_until:
            self.history.note("broker", "unplugged")
            self.broker.unplug()
            self.unplugged_until = now + OUTAGE_SECONDS

    def _plug_in(self) -> None:
        self.unplugged_until = 0.0
        self.broker.plug_in()
        self.history.note("broker", "plugged in")
