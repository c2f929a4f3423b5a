"""Where a process ends: at an audit event, its own (`tickets.delivery.push...`) or Python's (`socket.connect`)."""

import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

INTENT = "tickets.delivery.push.intent_stored"
SEND = "http.client.send"


@dataclass(frozen=True)
class Moment:
    """The `nth` time that `event` is heard, counted from the event `after` on.

    At `http.client.send`, `share` of what was to be sent is sent first. The head of a call and its body go separately,
    so the second one after the intent is the body of the create.
    """

    event: str
    after: str = ""
    nth: int = 1
    share: float = 0.0


@dataclass(frozen=True)
class Point:
    """One way for the processes of a cell to die: while sharing, or in the worker, once for each moment."""

    name: str
    web: Moment | None = None
    worker: tuple[Moment, ...] = ()
    wakes: bool = True  # Whether the broker takes the message that wakes a worker.


_SENT = Moment(SEND, INTENT, 2, 1.0)
POINTS = (
    Point("nowhere"),
    Point("shared, not committed", web=Moment("tickets.actions.share.stored")),
    Point("committed, nobody woken", web=Moment("tickets.actions.share.committed")),
    Point("broker down while sharing", wakes=False),
    Point("sweeping", worker=(Moment("tickets.delivery.push.due"),), wakes=False),
    Point("message received", worker=(Moment("tickets.tasks.received"),)),
    Point("claimed", worker=(Moment("tickets.delivery.push.claimed"),)),
    Point("token given, not stored", worker=(Moment("connector.access.client_factory.token_given"),)),
    Point("intent not stored", worker=(Moment("tickets.delivery.push.intending"),)),
    Point("intent stored", worker=(Moment(INTENT),)),
    Point("connecting", worker=(Moment("socket.connect", INTENT),)),
    Point("head sent", worker=(Moment(SEND, INTENT, 2),)),
    Point("half the body sent", worker=(Moment(SEND, INTENT, 2, 0.5),)),
    Point("sent, no answer", worker=(_SENT,)),
    Point("answered, not stored", worker=(Moment("tickets.delivery.push.answered"),)),
    Point("settled, not committed", worker=(Moment("tickets.delivery.result.told"),)),
    Point("settled, message not done", worker=(Moment("tickets.tasks.done"),)),
    Point("looked, not settled", worker=(_SENT, Moment("tickets.delivery.push.looked"))),
    Point("looked and settled, not committed",
          worker=(_SENT, Moment("tickets.delivery.result.told", "tickets.delivery.push.looked"))),
)  # fmt: skip


@dataclass
class Killer:
    """An audit hook that ends its process, once, at a moment. The marker tells that it did."""

    moment: Moment
    marker: Path
    heard: int = 0
    counting: bool = field(init=False)

    def __post_init__(self) -> None:
        self.counting = not self.moment.after

    def install(self) -> None:
        """Listen from now on; a hook stays for the life of its process."""
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == self.moment.after:
            self.counting = True
        if event != self.moment.event or not self.counting:
            return
        self.heard += 1
        if self.heard == self.moment.nth:
            self.counting = False
            if self.moment.share:
                connection, data = arguments
                connection.sock.sendall(data[: int(len(data) * self.moment.share)])
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
