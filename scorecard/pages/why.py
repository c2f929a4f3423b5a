"""The page that says why the score moved between two days: its parts, drawn and in a table, and their actions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_safe

from accounts.access import permission_required
from scorecard.attribution.parts import ActionOnDay, ActionPart, Day, Explanation, Kind, Part, explain
from scorecard.models import ScoreDay
from scorecard.models.choices import Category, Status
from scorecard.pages.cell_words import NOTHING
from scorecard.pages.day_actions import with_actions
from scorecard.pages.import_status import import_status
from scorecard.pages.moves import address
from scorecard.pages.signed import signed
from scorecard.pages.waterfall import Bar, waterfall

# In days, back from the later day.
SPANS = (1, 7, 30, 90)
USUAL = timedelta(days=30)
# Profiles are read every six hours: a reading later than this is of another time.
SOON = timedelta(days=1)
_DATE_LENGTH = len("2026-11-20")

HELP = {
    Kind.GAINED: gettext_lazy("Settings were changed in your tenant, or more users or devices are covered."),
    Kind.STATUS: gettext_lazy(
        "Somebody set a status at Microsoft that says that it is resolved in another way, or took it back."
    ),
    Kind.REGRESSED: gettext_lazy("Settings were changed back, or fewer users or devices are covered."),
    Kind.ADDED: gettext_lazy(
        "Microsoft scores these now. Those without points lower the percentage, since the maximum grows."
    ),
    Kind.WITHDRAWN: gettext_lazy("Microsoft no longer scores these."),
    Kind.MAXIMUM: gettext_lazy("Microsoft gives other points for these, for the same state of your tenant."),
    Kind.MOVED: gettext_lazy("This moves points between categories and changes no total."),
    Kind.UNEXPLAINED: gettext_lazy(
        "Microsoft's total changed by this, but none of the improvement actions that it lists did."
    ),
}
# What Microsoft Graph calls a state, and what its pages and ours call it.
_STATES = {
    "default": Status.TO_ADDRESS,
    "ignored": Status.RISK_ACCEPTED,
    "thirdparty": Status.THIRD_PARTY,
    "alternatemitigation": Status.ALTERNATE_MITIGATION,
}


@dataclass(frozen=True, slots=True)
class ChangeWords:
    """A change in all three measures."""

    percentage: str
    points: str
    maximum: str


@dataclass(frozen=True, slots=True)
class ActionWords:
    """One action of a part, and how it stood on both days."""

    title: str
    url: str
    change: ChangeWords
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PartWords:
    """One part of the change."""

    kind: str
    label: str
    help: str
    change: ChangeWords
    bar: Bar
    actions: list[ActionWords]


@dataclass(frozen=True, slots=True)
class DayWords:
    """One of both days. `dot` is its place in the drawing."""

    day: str
    totals: ChangeWords
    dot: str


@permission_required("scorecard.view_improvementaction")
@require_safe
def why(request: HttpRequest) -> HttpResponse:
    """Why the score moved between two days, which the address may name."""
    bounds = ScoreDay.objects.aggregate(first=Min("scored_on"), last=Max("scored_on"))
    if not bounds["last"]:
        return render(
            request, "scorecard/why.html", {"status": import_status(request.user, None, timezone.now())}
        )
    asked, problem = _asked(request, bounds["last"])
    before, after = (_day(on, bounds["first"]) for on in asked)
    days = with_actions([before, after])
    explanation = explain(days[before.scored_on], days[after.scored_on])
    context = {
        "problem": problem,
        "from": asked[0].isoformat(),
        "to": asked[1].isoformat(),
        "first": bounds["first"].isoformat(),
        "last": bounds["last"].isoformat(),
        "spans": _spans(asked[0], asked[1]),
        "remarks": list(_remarks(asked, (before, after), explanation)),
        **_words(explanation),
    }
    return render(request, "scorecard/why.html", context)


def _asked(request: HttpRequest, newest: date) -> tuple[tuple[date, date], str]:
    """Return the days that the address asks for, the earlier first, and what is wrong with it, if anything."""
    texts = [request.GET.get(name, "") for name in ("from", "to")]
    first, last = map(_read, texts)
    problem = any(text and found is None for text, found in zip(texts, (first, last), strict=True))
    last = last or newest
    first = first or last - min(USUAL, last - date.min)
    words = gettext(
        "A date in the address cannot be read. Choose both dates below, or write them as 2026-11-20."
    )
    return (min(first, last), max(first, last)), words if problem else ""


def _read(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == _DATE_LENGTH else None
    except ValueError:
        return None


def _day(on: date, first: date) -> ScoreDay:
    """Return the newest day with a score up to this one, or the first that there is."""
    return ScoreDay.objects.filter(scored_on__lte=max(on, first)).latest()


def _spans(first: date, last: date) -> list[dict[str, object]]:
    return [
        {
            "words": ngettext("%(days)s day", "%(days)s days", days) % {"days": days},
            "url": address(last - timedelta(days=days), last),
            "is_current": last - first == timedelta(days=days),
        }
        for days in SPANS
        if (last - date.min).days >= days
    ]


def _remarks(asked: Sequence[date], days: Sequence[ScoreDay], explanation: Explanation) -> Iterator[str]:
    """Say what the reader might take for granted and is not so."""
    for on, day in zip(asked, days, strict=True):
        if on != day.scored_on:
            yield gettext("There is no score of %(asked)s; that of %(day)s is used.") % {
                "asked": _date(on),
                "day": _date(day.scored_on),
            }
    for day in days:
        if day.unread_controls:
            yield ngettext(
                "%(count)s improvement action of %(day)s could not be read.",
                "%(count)s improvement actions of %(day)s could not be read.",
                day.unread_controls,
            ) % {"count": day.unread_controls, "day": _date(day.scored_on)}
    for told in (explanation.before, explanation.after):
        if not told.actions:
            yield gettext(
                "Of %(day)s only the total is stored, so nothing can be said of improvement actions."
            ) % {"day": _date(told.scored_on)}
        elif late := _read_late(told):
            yield gettext(
                "The maxima of improvement actions on %(day)s are those of %(read)s, when they were read first: "
                "Microsoft keeps no history of them."
            ) % {"day": _date(told.scored_on), "read": _date(late)}


def _read_late(day: Day) -> date | None:
    """Return on which day the profiles of this one were read, where that was long after."""
    read = max((one.profile_read_on for one in day.actions.values() if one.profile_read_on), default=None)
    return read if read and read - day.scored_on > SOON else None


def _words(explanation: Explanation) -> dict[str, object]:
    before, after, parts = explanation.before, explanation.after, explanation.parts
    has_percentages = explanation.change.percentage is not None
    start = before.percentage if has_percentages else Fraction(before.points)
    changes = [part.change.percentage if has_percentages else part.change.points for part in parts]
    drawing = waterfall(float(start or 0), [float(change or 0) for change in changes])
    return {
        "before": DayWords(_date(before.scored_on), _totals(before), drawing.first),
        "after": DayWords(_date(after.scored_on), _totals(after), drawing.last),
        "change": _change(
            explanation.change.percentage, explanation.change.points, explanation.change.maximum
        ),
        "parts": [_part(part, bar) for part, bar in zip(parts, drawing.bars, strict=True)],
        "trend": reverse("scorecard:overview"),
    }


def _part(part: Part, bar: Bar) -> PartWords:
    return PartWords(
        kind=part.kind,
        label=str(part.kind.label),
        help=str(HELP[part.kind]),
        change=_change(part.change.percentage, part.change.points, part.change.maximum),
        bar=bar,
        actions=[_action(one, part.kind) for one in part.actions],
    )


def _action(one: ActionPart, kind: Kind) -> ActionWords:
    words = {Kind.MOVED: _category, Kind.STATUS: _with_state}.get(kind, _points)
    return ActionWords(
        title=one.action.title,
        url=reverse("scorecard:action", args=[one.action.control_id]),
        change=_change(one.change.percentage, one.change.points, one.change.maximum),
        before=words(one.before),
        after=words(one.after),
    )


def _change(percentage: Fraction | None, points: Fraction, maximum: Fraction) -> ChangeWords:
    return ChangeWords(
        NOTHING if percentage is None else signed(float(percentage), "2"),
        signed(float(points), "-2"),
        signed(float(maximum), "-2"),
    )


def _totals(day: Day) -> ChangeWords:
    percentage = gettext("%(percentage)s%%") % {"percentage": floatformat(float(day.percentage or 0), 2)}
    return ChangeWords(
        NOTHING if day.percentage is None else percentage,
        str(floatformat(day.points, "-2")),
        str(floatformat(day.maximum, "-2")),
    )


def _points(action: ActionOnDay | None) -> str:
    if action is None:
        return pgettext("on a day", "Not scored")
    score = floatformat(action.score, "-2")
    if action.max_score is None:
        return gettext("%(score)s, maximum unknown") % {"score": score}
    return f"{score}/{floatformat(action.max_score, '-2')}"


def _with_state(action: ActionOnDay | None) -> str:
    if action is None or not action.state:
        return _points(action)
    known = _STATES.get(action.state.casefold())
    return f"{_points(action)} ({known.label if known else action.state})"


def _category(action: ActionOnDay | None) -> str:
    if action is None:
        return NOTHING
    return str(Category(action.category).label) if action.category in Category.values else action.category


def _date(on: date) -> str:
    return date_format(on, "SHORT_DATE_FORMAT")
