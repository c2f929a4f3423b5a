"""Whatever is damaged in a document: a clear error and nothing changed, or an import that is right."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from scorecard.importing.documents import DocumentError, document, parse, read_profiles, read_scores
from scorecard.importing.entry import as_moment, as_number, key_of
from scorecard.importing.store import import_rows
from scorecard.importing.unread import LeftOut, UnreadKind
from scorecard.models import ControlScoreDay, ImprovementAction, ScoreDay
from scorecard.models.rounding import DECIMALS
from tests.scorecard.documents import control, page, profile, score

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = ("mfa", "guests", "devices", "labels")
AVERAGE = {"basis": "AllTenants", "averageScore": 54.65, "appsScore": 29.65, "appsScoreMax": 79}
STATE = {"state": "Ignored", "updatedDateTime": "2026-11-02T09:00:00Z", "updatedBy": "aya", "comment": "So."}


def whole() -> dict[str, Any]:
    """Documents without damage."""
    days = [
        score(
            f"2026-11-{day}",
            *(control(name, points + day / 10) for points, name in enumerate(NAMES)),
            averageComparativeScores=[AVERAGE],
            enabledServices=["HasEXOP2"],
        )
        for day in (21, 20)
    ]
    profiles = [profile(name, controlStateUpdates=[STATE]) for name in NAMES]
    # By way of text, so that no part is there twice.
    return dict(json.loads(json.dumps({"scores": page(*days), "profiles": page(*profiles)})))


def read(documents: dict[str, Any]) -> LeftOut:
    """Import as from files."""
    left_out = LeftOut()
    pages = {name: [parse(json.dumps(content), name)] for name, content in documents.items()}
    scores = read_scores(pages["scores"], left_out, now=NOW)
    import_rows(scores, read_profiles(pages["profiles"], left_out), now=NOW)
    return left_out


def everything() -> list[Any]:
    models = (ImprovementAction, ScoreDay, ControlScoreDay)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.fixture
def good_day() -> None:
    day = score("2026-11-19", *(control(name, 4) for name in NAMES))
    read({"scores": page(day), "profiles": page(*map(profile, NAMES))})


HUGE = "x" * 30_000
VALUES: st.SearchStrategy[Any] = st.sampled_from([
    None, [], {}, "", "null", "@{controlName=mfa; score=5}", "System.Object[]", HUGE, "mfa", "guests", [1], {"a": 1},
    True, False, 0, 7.5, -1, 1e300, 10**400, float("nan"), float("-inf"), "5", "5,5", "\ud800\x00", [[[]]],
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-20", "2026-11-19T05:00:00Z",
]).map(copy.deepcopy)  # fmt: skip
REMOVED = object()
KINDS = st.sampled_from(["replace", "remove", "twice", "extra", "text", "first", "many"])


def places(thing: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document but its own."""
    parts = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list) else ()
    for key, part in parts:
        yield (*path, key)
        yield from places(part, (*path, key))


def damage(documents: dict[str, Any], data: st.DataObject) -> None:
    # A document, then what it holds, each as likely as the other: most properties lie deep.
    depth = data.draw(st.integers(2, 6))
    found = [path for path in places(documents) if len(path) == depth] or list(places(documents))
    *path, key = data.draw(st.sampled_from(found))
    around: Any = documents
    for part in path:
        around = around[part]
    kind = data.draw(KINDS)
    if kind == "remove":
        del around[key]
    elif kind == "text":
        around[key] = str(around[key])
    elif kind in ("twice", "extra") and isinstance(around, list):
        more = copy.deepcopy(around[key]) if kind == "twice" else data.draw(VALUES)
        around.insert(data.draw(st.integers(0, len(around))), more)
    elif kind == "extra":
        around[data.draw(st.sampled_from(["new", "Score", "identityScore"]))] = data.draw(VALUES)
    elif kind == "first" and isinstance(around[key], list):
        around[key] = around[key][:1]
    elif kind == "many" and isinstance(around[key], list):
        around[key] = [copy.deepcopy(part) for part in around[key] * 60]
    else:
        around[key] = data.draw(VALUES)


@given(st.data())
@examples(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    # An example takes long where there is little processor; making it smaller would take minutes.
    phases=[Phase.explicit, Phase.generate],
)
def test_a_damaged_document_is_refused_whole_or_read_right(good_day: None, data: st.DataObject) -> None:
    documents = whole()
    for _ in range(data.draw(st.integers(1, 3))):
        damage(documents, data)
    check(documents)


PARTS: tuple[tuple[Any, ...], ...] = (
    ("scores", "value"),
    ("scores", "value", 0),
    ("scores", "value", 0, "controlScores"),
    ("scores", "value", 0, "controlScores", 0),
    ("scores", "value", 0, "averageComparativeScores"),
    ("scores", "value", 0, "enabledServices"),
    ("profiles", "value"),
    ("profiles", "value", 0),
    ("profiles", "value", 0, "threats"),
    ("profiles", "value", 0, "controlStateUpdates"),
)


def test_each_part_that_is_missing_empty_or_something_else_is_refused_or_read_right(good_day: None) -> None:
    for *path, key in PARTS:
        for value in (REMOVED, None, [], {}, "", "System.Object[]", "@{a=1}", 5, [1], [[]], [{}], {"a": 1}):
            documents = whole()
            around: Any = documents
            for part in path:
                around = around[part]
            around[key] = value
            if value is REMOVED:
                del around[key]
            check(documents)


def check(documents: dict[str, Any]) -> None:
    """Import over a good day, see that nothing is half done, and forget it."""
    with transaction.atomic():
        before = everything()
        outcome = read_or_refuse(documents)
        if isinstance(outcome, DocumentError):
            assert str(outcome).startswith(("scores", "profiles"))
            assert len(str(outcome)) < 500
            assert everything() == before
        else:
            check_days(documents["scores"]["value"], outcome)
            check_actions(documents["profiles"]["value"])
        transaction.set_rollback(True)


def read_or_refuse(documents: dict[str, Any]) -> LeftOut | DocumentError:
    try:
        return read(documents)
    except DocumentError as error:
        return error


def check_days(days: list[Any], left_out: LeftOut) -> None:
    """Each stored day has what one of the answers for it says, and nothing that was good is unscored by damage."""
    answers: dict[Any, list[Any]] = {}
    for day in days:
        moment = as_moment(day.get("createdDateTime")) if isinstance(day, dict) else None
        if moment is not None:
            answers.setdefault(moment.date(), []).append(day)
    for stored in ScoreDay.objects.exclude(scored_on="2026-11-19"):
        assert any(is_told(stored, day) for day in answers[stored.scored_on]), stored.scored_on
    newest = ScoreDay.objects.latest()
    scored = {key_of(action.control_id) for action in ImprovementAction.objects.scored()}
    assert scored
    if len(answers.get(newest.scored_on, ())) == 1:
        [day] = answers[newest.scored_on]
        names = [each.get("controlName") if isinstance(each, dict) else None for each in day["controlScores"]]
        told = {key_of(name) for name in names if isinstance(name, str) and len(name) <= 200}
        assert scored & set(NAMES) >= told & set(NAMES)
        if any(not isinstance(name, str) or not name for name in names):
            assert scored >= set(NAMES)
            assert left_out.count


def is_told(stored: ScoreDay, day: Any) -> bool:
    """Whether an answer says what is stored of a day; what is unknown has no points, and none has 0 instead."""
    if (stored.current_score, stored.max_score) != (_kept(day["currentScore"]), _kept(day["maxScore"])):
        return False
    points: dict[str, float] = {}
    seen = set()
    for each in day["controlScores"]:
        name = each.get("controlName") if isinstance(each, dict) else None
        key = (
            key_of(name.encode("utf-8", "replace").decode().replace("\x00", ""))
            if isinstance(name, str)
            else ""
        )
        number = _kept(each.get("score")) if key else None
        if key and key not in seen and number is not None and 0 <= number <= 1e9:
            points[key] = number
        seen.add(key)
    rows = ControlScoreDay.objects.filter(scored_on=stored.scored_on).select_related("action")
    return points == {key_of(row.action.control_id): row.score for row in rows}


def _kept(value: object) -> float | None:
    number = as_number(value)
    return None if number is None else round(number, DECIMALS)


def check_actions(profiles: list[Any]) -> None:
    """What is said of an action once and undamaged is stored of it."""
    ids = [
        key_of(each["id"]) for each in profiles if isinstance(each, dict) and isinstance(each.get("id"), str)
    ]
    for one in whole()["profiles"]["value"]:
        if one in profiles and ids.count(one["id"]) == 1:
            action = ImprovementAction.objects.get(control_id=one["id"])
            assert (action.title, action.max_score, action.has_profile) == (one["title"], 10, True)
            assert (action.remediation, action.threats) == (one["remediation"], one["threats"])


NOT_TEXT: tuple[object, ...] = ([1], {"a": 1}, True, 5)
NO_NUMBER: tuple[object, ...] = ([1], {"a": 1}, True, "many")
READ: dict[str, dict[tuple[str, ...], tuple[object, ...]]] = {
    "day": {
        ("createdDateTime",): NOT_TEXT,
        ("currentScore", "maxScore", "activeUserCount", "licensedUserCount"): NO_NUMBER,
        ("averageComparativeScores", "enabledServices", "controlScores"): ({"a": 1}, True, 5, "many"),
    },
    "control": {
        ("controlName", "controlCategory", "description", "implementationStatus", "lastSynced"): NOT_TEXT,
        ("score", "scoreInPercentage", "count", "total"): NO_NUMBER,
        ("on",): ([1], {"a": 1}, 5, "perhaps"),
    },
    "profile": {
        ("id", "title", "controlCategory", "service", "tier", "userImpact", "implementationCost"): NOT_TEXT,
        ("remediation", "remediationImpact", "actionUrl", "actionType"): NOT_TEXT,
        ("maxScore", "rank"): NO_NUMBER,
        ("deprecated",): ([1], {"a": 1}, 5, "perhaps"),
        ("threats", "controlStateUpdates"): ({"a": 1}, True, 5, "many"),
    },
    "state": {("state", "updatedDateTime"): NOT_TEXT},
    "average": {("basis",): NOT_TEXT, ("averageScore", "appsScore", "appsScoreMax"): NO_NUMBER},
}
CASES = [
    (kind, name, value)
    for kind, properties in READ.items()
    for names, values in properties.items()
    for name in names
    for value in values
]


def test_a_value_of_the_wrong_type_is_never_passed_over_in_silence() -> None:
    silent = []
    for kind, name, value in CASES:
        documents, left_out = whole(), LeftOut()
        day, one = documents["scores"]["value"][0], documents["profiles"]["value"][0]
        entry = {
            "day": day,
            "control": day["controlScores"][0],
            "average": day["averageComparativeScores"][0],
            "profile": one,
            "state": one["controlStateUpdates"][0],
        }[kind]
        entry[name] = value
        read_scores([document(documents["scores"], "scores")], left_out)
        read_profiles([document(documents["profiles"], "profiles")], left_out)
        if not any(each.name == name for each in left_out.told):
            silent.append((kind, name, value))
    assert not silent


def test_the_end_of_a_text_that_is_too_long_is_left_out_and_told() -> None:
    left_out = LeftOut()
    [row] = read_profiles([document(page(profile(title="t" * 501, remediation=HUGE)), "profiles")], left_out)
    assert (len(row.title), len(row.remediation)) == (500, 20_000)
    assert [(each.kind, each.name) for each in left_out.told] == [
        (UnreadKind.CUT, "title"),
        (UnreadKind.CUT, "remediation"),
    ]


def test_a_moment_that_nobody_filled_in_is_unknown_and_no_day() -> None:
    left_out, never = LeftOut(), "0001-01-01T00:00:00Z"
    [day] = read_scores([document(page(score("2026-11-20", control(lastSynced=never))), "scores")], left_out)
    assert day.controls["mfa"].last_synced_at is None
    assert left_out.count == 0
    with pytest.raises(DocumentError, match=f"createdDateTime that cannot be read: {never}"):
        read_scores([document(page(score("2026-11-20", control(), createdDateTime=never)), "scores")])
