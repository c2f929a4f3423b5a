"""Rate limits, as the rules in `sys_rate_limit_rules` set them; out of the box there is none.

Source: ServiceNow documentation, "Inbound REST API rate limiting": requests count per user and hour; a rule for the
user comes before rules for roles (of which the lowest counts), those before rules for all; a node writes its counts
down every 30 s, and only what is written down is held against the limit.
"""

from collections.abc import Iterable
from datetime import timedelta

from sandbox.servicenow import refusals
from sandbox.servicenow.accounts import authenticate
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.meter import Window
from sandbox.servicenow.store import Row

TABLE = "sys_rate_limit_rules"
HOUR = timedelta(hours=1)


def spend(instance: Instance, request: Incoming, api: str) -> dict[str, str]:
    """Count a call of an API; the headers that tell of the rule it falls under, if any.

    Raises:
        Refusal: the rule's limit was reached, or nobody knows who calls.
    """
    rules = instance.store.find(TABLE, active="true")
    if not rules:
        return {}
    user = authenticate(instance, request)
    rule = _rule_for(user, api, rules)
    if rule is None:
        return {}
    now, limit = instance.now(), int(rule["requests_per_hour"] or 0)
    begins_at = now.replace(minute=0, second=0, microsecond=0)
    every = timedelta(seconds=instance.switches.rate_limit_commit_seconds)
    spent = instance.meter.spend(Window(rule["sys_id"], user["sys_id"], begins_at), now, every)
    headers = {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Reset": str(int((begins_at + HOUR).timestamp())),
        "X-RateLimit-Rule": rule["sys_id"],
    }
    if spent >= limit:
        wait = max(1, round((begins_at + HOUR - now).total_seconds()))
        raise refusals.rate_limited(limit, api, {"Retry-After": str(wait), **headers})
    return headers


def _rule_for(user: Row, api: str, rules: Iterable[Row]) -> Row | None:
    fitting = [rule for rule in rules if rule["rest_api"] in ("", api)]
    roles = user["roles"].split(",")
    for_user = [rule for rule in fitting if rule["user"] == user["sys_id"]]
    for_role = [rule for rule in fitting if not rule["user"] and rule["role"] and rule["role"] in roles]
    for_all = [rule for rule in fitting if not rule["user"] and not rule["role"]]
    candidates = for_user or for_role or for_all
    return min(candidates, key=lambda rule: int(rule["requests_per_hour"] or 0), default=None)
