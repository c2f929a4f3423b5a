"""Documents as Microsoft Graph sends them, or as somebody saved them, into plain rows. Pure.

Sources: Microsoft Graph documentation, resource types `secureScore`, `controlScore`,
`averageComparativeScore` and `secureScoreControlProfile`. All four are open types: properties that the
documentation does not know appear, numbers arrive as text, and words change their case. What is missing stays
missing and is never read as 0.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from scorecard.rounding import DECIMALS

TITLE_LENGTH = 500
ID_LENGTH = 200
WORD_LENGTH = 100
LEVELS = {"low": "low", "moderate": "moderate", "medium": "moderate", "high": "high"}


class DocumentError(Exception):
    """A document that cannot be used. The message says which, what is wrong with it, and what to do."""


@dataclass(frozen=True, slots=True)
class Document:
    """One page of an answer. `name` is what error messages call it: a file's name or Graph's collection."""

    name: str
    items: list[Mapping[str, Any]]
    next_link: str


@dataclass(frozen=True, slots=True)
class ControlRow:
    """The points of one control on one day. `score` and `percentage` are None where Microsoft gives none."""

    control_id: str
    category: str
    score: float | None
    percentage: float | None
    description: str
    implementation_status: str
    last_synced_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """The score of one day. Averages in `comparisons` are per cent, None where Microsoft has no data."""

    calculated_at: datetime
    current_score: float
    max_score: float
    active_users: int | None
    licensed_users: int | None
    comparisons: list[dict[str, Any]]
    controls: dict[str, ControlRow] = field(repr=False)

    @property
    def scored_on(self) -> date:
        """The day in UTC."""
        return self.calculated_at.date()


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """What Microsoft tells every tenant about one control. `remediation` and its impact are HTML."""

    control_id: str
    title: str
    category: str
    product: str
    max_score: float | None
    rank: int | None
    tier: str
    user_impact: str
    implementation_cost: str
    threats: list[str]
    remediation: str
    remediation_impact: str
    action_url: str
    action_type: str
    deprecated: bool


def parse(text: str | bytes, name: str) -> Document:
    """Read a saved answer. Raises `DocumentError` where the text is not a whole one."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = (
            f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise DocumentError(
            f"{name} is not valid JSON{where}; perhaps it was cut off. "
            "Save the whole answer of Microsoft Graph again."
        ) from None
    return document(content, name)


def document(content: object, name: str) -> Document:
    """Check the outer shape of an answer. Raises `DocumentError`."""
    values = content.get("value") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(values, list):
        raise DocumentError(
            f'{name} has no list named "value". '
            "Save the answer of Microsoft Graph as it came, from the first to the last character."
        )
    if not all(isinstance(item, dict) for item in values):
        raise DocumentError(f'{name}: the list "value" holds something other than objects.')
    return Document(name, values, str(content.get("@odata.nextLink") or ""))


def read_scores(documents: Iterable[Document]) -> list[ScoreRow]:
    """Return one row a day, the oldest first. Of two answers for one day the one calculated later counts.

    Raises `DocumentError` also where there is no day at all, since nothing could be shown.
    """
    days: dict[date, ScoreRow] = {}
    documents = list(documents)
    _check_pages(documents)
    for page in documents:
        for item in page.items:
            row = _score(item, page.name)
            if row.scored_on not in days or days[row.scored_on].calculated_at <= row.calculated_at:
                days[row.scored_on] = row
    if not days:
        names = ", ".join(page.name for page in documents) or "The answer"
        raise DocumentError(f"{names} holds no score. A new tenant gets its first one within a day or two.")
    return [days[day] for day in sorted(days)]


def read_profiles(documents: Iterable[Document]) -> list[ProfileRow]:
    """Return one row a control, in order of control ID. Raises `DocumentError`."""
    documents = list(documents)
    _check_pages(documents)
    rows = (_profile(item, page.name) for page in documents for item in page.items)
    found = {row.control_id: row for row in rows}
    return [found[control_id] for control_id in sorted(found)]


def is_incomplete(documents: Iterable[Document]) -> bool:
    """Whether a page is missing for certain: all but one page of a collection name a next one."""
    return all(page.next_link for page in documents)


def _check_pages(documents: list[Document]) -> None:
    seen: dict[str, str] = {}
    for page in documents:
        if page.next_link and page.next_link in seen:
            raise DocumentError(
                f"{page.name} and {seen[page.next_link]} name the same next page (@odata.nextLink). "
                "One page was saved twice: give every page once."
            )
        seen[page.next_link] = page.name


def _score(item: Mapping[str, Any], name: str) -> ScoreRow:
    if "controlScores" not in item:
        if "maxScore" in item and "title" in item:
            raise DocumentError(f"{name} holds control profiles, not scores. Give it with --profiles.")
        raise DocumentError(f"{name} holds no Secure Scores: an entry has no controlScores.")
    calculated_at = _moment(item.get("createdDateTime"))
    current, highest = _points(item.get("currentScore")), _points(item.get("maxScore"))
    if calculated_at is None or current is None or highest is None:
        raise DocumentError(
            f"{name}: the score {_text(item.get('id'), ID_LENGTH) or 'without id'} lacks createdDateTime, "
            "currentScore or maxScore. Get it from Microsoft Graph again."
        )
    controls = [_control(each, name) for each in _objects(item["controlScores"])]
    return ScoreRow(
        calculated_at=calculated_at,
        current_score=current,
        max_score=highest,
        active_users=_whole(item.get("activeUserCount")),
        licensed_users=_whole(item.get("licensedUserCount")),
        comparisons=[_comparison(each) for each in _objects(item.get("averageComparativeScores"))],
        controls={control.control_id: control for control in controls},
    )


def _control(item: Mapping[str, Any], name: str) -> ControlRow:
    return ControlRow(
        control_id=_control_id(item.get("controlName"), name, "controlName"),
        category=_text(item.get("controlCategory"), WORD_LENGTH),
        score=_points(item.get("score")),
        percentage=_number(item.get("scoreInPercentage")),
        description=_text(item.get("description")),
        implementation_status=_text(item.get("implementationStatus")),
        last_synced_at=_moment(item.get("lastSynced")),
    )


def _profile(item: Mapping[str, Any], name: str) -> ProfileRow:
    if "controlScores" in item:
        raise DocumentError(f"{name} holds scores, not control profiles. Give it with --scores.")
    if "title" not in item or "id" not in item:
        raise DocumentError(f"{name} holds no control profiles: an entry has no id or no title.")
    control_id = _control_id(item["id"], name, "id")
    threats = item.get("threats")
    return ProfileRow(
        control_id=control_id,
        title=_text(item["title"], TITLE_LENGTH) or control_id,
        category=_text(item.get("controlCategory"), WORD_LENGTH),
        product=_text(item.get("service"), WORD_LENGTH),
        max_score=_points(item.get("maxScore")),
        rank=_whole(item.get("rank")),
        tier=_text(item.get("tier"), WORD_LENGTH),
        user_impact=_level(item.get("userImpact")),
        implementation_cost=_level(item.get("implementationCost")),
        threats=[_text(threat, WORD_LENGTH) for threat in threats] if isinstance(threats, list) else [],
        remediation=_text(item.get("remediation")),
        remediation_impact=_text(item.get("remediationImpact")),
        action_url=_text(item.get("actionUrl")),
        action_type=_text(item.get("actionType"), WORD_LENGTH),
        deprecated=item.get("deprecated") is True or _text(item.get("deprecated")).lower() == "true",
    )


def _comparison(item: Mapping[str, Any]) -> dict[str, Any]:
    average = _number(item.get("averageScore"))
    return {
        "basis": _text(item.get("basis"), WORD_LENGTH),
        # Microsoft writes -1 where it has too few tenants to compare with.
        "average": average if average is not None and average >= 0 else None,
        "seats_from": _whole(item.get("SeatSizeRangeLowerValue")),
        "seats_to": _whole(item.get("SeatSizeRangeUpperValue")),
    }


def _control_id(value: object, name: str, key: str) -> str:
    control_id = _text(value)
    if not control_id or len(control_id) > ID_LENGTH:
        raise DocumentError(f"{name}: an entry has no usable {key}. Get it from Microsoft Graph again.")
    return control_id


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object, length: int | None = None) -> str:
    if not isinstance(value, str):
        return ""
    # PostgreSQL stores no NUL and no lone surrogate; both can be written in JSON.
    storable = value.replace("\x00", "").encode("utf-8", "replace").decode()
    return storable.strip()[:length]


def _level(value: object) -> str:
    return LEVELS.get(_text(value).lower(), "")


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _points(value: object) -> float | None:
    number = _number(value)
    return None if number is None else round(number, DECIMALS)


def _whole(value: object) -> int | None:
    number = _number(value)
    # The range of a 32-bit column, which is also Graph's Int32.
    return int(number) if number is not None and abs(number) < 2**31 else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_text(value))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
