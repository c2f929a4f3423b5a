"""What ServiceNow may do with the create, and what must have become of the ticket at the end."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from tests.sandbox_process import SandboxProcess

# Seconds at pace 1, which is as quick as an idle machine keeps up with. A slower pace stretches them all, and with them
# the room between what must happen first and what may happen only then.
TIMEOUT, LATE, QUARANTINE = 1.0, 9.0, 18.0
# By so many seconds the clock is set ahead.
CLOCK_STEP = 4 * QUARANTINE
FOREVER = 1_000_000


class Keys(StrEnum):
    """Which of our two keys an instance keeps with a record. Most cells have the one fence only."""

    CORRELATION_ID = "keeps the correlation id"
    BOTH = "keeps both keys"
    NEITHER = "keeps neither key"

    def set(self, sandbox: SandboxProcess) -> None:
        """Let the sandbox do so."""
        unwritable = "correlation_id" if self == Keys.NEITHER else ""
        sandbox.settings(honour_sys_id=self == Keys.BOTH, unwritable_fields=unwritable)


@dataclass(frozen=True)
class Outcome:
    """A fault of the sandbox for the first create of a ticket, or for every one where ServiceNow refuses it.

    `seconds` are those of pace 1. `hidden` says by how much longer than the quarantine the record is left out of what
    is read. `clock_steps` has the worker's clock set ahead once the create is on its way.
    """

    name: str
    fault: str = ""
    seconds: float | None = None
    refused: bool = False
    hidden: float | None = None
    keys: Keys = Keys.CORRELATION_ID
    clock_steps: bool = False

    def arm(self, sandbox: SandboxProcess, key: UUID, pace: float, route: str, method: str = "POST") -> None:
        """Have the coming call that holds this key end so; `route` is the API that it goes to."""
        if self.fault:
            times = FOREVER if self.refused else 1
            seconds = self.seconds and self.seconds * pace
            sandbox.fault(self.fault, route, method, times=times, about=str(key), seconds=seconds)
        if self.hidden is not None:
            lag = QUARANTINE * pace + self.hidden
            sandbox.fault("read_lag", method="GET", times=FOREVER, about=str(key), seconds=lag)


OUTCOMES = (
    Outcome("created"),
    Outcome("created slowly", "latency", TIMEOUT / 2),
    Outcome("created after the time-out", "latency", TIMEOUT * 3),
    Outcome("created inside the time-out, no answer", "late_commit", TIMEOUT / 2),
    Outcome("created long after the time-out", "late_commit", LATE),
    Outcome("answer lost", "lose_answer"),
    Outcome("answer cut off", "cut_off"),
    Outcome("answer half, framed as whole", "truncated"),
    Outcome("created, then 500", "commit_then_500"),
    Outcome("created, then 403 in HTML", "refused_by_a_proxy"),
    Outcome("created, then 401 in HTML", "unauthorized_by_a_proxy"),
    Outcome("created, then 429 in HTML", "limited_by_a_proxy"),
    Outcome("created, then canceled in JSON", "cancelled"),
    Outcome("403 in HTML", "blocked_by_a_proxy", refused=True),
    Outcome("repeated by a proxy", "repeated", keys=Keys.BOTH),
    Outcome("answer lost, hidden nearly as long as the quarantine", "lose_answer", hidden=-2),
    Outcome("answer lost, hidden from the first look after the quarantine", "lose_answer", hidden=3),
    Outcome("created long after the time-out, clock ahead", "late_commit", LATE, clock_steps=True),
    Outcome("created without a key", keys=Keys.NEITHER),
    Outcome("created without a key, answer lost", "lose_answer", keys=Keys.NEITHER),
    Outcome("500", "server_error"),
    Outcome("502 in HTML", "bad_gateway_html"),
    Outcome("reset", "reset"),
    Outcome("202 and dropped", "accepted_202"),
    Outcome("hibernating", "hibernating"),
    Outcome("sign-in page", "login_page"),
    Outcome("429 with a wait", "rate_limit", 1),
    Outcome("429 bare", "rate_limit_bare"),
    Outcome("401 once", "unauthorized"),
    Outcome("refused: access rule", "forbidden", refused=True),
    Outcome("refused: business rule", "business_rule_abort", refused=True),
    Outcome("refused: data policy", "data_policy", refused=True),
)
