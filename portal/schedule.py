"""What happens by itself, and how often. Celery's beat reads it from the settings."""

from datetime import timedelta
from typing import Any

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


def schedule(delta: float, sweep: float) -> dict[str, dict[str, Any]]:
    """Return the schedule. Every `delta` seconds ServiceNow is asked what changed, every `sweep` seconds for all."""
    return {
        "push what is due": _every(3, "tickets.tasks.push_due"),
        "send comments": _every(5, "tickets.tasks.send_comments"),
        "follow changes": _every(delta, "tickets.tasks.poll_delta"),
        "look at every open ticket": _every(sweep, "tickets.tasks.poll_sweep"),
        "read missed notes": _every(sweep, "tickets.tasks.read_missed_notes"),
        "notice completed actions": _every(sweep, "tickets.tasks.notice_points"),
        "release what was abandoned": _every(5 * _MINUTE, "tickets.tasks.release_abandoned"),
        "fix what was left": _every(5 * _MINUTE, "tickets.tasks.fix_left_findings"),
        "read the names of new states": _every(5 * _MINUTE, "tickets.tasks.learn_new_state_names"),
        "read the names of states": _every(_DAY, "tickets.tasks.learn_state_names"),
        "read Secure Score": _every(6 * _HOUR, "scorecard.tasks.import_from_graph"),
        "forget old scores": _every(_DAY, "scorecard.tasks.forget_old_scores"),
        "check the connection": _every(_DAY, "connector.tasks.look_after_connection"),
        "forget sessions": _every(_DAY, "accounts.tasks.forget_sessions"),
    }


def _every(seconds: float, task: str) -> dict[str, Any]:
    """What is not taken before the same is due again expires, so that messages do not pile up."""
    return {"task": task, "schedule": timedelta(seconds=seconds), "options": {"expires": seconds}}
