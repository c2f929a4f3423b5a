"""What happens by itself, and how often. Celery's beat reads it from the settings."""

from datetime import timedelta
from typing import Any


def schedule(delta: float, sweep: float) -> dict[str, dict[str, Any]]:
    """Return the schedule. `delta` and `sweep` are how often to ask ServiceNow what changed, and for all, in seconds.

    What is not taken before the same is due again expires, so that messages do not pile up.
    """
    return {
        "push what is due": {
            "task": "tickets.tasks.push_due",
            "schedule": timedelta(seconds=3),
            "options": {"expires": 3},
        },
        "send comments": {
            "task": "tickets.tasks.send_comments",
            "schedule": timedelta(seconds=5),
            "options": {"expires": 5},
        },
        "follow changes": {
            "task": "tickets.tasks.poll_delta",
            "schedule": timedelta(seconds=delta),
            "options": {"expires": delta},
        },
        "look at every open ticket": {
            "task": "tickets.tasks.poll_sweep",
            "schedule": timedelta(seconds=sweep),
            "options": {"expires": sweep},
        },
        "forget sessions": {"task": "accounts.tasks.forget_sessions", "schedule": timedelta(hours=24)},
        "notice completed actions": {
            "task": "tickets.tasks.notice_points",
            "schedule": timedelta(seconds=sweep),
            "options": {"expires": sweep},
        },
        "check the connection": {
            "task": "connector.tasks.look_after_connection",
            "schedule": timedelta(days=1),
            "options": {"expires": 3600},
        },
        "mend what was left": {
            "task": "tickets.tasks.mend_left_findings",
            "schedule": timedelta(minutes=5),
            "options": {"expires": 300},
        },
        "read the names of states": {
            "task": "tickets.tasks.learn_state_names",
            "schedule": timedelta(days=1),
        },
        "read the names of new states": {
            "task": "tickets.tasks.learn_new_state_names",
            "schedule": timedelta(minutes=5),
            "options": {"expires": 300},
        },
        "read Secure Score": {"task": "scorecard.tasks.import_from_graph", "schedule": timedelta(hours=6)},
    }
