"""The change between two days, taken apart by what made it. Pure.

Three measures are taken apart alike: points, maximum, percentage. The order is fixed, the old maximum first, for the
tenant as for each action: what changed in points counts at the old maximum, and what changed in the maximum counts at
the new points. So every part has its percentage, and all of them add up:

    after / new_maximum - before / old_maximum = points / old_maximum - maximum * after / (old_maximum * new_maximum)
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import starmap
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from scorecard.attribution.rounding import apportion, exact, rounded

# What somebody sets at Microsoft shows in the points after 24 hours to a week.
LAG = timedelta(days=7)
# Microsoft gives all points for these, as the organization says that it is protected in another way.
_GIVING = frozenset({"thirdparty", "alternatemitigation", "reviewed"})
# Microsoft rounds points to hundredths, so the same share of another maximum need not be quite the same.
_SAME = Fraction(1, 100)
_ZERO = Fraction(0)


class Kind(TextChoices):
    """What made a part of the change. The order is that of the pages."""

    GAINED = "gained", _("Gained by a change")
    STATUS = "status", _("Gained or lost by a status that somebody set")
    REGRESSED = "regressed", _("Regressed")
    ADDED = "added", _("Added by Microsoft")
    WITHDRAWN = "withdrawn", _("Withdrawn by Microsoft")
    MAXIMUM = "maximum", _("Maximum changed by Microsoft")
    MOVED = "moved", _("Moved to another category")
    UNEXPLAINED = "unexplained", _("Not explained by Microsoft Graph")


class ActionOnDay(NamedTuple):
    """What is known of an action on a day. A maximum of None is not known, and an empty word neither."""

    action_id: int
    control_id: str
    title: str
    score: float
    max_score: float | None
    category: str
    state: str
    state_since: datetime | None
    state_before: str
    profile_read_on: date | None


# Of two days of an action: its points, maximum and category.
_COMPARED = slice(3, 6)


@dataclass(frozen=True, slots=True)
class Day:
    """A day: Microsoft's own totals, and its actions by their primary keys.

    Where it `is_whole`, what is not among the actions was not scored; else it may be one that could not be read.
    """

    scored_on: date
    calculated_at: datetime
    points: float
    maximum: float
    actions: Mapping[int, ActionOnDay]
    is_whole: bool = True

    @property
    def percentage(self) -> Fraction | None:
        """Points achieved in per cent of the maximum, at most 100; None where that cannot be said."""
        maximum = exact(self.maximum)
        if maximum <= 0 or self.points < 0:
            return None
        return min(exact(self.points) / maximum, Fraction(1)) * 100


@dataclass(frozen=True, slots=True)
class Measures:
    """Points, the maximum, and percentage points; these are None where a day has no percentage."""

    points: Fraction
    maximum: Fraction
    percentage: Fraction | None

    def __bool__(self) -> bool:
        return bool(self.points or self.maximum or self.percentage)


@dataclass(frozen=True, slots=True)
class ActionPart:
    """What one action has to do with a part. It was not scored on the day where it is None."""

    before: ActionOnDay | None
    after: ActionOnDay | None
    change: Measures

    @property
    def action(self) -> ActionOnDay:
        """The action as it was last seen."""
        found = self.after or self.before
        assert found is not None  # noqa: S101  One of both days has it.
        return found


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the change, and its actions, what moved the score most first."""

    kind: Kind
    change: Measures
    actions: Sequence[ActionPart]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the score moved. All measures are in hundredths; those of the parts add up to those of `change`."""

    before: Day
    after: Day
    change: Measures
    parts: Sequence[Part]


class _Sum(NamedTuple):
    """Points and maximum before anything is rounded."""

    points: Fraction
    maximum: Fraction


class _Exact(NamedTuple):
    """A part of one action before anything is rounded."""

    before: ActionOnDay | None
    after: ActionOnDay | None
    points: Fraction
    maximum: Fraction


def explain(before: Day, after: Day) -> Explanation:
    """Take the change between two days apart. What no action explains is a part of its own, unless it is 0.

    Nothing can be said of actions where a day has none stored.
    """
    found: dict[Kind, list[_Exact]] = {kind: [] for kind in Kind}
    if before.actions and after.actions:
        for key in before.actions.keys() | after.actions.keys():
            old, new = before.actions.get(key), after.actions.get(key)
            # Most actions stay as they were, and exact numbers take their time.
            if old and new and old[_COMPARED] == new[_COMPARED]:
                continue
            if (old or before.is_whole) and (new or after.is_whole):
                for kind, points, maximum in _parts_of(old, new, before):
                    found[kind].append(_Exact(old, new, points, maximum))
    return _explanation(before, after, found)


def _parts_of(
    old: ActionOnDay | None, new: ActionOnDay | None, before: Day
) -> Iterator[tuple[Kind, Fraction, Fraction]]:
    """Yield the parts of one action, with points and maximum."""
    if new is None:
        if old is not None:
            yield Kind.WITHDRAWN, -exact(old.score), -exact(old.max_score or 0)
        return
    if old is None:
        yield Kind.ADDED, exact(new.score), exact(new.max_score or 0)
        return
    had, has = exact(old.score), exact(new.score)
    maximum = _ZERO
    if old.max_score is not None and new.max_score is not None:
        maximum = exact(new.max_score) - exact(old.max_score)
    at_old = _at_old_maximum(old, new) if maximum else has
    if at_old != had:
        yield _kind(old, new, before, is_gain=at_old > had), at_old - had, _ZERO
    if maximum:
        yield Kind.MAXIMUM, has - at_old, maximum
    if old.category and new.category and old.category.casefold() != new.category.casefold():
        yield Kind.MOVED, _ZERO, _ZERO


def _at_old_maximum(old: ActionOnDay, new: ActionOnDay) -> Fraction:
    """Return the points that the new day would have had with the old maximum."""
    had, has = exact(old.score), exact(new.score)
    if not old.max_score or not new.max_score:
        return had
    scaled = has * exact(old.max_score) / exact(new.max_score)
    return had if abs(scaled - had) <= _SAME else scaled


def _kind(old: ActionOnDay, new: ActionOnDay, before: Day, *, is_gain: bool) -> Kind:
    """Tell whether somebody's status made a change of points."""
    lately = before.calculated_at - LAG
    gives, gave = _gives(new.state), _gives(old.state)
    if is_gain:
        was_set = new.state_since > lately if new.state_since else not gave
        return Kind.STATUS if gives and was_set else Kind.GAINED
    still_gave = _gives(old.state_before) and old.state_since is not None and old.state_since > lately
    return Kind.STATUS if not gives and (gave or still_gave) else Kind.REGRESSED


def _gives(state: str) -> bool:
    return state.casefold() in _GIVING


def _explanation(before: Day, after: Day, found: Mapping[Kind, Sequence[_Exact]]) -> Explanation:
    first, last = before.percentage, after.percentage
    change = Measures(
        rounded(exact(after.points)) - rounded(exact(before.points)),
        rounded(exact(after.maximum)) - rounded(exact(before.maximum)),
        None if first is None or last is None else rounded(last) - rounded(first),
    )
    sums = {kind: _sum(parts) for kind, parts in found.items()}
    told = _sum(sums.values())
    # The last of all kinds is what is left.
    sums[Kind.UNEXPLAINED] = _Sum(
        exact(after.points) - exact(before.points) - told.points,
        exact(after.maximum) - exact(before.maximum) - told.maximum,
    )
    share = _share(before, after)
    shares = [share(part) for part in sums.values()] if share else []
    if first is not None and last is not None:
        # More than all points counts as all of them, so that percentages need not follow from points.
        shares[-1] = last - first - sum(shares[:-1])
    measures = _apportioned(list(sums.values()), shares, change)
    parts = [
        Part(kind, one, _actions(found[kind], one, share))
        for kind, one in zip(sums, measures, strict=True)
        if found[kind] or (kind == Kind.UNEXPLAINED and one)
    ]
    return Explanation(before, after, change, parts)


def _share(before: Day, after: Day) -> Callable[[_Sum], Fraction] | None:
    """Return what makes percentage points of points and maximum; None where a day has no percentage."""
    if before.percentage is None or after.percentage is None:
        return None
    first, second = exact(before.maximum), exact(after.maximum)
    loss = exact(after.points) / (first * second)
    return lambda part: 100 * (part.points / first - part.maximum * loss)


def _sum(parts: Iterable[_Sum | _Exact]) -> _Sum:
    points, maximum = _ZERO, _ZERO
    for part in parts:
        points += part.points
        maximum += part.maximum
    return _Sum(points, maximum)


def _apportioned(parts: Sequence[_Sum], shares: Sequence[Fraction], whole: Measures) -> list[Measures]:
    """Round parts so that each measure adds up to that of the whole. `shares` are their percentage points, if any."""
    points = apportion([part.points for part in parts], whole.points)
    maxima = apportion([part.maximum for part in parts], whole.maximum)
    if whole.percentage is None:
        return [Measures(*pair, None) for pair in zip(points, maxima, strict=True)]
    return list(starmap(Measures, zip(points, maxima, apportion(shares, whole.percentage), strict=True)))


def _actions(
    parts: Sequence[_Exact], whole: Measures, share: Callable[[_Sum], Fraction] | None
) -> list[ActionPart]:
    """Return the actions of a part, what moved the score most first."""
    sums = [_Sum(part.points, part.maximum) for part in parts]
    measures = _apportioned(sums, [share(one) for one in sums] if share else [], whole)
    found = [
        ActionPart(part.before, part.after, change) for part, change in zip(parts, measures, strict=True)
    ]
    return sorted(
        found,
        key=lambda one: (
            -abs(one.change.percentage or _ZERO),
            -abs(one.change.points),
            -abs(one.change.maximum),
            one.action.title,
            one.action.action_id,
        ),
    )
