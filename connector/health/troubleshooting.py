"""Which known failures fit the state of the connection, and which only might happen one day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from connector.health.error_help import AUTHORIZING, EXPLANATIONS, REACHING, Explanation, groups
from connector.health.problems import Problem
from connector.models import Connection

# What somebody sees whose address ServiceNow filters (product documentation, "IP address access control").
_FILTERED = frozenset({"unreachable", "forbidden", "login_page"})
Group = tuple[Promise, list[Explanation]]


@dataclass(frozen=True)
class Troubleshooting:
    """`now` fits the state, `likely` is the group of what somebody is about (None where the connection is in use),
    `rest` everything else.
    """

    now: list[Explanation]
    likely: Group | None
    rest: list[Group]
    is_set_up: bool
    may_be_filtered: bool


def in_use(connection: Connection, found: Sequence[Problem]) -> Troubleshooting:
    """For the page of a connection; `found` is what is wrong with it."""
    known = {*found, connection.instance.last_error}
    shown = (
        Problem.NEEDS_REAUTHORIZATION,
        connection.instance.last_error,
        Problem.RATE_LIMITED,
        Problem.BREAKER,
    )
    codes = [code for code in shown if code in known]
    return _sorted(codes, None, is_set_up=True)


def setting_up(draft: Connection | None, current: Connection | None, problem: str) -> Troubleshooting:
    """For the set-up; `problem` is the code of what went wrong just now, or empty."""
    if current and not draft:
        return _sorted([problem, current.instance.last_error], None, is_set_up=True)
    return _sorted([problem], AUTHORIZING if draft else REACHING, is_set_up=False)


def _sorted(codes: Iterable[str], about: Promise | None, *, is_set_up: bool) -> Troubleshooting:
    known = dict.fromkeys(code for code in codes if code in EXPLANATIONS)
    now = [EXPLANATIONS[code] for code in known]
    others = [(title, [one for one in entries if one not in now]) for title, entries in groups()]
    return Troubleshooting(
        now=now,
        likely=next((group for group in others if group[0] is about), None),
        rest=[group for group in others if group[0] is not about],
        is_set_up=is_set_up,
        may_be_filtered=about is REACHING or bool(_FILTERED & known.keys()),
    )
