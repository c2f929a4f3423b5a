"""Whether a row that says "never sent" can be believed. Once a backup was restored it cannot.

A backup brings rows back as they were: what was delivered after it was taken waits again, without a trace of it. So
only what was asked for a moment ago, while this process was running, is sent without a look
(docs/decisions/0007-after-a-restore.md).
"""

from datetime import datetime, timedelta

from django.utils import timezone

from tickets.models.outbound_job import OutboundJob

STARTED_AT = timezone.now()
FRESH_FOR = timedelta(minutes=10)


def is_of_this_process(created_at: datetime) -> bool:
    """Whether no backup that holds this row was restored as docs/operations.md says, by a stop and a start."""
    return created_at >= STARTED_AT


def is_fresh(created_at: datetime, now: datetime) -> bool:
    """Whether no backup that holds this row can have been restored since."""
    return is_of_this_process(created_at) and now - created_at < FRESH_FOR


def may_be_there(job: OutboundJob, now: datetime) -> bool:
    """Whether something may have been sent for a job, whatever its row says, so that it is looked for first."""
    return job.was_sent or not is_fresh(job.created_at, now)
