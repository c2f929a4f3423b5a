"""Rate limits, as the rules in `sys_rate_limit_rules` set them; out of the box there is none.

Source: ServiceNow documentation, "Inbound REST API rate limiting": requests count per user and hour; a rule for the
user comes before rules for roles (of which the lowest counts), those before rules for all; a node writes its counts
down every 30 s, and only what is written down is held against the limit.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import wraps
from typing import Any

from werkzeug import Response

from sandbox.servicenow import refusals
from sandbox.servicenow.accounts import authenticate
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.meter import Window
from sandbox.servicenow.store import Row

TABLE = "sys_rate_limit_rules"
HOUR = timedelta(hours=1)
Handler = Callable[..., Response]


def limited(api: str) -> Callable[[Handler], Handler]:
    """Hold the calls of an API against the rules; `api` is its name as refusals print it."""

    def counting(call: Handler) -> Handler:
        @wraps(call)
        def counted(instance: Instance, request: Incoming, **arguments: Any) -> Response:
            if not instance.store.find(TABLE, active="true"):
                return call(instance, request, **arguments)
            headers = _spend(instance, authenticate(instance, request), api)
            try:
                answer = call(instance, request, **arguments)
            except refusals.Refusal as refusal:
                refusal.headers |= headers
                raise
            answer.headers.extend(headers)
            return answer

        return counted

    return counting


def _spend(instance: Instance, user: Row, api: str) -> dict[str, str]:
    """Count a request; the headers that tell of the rule it falls under, if any.

    Raises:
        Refusal: the rule's limit was reached.
    """
    rule = _rule_for(user, api, instance.store.find(TABLE, active="true"))
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
