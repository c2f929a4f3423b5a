"""Documents as Microsoft Graph sends them, or as somebody saved them, into plain rows. Pure.

Sources: Microsoft Graph documentation, resource types `secureScore`, `controlScore`,
`averageComparativeScore` and `secureScoreControlProfile`. All four are open types: properties that the
documentation does not know appear, numbers arrive as text, and words change their case. What is missing stays
missing and is never read as 0.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from scorecard.graph.responses import whole_number
from scorecard.importing.entry import (
    ID_LENGTH,
    DocumentError,
    Entry,
    EntryError,
    key_of,
    refuse_cut_off,
    storable,
)
from scorecard.importing.states import StateUpdate, in_order
from scorecard.importing.unread import LeftOut, Unread, UnreadKind, shown
from scorecard.models.score_days import CATEGORY_LENGTH, STATE_LENGTH

__all__ = ["Document", "DocumentError", "ProfileRow", "ScoreRow", "parse", "read_profiles", "read_scores"]

TITLE_LENGTH = 500
WORD_LENGTH = CATEGORY_LENGTH
# Microsoft compares six categories and writes down some tens of states in the life of an action.
MOST_CATEGORIES = 20
MOST_UPDATES = 200
# Days are UTC's everywhere, but clocks differ.
TOO_LATE = timedelta(days=2)
# How an average names its points of a category, "identityScore" beside "identityScoreMax".
_AVERAGE_OF = re.compile(r"([A-Za-z]+)Score")
Row = TypeVar("Row")


# Of two answers the greater one counts.
Standing = tuple[date, bool, datetime, int]


def standing(calculated_at: datetime, unread: int) -> Standing:
    """Return what answers are compared by. So many controls of this one could not be read."""
    return calculated_at.date(), not unread, calculated_at, -unread


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
    count: int | None
    total: int | None
    is_on: bool | None
    description: str
    implementation_status: str
    last_synced_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """The score of one day. Averages in `comparisons` are per cent, None where Microsoft has no data.

    `comparisons` and `enabled_services` as a whole are None where they cannot be read. `controls` are by `entry.key_of`
    their IDs; `unread` of them cannot be understood, so that whatever is not among them need not be missing.
    """

    calculated_at: datetime
    current_score: float
    max_score: float
    active_users: int | None
    licensed_users: int | None
    comparisons: list[dict[str, Any]] | None
    enabled_services: list[str] | None
    controls: dict[str, ControlRow] = field(repr=False)
    unread: int = 0

    @property
    def scored_on(self) -> date:
        """The day in UTC."""
        return self.calculated_at.date()

    @property
    def standing(self) -> Standing:
        """Which of several answers counts: of a later day, then a whole one, then one calculated later."""
        return standing(self.calculated_at, self.unread)


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """What Microsoft tells every tenant about one control. `remediation` and its impact are HTML.

    `threats` are None where they cannot be read. `states` are what people set, the oldest first.
    """

    control_id: str
    title: str
    category: str
    product: str
    max_score: float | None
    rank: int | None
    tier: str
    user_impact: str
    implementation_cost: str
    threats: list[str] | None
    remediation: str
    remediation_impact: str
    action_url: str
    action_type: str
    deprecated: bool
    states: tuple[StateUpdate, ...]


def parse(text: str | bytes, name: str) -> Document:
    """Read a saved answer. Raises `DocumentError` where the text is not a whole one."""
    try:
        content = json.loads(text, parse_int=whole_number)
    except UnicodeDecodeError:
        raise DocumentError(
            f"{name} is not in UTF-8 or UTF-16 but in another encoding, such as Windows-1252 or Shift-JIS. "
            "Save the answer of Microsoft Graph again as UTF-8."
        ) from None
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
    refuse_cut_off(values, name, "value")
    if not isinstance(content, dict) or not isinstance(values, list):
        raise DocumentError(
            f'{name} has no list named "value". '
            "Save the answer of Microsoft Graph as it came, from the first to the last character."
        )
    for value in values:
        refuse_cut_off(value, name, "value")
    if values and not any(isinstance(item, dict) for item in values):
        raise DocumentError(f'{name}: the list "value" holds something other than objects.')
    return Document(name, values, str(content.get("@odata.nextLink") or ""))


def read_scores(
    documents: Iterable[Document], left_out: LeftOut | None = None, *, now: datetime | None = None
) -> list[ScoreRow]:
    """Return one row a day, the oldest first. Of two answers for one day the one that was read whole and calculated
    later counts.

    A day that cannot be understood, or lies ahead of `now`, is left out and noted in `left_out`. Raises `DocumentError`
    where that leaves no day, since nothing could be shown, and where a document was cut off when it was saved.
    """
    days: dict[date, ScoreRow] = {}
    documents = list(documents)
    _check_pages(documents)
    notes = LeftOut() if left_out is None else left_out
    for row in _rows(documents, _score, notes):
        if now is not None and row.calculated_at > now + TOO_LATE:
            moment = row.calculated_at.isoformat()
            notes.add(
                Unread(UnreadKind.LATE, documents[0].name, str(row.scored_on), "createdDateTime", moment)
            )
        elif row.scored_on not in days or days[row.scored_on].standing <= row.standing:
            days[row.scored_on] = row
    if not days:
        names = ", ".join(page.name for page in documents) or "The answer"
        raise DocumentError(f"{names} holds no score. A new tenant gets its first one within a day or two.")
    return [days[day] for day in sorted(days)]


def read_profiles(documents: Iterable[Document], left_out: LeftOut | None = None) -> list[ProfileRow]:
    """Return one row a control, in order of control ID; of several for one control the first that is not deprecated.

    What cannot be understood is left out and noted in `left_out`. Raises `DocumentError` where nothing can be.
    """
    documents = list(documents)
    _check_pages(documents)
    notes = LeftOut() if left_out is None else left_out
    found: dict[str, ProfileRow] = {}
    for row in _rows(documents, _profile, notes):
        key = key_of(row.control_id)
        known = found.setdefault(key, row)
        if known != row:
            notes.add(Unread(UnreadKind.TWICE, documents[0].name, known.control_id))
            if known.deprecated and not row.deprecated:
                found[key] = row
    return sorted(found.values(), key=lambda row: row.control_id)


def is_incomplete(documents: Iterable[Document]) -> bool:
    """Whether a page is missing for certain: all but one page of a collection name a next one."""
    return all(page.next_link for page in documents)


def _rows(
    documents: list[Document], read: Callable[[Mapping[str, Any], str, LeftOut], Row], left_out: LeftOut
) -> list[Row]:
    """Read every entry. Raises the first error where none can be read, else notes them."""
    rows: list[Row] = []
    refused: list[EntryError] = []
    for page in documents:
        for number, item in enumerate(page.items, 1):
            try:
                if not isinstance(item, dict):
                    raise _no_object(page.name, f"value[{number}]", item)
                rows.append(read(item, page.name, left_out))
            except EntryError as error:
                refused.append(error)
    if refused and not rows:
        raise refused[0]
    for each in refused:
        left_out.add(each.unread)
    return rows


def _no_object(name: str, label: str, item: object) -> EntryError:
    refuse_cut_off(item, name, label)
    unread = Unread(UnreadKind.ENTRY, name, label, label, shown(item))
    return EntryError(f"{name}: {label} is no object: {shown(item)}.", unread)


def _check_pages(documents: list[Document]) -> None:
    seen: dict[str, str] = {}
    for page in documents:
        if page.next_link and page.next_link in seen:
            raise DocumentError(
                f"{page.name} and {seen[page.next_link]} name the same next page (@odata.nextLink). "
                "One page was saved twice: give every page once."
            )
        seen[page.next_link] = page.name


def _wrong_kind(name: str, message: str, item: Mapping[str, Any], lacks: str) -> EntryError:
    label = storable(item.get("id"))[:ID_LENGTH] or "value"
    return EntryError(
        f"{name} {message}", Unread(UnreadKind.ENTRY, name, label, lacks, shown(item.get(lacks)))
    )


def _score(item: Mapping[str, Any], name: str, left_out: LeftOut) -> ScoreRow:
    if "controlScores" not in item:
        if "maxScore" in item and "title" in item:
            raise _wrong_kind(
                name, "holds control profiles, not scores. Give it with --profiles.", item, "controlScores"
            )
        raise _wrong_kind(
            name, "holds no Secure Scores: an entry has no controlScores.", item, "controlScores"
        )
    label = storable(item.get("id"))[:ID_LENGTH] or "secureScore"
    notes = LeftOut()
    entry = Entry(item, name, label, notes)
    calculated_at = entry.moment("createdDateTime")
    current, highest = entry.points("currentScore"), entry.points("maxScore")
    if calculated_at is None:
        raise entry.refuse("createdDateTime")
    if current is None or highest is None:
        raise entry.refuse("currentScore" if current is None else "maxScore")
    if current > highest:
        entry.note("currentScore", UnreadKind.ABOVE)
    controls, unread = _controls(entry)
    row = ScoreRow(
        calculated_at=calculated_at,
        current_score=current,
        max_score=highest,
        active_users=entry.whole("activeUserCount"),
        licensed_users=entry.whole("licensedUserCount"),
        comparisons=_comparisons(entry),
        enabled_services=entry.words("enabledServices", WORD_LENGTH),
        controls=controls,
        unread=unread,
    )
    left_out.take_over(notes)
    return row


def _controls(day: Entry) -> tuple[dict[str, ControlRow], int]:
    """Read the controls of a day, and count those that cannot be. Raises `EntryError` where that is most of them."""
    values = day.item["controlScores"]
    refuse_cut_off(values, day.document, f"controlScores ({day.label})")
    # Who has points has something that is scored; an empty list would leave no action of a day that was good.
    if not isinstance(values, list) or not values:
        raise day.refuse("controlScores")
    found: dict[str, ControlRow] = {}
    refused: list[EntryError] = []
    for number, item in enumerate(values, 1):
        try:
            row = _control(item, day, number)
        except EntryError as error:
            refused.append(error)
            continue
        if found.setdefault(key_of(row.control_id), row) != row:
            day.left_out.add(Unread(UnreadKind.TWICE, day.document, f"{row.control_id} ({day.label})"))
    if len(refused) * 2 > len(values):
        raise refused[0]
    for each in refused:
        day.left_out.add(each.unread)
    return found, len(refused)


def _control(item: object, day: Entry, number: int) -> ControlRow:
    if not isinstance(item, dict):
        raise _no_object(day.document, f"controlScores[{number}] ({day.label})", item)
    label = storable(item.get("controlName"))[:ID_LENGTH] or f"controlScores[{number}]"
    entry = Entry(item, day.document, f"{label} ({day.label})", day.left_out)
    return ControlRow(
        control_id=_control_id(entry, "controlName"),
        category=entry.word("controlCategory", WORD_LENGTH),
        score=entry.points("score"),
        percentage=entry.number("scoreInPercentage"),
        count=entry.whole("count"),
        total=entry.whole("total"),
        is_on=entry.switch("on"),
        description=entry.text("description"),
        implementation_status=entry.text("implementationStatus"),
        last_synced_at=entry.moment("lastSynced"),
    )


def _profile(item: Mapping[str, Any], name: str, left_out: LeftOut) -> ProfileRow:
    if "controlScores" in item:
        raise _wrong_kind(name, "holds scores, not control profiles. Give it with --scores.", item, "title")
    if "title" not in item or "id" not in item:
        raise _wrong_kind(name, "holds no control profiles: an entry has no id or no title.", item, "title")
    entry = Entry(item, name, storable(item["id"])[:ID_LENGTH] or "secureScoreControlProfile", left_out)
    control_id = _control_id(entry, "id")
    return ProfileRow(
        control_id=control_id,
        title=entry.word("title", TITLE_LENGTH) or control_id,
        category=entry.word("controlCategory", WORD_LENGTH),
        product=entry.word("service", WORD_LENGTH),
        max_score=entry.points("maxScore"),
        rank=entry.whole("rank"),
        tier=entry.word("tier", WORD_LENGTH),
        user_impact=entry.level("userImpact"),
        implementation_cost=entry.level("implementationCost"),
        threats=entry.words("threats", WORD_LENGTH),
        remediation=entry.text("remediation"),
        remediation_impact=entry.text("remediationImpact"),
        action_url=entry.text("actionUrl"),
        action_type=entry.word("actionType", WORD_LENGTH),
        deprecated=entry.flag("deprecated"),
        states=_states(entry),
    )


def _states(profile: Entry) -> tuple[StateUpdate, ...]:
    """Read what people set. Of a file that was cut off at a depth this may be all that is missing: it is told, and the
    rest is read.
    """
    values = profile.item.get("controlStateUpdates")
    items = values if isinstance(values, list) else []
    known = [item for item in items if isinstance(item, dict)]
    if len(known) < len(items) or (values and not isinstance(values, list)):
        profile.note("controlStateUpdates")
    entries = [
        Entry(item, profile.document, f"controlStateUpdates ({profile.label})", profile.left_out)
        for item in known
    ]
    found = in_order(
        StateUpdate(each.word("state", STATE_LENGTH), each.moment("updatedDateTime")) for each in entries
    )
    return tuple(update for update in found if update.state)[-MOST_UPDATES:]


def _comparisons(day: Entry) -> list[dict[str, Any]] | None:
    values = day.item.get("averageComparativeScores")
    refuse_cut_off(values, day.document, f"averageComparativeScores ({day.label})")
    if values is None or values == "":
        return []
    if not isinstance(values, list):
        day.note("averageComparativeScores")
        return None
    found = []
    for number, item in enumerate(values, 1):
        if isinstance(item, dict):
            found.append(
                _comparison(
                    Entry(
                        item, day.document, f"averageComparativeScores[{number}] ({day.label})", day.left_out
                    )
                )
            )
        else:
            day.left_out.add(
                _no_object(day.document, f"averageComparativeScores[{number}] ({day.label})", item).unread
            )
    return found


def _comparison(entry: Entry) -> dict[str, Any]:
    return {
        "basis": entry.word("basis", WORD_LENGTH),
        # Microsoft writes -1 where it has too few tenants to compare with.
        "average": entry.number("averageScore"),
        "seats_from": entry.whole("SeatSizeRangeLowerValue"),
        "seats_to": entry.whole("SeatSizeRangeUpperValue"),
        "industry": entry.word("categoryValue", WORD_LENGTH),
        "categories": _averages(entry),
    }


def _averages(entry: Entry) -> dict[str, list[float | None]]:
    """Return the average points and their maximum by category, named as scores name them."""
    told = [_AVERAGE_OF.fullmatch(name) for name in entry.item if len(name) <= WORD_LENGTH]
    names = [match[1] for match in told if match and match[1] != "average"]
    return {
        f"{name[0].upper()}{name[1:]}": [entry.number(f"{name}Score"), entry.number(f"{name}ScoreMax")]
        for name in names[:MOST_CATEGORIES]
    }


def _control_id(entry: Entry, name: str) -> str:
    control_id = " ".join(storable(entry.item.get(name)).split())
    if not control_id or len(control_id) > ID_LENGTH:
        raise entry.refuse(name)
    return control_id
