"""How a try ended, and when the next one may be. Pure."""

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import pgettext_lazy


class AttemptResult(models.TextChoices):
    """How one try at delivering a ticket ended."""

    DELIVERED = "delivered", pgettext_lazy("ending", "Created in ServiceNow")
    ADOPTED = "adopted", pgettext_lazy("ending", "Found in ServiceNow: an earlier attempt had arrived")
    CONFLICT = "conflict", pgettext_lazy("ending", "Found twice in ServiceNow")
    NOT_FOUND_YET = (
        "not_found_yet",
        pgettext_lazy("ending", "Not found yet; an earlier attempt may still arrive"),
    )
    COUNTS_ANEW = (
        "counts_anew",
        pgettext_lazy(
            "ending",
            "Not found yet; Scoredesk was started or its clock was set, so the wait for an earlier attempt counts anew",
        ),
    )
    OUTCOME_UNKNOWN = "outcome_unknown", pgettext_lazy("ending", "No answer that can be trusted")
    UNMATCHED_RECORD = (
        "unmatched_record",
        pgettext_lazy("ending", "ServiceNow answered with a record that does not carry our key"),
    )
    UNVERIFIABLE = (
        "unverifiable",
        pgettext_lazy("ending", "No answer came, and no look-up would find a record that was made"),
    )
    OTHER_KIND = (
        "other_kind",
        pgettext_lazy("ending", "ServiceNow holds a record of the other type that carries this ticket's key"),
    )
    REFUSED = "refused", pgettext_lazy("ending", "Refused by ServiceNow")
    DOUBTED = (
        "doubted",
        pgettext_lazy("ending", "Probably refused: the answer said so, and no record was found since"),
    )
    UNPROVEN = (
        "unproven",
        pgettext_lazy("ending", "Not sent: the standard change template has to be tried again first"),
    )
    KEYLESS = (
        "keyless",
        pgettext_lazy("ending", "Not sent: ServiceNow keeps none of the keys by which records are found"),
    )
    RATE_LIMITED = "rate_limited", pgettext_lazy("ending", "ServiceNow asked to wait")
    UNREACHABLE = "unreachable", pgettext_lazy("ending", "ServiceNow could not be reached")
    BUDGET = "budget", pgettext_lazy("ending", "This hour's calls to ServiceNow are used up")
    PAUSED = "paused", pgettext_lazy("ending", "The connection needs attention")
    LATE = "late", pgettext_lazy("ending", "Stopped before sending: too much time had passed")
    LOST_CLAIM = "lost_claim", pgettext_lazy("ending", "Another worker had taken over")


# Only what concerns the ticket itself counts; a sleeping instance or a rate limit would wear every ticket out.
SPENDS_AN_ATTEMPT = frozenset({AttemptResult.OUTCOME_UNKNOWN})
# Trying again would change nothing, or create another record that could never be found.
ASKS_A_PERSON = frozenset(
    {
        AttemptResult.REFUSED,
        AttemptResult.DOUBTED,
        AttemptResult.UNMATCHED_RECORD,
        AttemptResult.UNVERIFIABLE,
        AttemptResult.OTHER_KIND,
        AttemptResult.UNPROVEN,
    }
)
# What these may have made carries no key of ours: sending again could make a second one that nobody would notice.
CARRIES_NO_KEY = frozenset({AttemptResult.UNMATCHED_RECORD, AttemptResult.UNVERIFIABLE})
# Here ServiceNow has named a record.
KNOWN_TO_EXIST = frozenset({AttemptResult.UNMATCHED_RECORD, AttemptResult.OTHER_KIND})
# The waits between eleven tries, about three days in all.
BACKOFF = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=20),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
    timedelta(hours=24),
    timedelta(hours=24),
)
OUTAGE_PAUSE = timedelta(seconds=5)
RATE_LIMIT_PAUSE = timedelta(seconds=60)
LONGEST_RATE_LIMIT = timedelta(hours=1)


def next_attempt_at(
    result: AttemptResult,
    *,
    attempts: int,
    now: datetime,
    jitter: float,
    retry_after: timedelta | None = None,
) -> datetime | None:
    """Say when to try again, or None when a person must look.

    `attempts` includes the one that just ended; `jitter` is a random number in [0, 1) that spreads what failed
    together. ServiceNow counts calls per hour, so no wait that it asks for is obeyed beyond one.
    """
    if result in ASKS_A_PERSON:
        return None
    if result == AttemptResult.RATE_LIMITED:
        return now + min(retry_after or RATE_LIMIT_PAUSE, LONGEST_RATE_LIMIT) * (1 + jitter / 10)
    if result not in SPENDS_AN_ATTEMPT:
        return now + OUTAGE_PAUSE * (1 + jitter)
    if attempts > len(BACKOFF):
        return None
    return now + BACKOFF[max(attempts - 1, 0)] * (0.5 + jitter)
