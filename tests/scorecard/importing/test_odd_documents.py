"""Documents as people save them and as Microsoft writes them on bad days: read, or refused with the reason."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation

from accounts.models import User
from scorecard.importing.documents import DocumentError, document, parse, read_profiles, read_scores
from scorecard.importing.unread import LeftOut, UnreadKind
from scorecard.models import ControlScoreDay, ImportState, ImprovementAction, ScoreDay
from scorecard.models.choices import Status
from scorecard.pages.overview import points_by_category
from tests.factories import ActionFactory
from tests.scorecard.documents import control, page, profile, score

pytestmark = pytest.mark.django_db
DEEP = "@{controlCategory=Identity; controlName=mfa; score=5} @{controlName=guests; score=2}"


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def import_files(folder: Path, scores: Any, profiles: Any) -> str:
    """Import two documents; what is no bytes is written as JSON. Returns all that the command said."""
    out = StringIO()
    for name, content in (("scores.json", scores), ("profiles.json", profiles)):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / name).write_bytes(data)
    arguments = ["--scores", str(folder / "scores.json"), "--profiles", str(folder / "profiles.json")]
    call_command("import_secure_score", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def everything() -> list[Any]:
    models = (ImprovementAction, ScoreDay, ControlScoreDay)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize(
    "scores",
    [
        page(score("2026-11-21", controlScores=DEEP)),
        page(score("2026-11-20", control()), score("2026-11-21", controlScores=DEEP)),
        page(score("2026-11-21", controlScores=["@{controlName=mfa; score=5}"])),
        page(score("2026-11-21", control(), averageComparativeScores="@{basis=AllTenants}")),
        page(score("2026-11-21", control(), averageComparativeScores=["@{basis=AllTenants}"])),
        page(score("2026-11-21", controlScores="System.Object[]")),
        {"value": "@{id=t_2026-11-21; controlScores=System.Object[]}"},
        {"value": ["@{id=t_2026-11-21}", score("2026-11-21", control())]},
    ],
)
def test_what_powershell_cut_off_at_a_depth_is_refused_and_changes_nothing(scores: Any, folder: Path) -> None:
    import_files(folder, page(score("2026-11-19", control(score=5), control("guests"))), page(profile()))
    before = everything()
    with pytest.raises(CommandError, match=r"cut off at a depth.*-Depth"):
        import_files(folder, scores, page(profile()))
    assert everything() == before


@pytest.mark.parametrize(
    "written",
    [
        "/Date(1795132800000)/",
        "/Date(1795132800000+0900)/",
        {"value": "/Date(1795132800000)/", "DisplayHint": 2, "DateTime": "Friday"},
    ],
)
def test_dates_of_windows_powershell_are_read(written: object) -> None:
    moments = control(lastSynced=written)
    [day] = read_scores([document(page(score("x", moments, createdDateTime=written)), "scores.json")])
    assert day.calculated_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert day.controls["mfa"].last_synced_at == day.calculated_at


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("11/20/2026 00:00:00", "11/20/2026 00:00:00"),
        ("/Date(999999999999999)/", "/Date(999999999999999)/"),
        ({"DateTime": "Friday"}, "{…}"),
        ("20. November " + "x" * 500, "20. November xxx"),
        (1795132800000, "1795132800000"),
    ],
)
def test_a_date_that_cannot_be_read_is_named_with_what_was_found(written: object, shown: str) -> None:
    with pytest.raises(DocumentError, match=r"createdDateTime that cannot be read") as caught:
        read_scores([document(page(score("2026-11-20", control(), createdDateTime=written)), "scores.json")])
    assert shown in str(caught.value)
    assert len(str(caught.value)) < 250


def test_ids_that_differ_in_case_or_spaces_are_one_control(folder: Path) -> None:
    controls = [control("MFA_Admins", score=5), control("old_sign_in  "), control("a  b")]
    import_files(
        folder,
        page(score("2026-11-20", *controls)),
        page(*map(profile, ("mfa_admins", "old_sign_in", "a b"))),
    )
    found = ImprovementAction.objects.order_by("control_id")
    assert [action.control_id for action in found] == ["a b", "mfa_admins", "old_sign_in"]
    assert all(action.is_scored and action.has_profile for action in found)
    assert found[1].score == 5
    import_files(
        folder, page(score("2026-11-21", control("mfa_ADMINS", score=6))), page(profile("MFA_ADMINS"))
    )
    assert ImprovementAction.objects.count() == 3
    assert ImprovementAction.objects.get(control_id="mfa_admins").score == 6


def test_two_actions_that_an_earlier_import_made_of_one_are_one_again(folder: Path) -> None:
    ActionFactory.create(control_id="mfa")
    ActionFactory.create(control_id="MFA", has_profile=False)
    import_files(folder, page(score("2026-11-20", control("MFA", score=5))), page(profile()))
    assert [action.control_id for action in ImprovementAction.objects.scored()] == ["mfa"]


def test_one_control_twice_is_told_and_the_first_counts(folder: Path) -> None:
    twice = [control(score=5), control(score=0, description="Another."), control("guests", score=2)]
    old = profile(maxScore=20, deprecated=True)
    said = import_files(
        folder, page(score("2026-11-20", *twice)), page(old, profile(maxScore=5), profile("guests"))
    )
    action = ImprovementAction.objects.get(control_id="mfa")
    assert (action.score, action.max_score) == (5, 5)
    [identity] = points_by_category()
    assert (identity.score, identity.maximum) == (7, 15)
    assert said.count("is there twice") == 2
    assert ImportState.current().left_out_count == 2


def test_the_same_twice_is_no_news(folder: Path) -> None:
    said = import_files(folder, page(score("2026-11-20", control(), control())), page(profile(), profile()))
    assert "is there twice" not in said
    assert ImportState.current().left_out_count == 0


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_encoding_of_unicode_is_read(encoding: str) -> None:
    text = json.dumps(page(profile(title="Ölfilter 保護")), ensure_ascii=False)
    assert read_profiles([parse(text.encode(encoding), "p.json")])[0].title == "Ölfilter 保護"


@pytest.mark.parametrize(("encoding", "title"), [("cp1252", "Über"), ("shift-jis", "多要素認証")])
def test_another_encoding_is_called_that(encoding: str, title: str) -> None:
    text = json.dumps(page(profile(title=title)), ensure_ascii=False)
    with pytest.raises(DocumentError, match=r"^p\.json is not in UTF-8.*encoding.*as UTF-8"):
        parse(text.encode(encoding), "p.json")


def test_a_day_without_possible_numbers_is_left_out_and_told(
    folder: Path, client: Client, secadmin: User
) -> None:
    impossible = score("2026-11-20", control(score=-1), currentScore=-1, maxScore=-1)
    said = import_files(folder, page(impossible, score("2026-11-19", control(score=4))), page(profile()))
    assert ScoreDay.objects.get().scored_on == date(2026, 11, 19)
    assert "tenant_2026-11-20 was left out, since currentScore cannot be read: -1" in said
    client.force_login(secadmin)
    for address in ("/", "/secure-score/"):
        found = client.get(address).content.decode()
        assert "-1 of" not in found
        assert "4 of 100 points" in found
        assert "1 entry of the last import could not be understood" in found


def test_points_of_less_than_nothing_are_unknown(folder: Path, client: Client, reader: User) -> None:
    day = score("2026-11-20", control(score=-1), currentScore=2)
    import_files(folder, page(day), page(profile(maxScore=-1)))
    action = ImprovementAction.objects.get()
    assert (action.score, action.max_score) == (None, None)
    client.force_login(reader)
    assert "+-" not in client.get("/secure-score/actions/").content.decode()


def test_more_points_than_there_are_is_told_and_no_more_than_all(
    folder: Path, client: Client, reader: User
) -> None:
    said = import_files(
        folder, page(score("2026-11-20", control(score=12), currentScore=117.5)), page(profile())
    )
    assert "currentScore is above the maximum: 117.5" in said
    assert ScoreDay.objects.get().percentage == 100
    assert ImprovementAction.objects.get().status == Status.COMPLETED
    client.force_login(reader)
    found = client.get("/secure-score/").content.decode()
    assert "117.5%" not in found
    assert "117.50 of 100 points" in found


@pytest.mark.parametrize("number", [1e300, 10**30, "1" * 5000, "5,5", "five", {}, [5], -3])
def test_a_number_that_cannot_be_one_is_unknown_and_told(number: object) -> None:
    left_out = LeftOut()
    [row] = read_profiles([document(page(profile(maxScore=number)), "p.json")], left_out)
    assert row.max_score is None
    [told] = left_out.told
    assert (told.kind, told.entry, told.name) == (UnreadKind.VALUE, "mfa", "maxScore")
    assert len(told.found) <= 60


def test_a_number_of_thousands_of_digits_stops_no_other(folder: Path) -> None:
    text = json.dumps(page(profile(maxScore="HUGE"), profile("guests"))).replace('"HUGE"', "9" * 5000)
    import_files(folder, page(score("2026-11-20", control())), text.encode())
    assert ImprovementAction.objects.get(control_id="guests").max_score == 10


def test_words_for_nothing_are_nothing() -> None:
    names = ("title", "controlCategory", "service", "maxScore", "rank", "remediation", "actionUrl")
    words = dict.fromkeys(names, "null")
    left_out = LeftOut()
    [row] = read_profiles(
        [document(page(profile(**words, tier="N/A", threats=["null", None, "", "Breach"])), "p.json")],
        left_out,
    )
    assert (row.title, row.category, row.product, row.tier, row.remediation) == ("mfa", "", "", "", "")
    assert (row.max_score, row.rank, row.threats, row.action_url) == (None, None, ["Breach"], "")
    # There is nothing that could not be read.
    assert left_out.count == 0


def test_a_maximum_that_the_profile_does_not_tell_is_not_a_profile_that_is_missing(
    folder: Path, client: Client, reader: User
) -> None:
    controls = [control(score=1), control("guests", controlCategory="null", score=1)]
    said = import_files(
        folder, page(score("2026-11-20", *controls)), page(profile(maxScore=None, controlCategory=None))
    )
    assert "2 scored actions is unknown: 1 have no control profile, 1 have one that tells no maximum" in said
    client.force_login(reader)
    assert "tells no maximum" in client.get("/secure-score/actions/mfa/").content.decode()
    assert "Without a category" in client.get("/secure-score/").content.decode()


@pytest.mark.parametrize(
    "odd", [{"displayName": "Aya"}, 1, None, {"id": "", "title": "x"}, {"id": ["x"], "title": "x"}]
)
def test_a_profile_that_cannot_be_understood_stops_no_other(odd: Any, folder: Path) -> None:
    said = import_files(folder, page(score("2026-11-20", control())), page(odd, profile()))
    assert ImprovementAction.objects.get().max_score == 10
    assert "was left out" in said
    assert ImportState.current().left_out_count == 1


@pytest.mark.parametrize(
    "odd", [score("x"), score("2026-11-21", maxScore="?"), score("2026-11-21", controlScores=None), {}, 7]
)
def test_a_day_that_cannot_be_understood_stops_no_other(odd: Any, folder: Path) -> None:
    import_files(folder, page(odd, score("2026-11-20", control(score=4))), page(profile()))
    assert ScoreDay.objects.get().current_score == 4
    assert ImportState.current().left_out_count == 1


def test_a_control_that_cannot_be_read_is_not_one_that_is_gone(
    folder: Path, client: Client, reader: User
) -> None:
    names = ("mfa", "guests", "devices")
    import_files(folder, page(score("2026-11-19", *map(control, names))), page(*map(profile, names)))
    day = score("2026-11-20", control("mfa", score=3), control("guests"), control(controlName=None))
    import_files(folder, page(day), page(*map(profile, names)))
    assert ImprovementAction.objects.scored().count() == 3
    client.force_login(reader)
    assert "1 entry of the last import could not be understood" in client.get("/").content.decode()
    import_files(folder, page(score("2026-11-21", *map(control, names[:2]))), page(*map(profile, names)))
    assert ImprovementAction.objects.scored().count() == 2


@pytest.mark.parametrize("nothing", [[], None, "", {}])
def test_a_day_that_scores_nothing_leaves_all_that_is_scored(nothing: object, folder: Path) -> None:
    import_files(folder, page(score("2026-11-20", control(score=5))), page(profile()))
    before = everything()
    empty = score("2026-11-21", controlScores=nothing, currentScore=5)
    with pytest.raises(CommandError, match=r"tenant_2026-11-21 (lacks|has a) controlScores"):
        import_files(folder, page(empty), page(profile()))
    # Nor does it take the place of the day that it says to be.
    again = empty | {"id": "later", "createdDateTime": "2026-11-20T09:00:00Z"}
    import_files(folder, page(again, score("2026-11-20", control(score=5))), page(profile()))
    assert everything() == before


def test_half_a_day_is_no_day(folder: Path) -> None:
    half = score("2026-11-20", control(score=5), control(controlName=7), "odd", control(controlName=""))  # type: ignore[arg-type]
    half["currentScore"] = 5
    with pytest.raises(CommandError, match="controlName"):
        import_files(folder, page(half), page(profile()))
    import_files(folder, page(half, score("2026-11-19", control(score=4))), page(profile()))
    assert ScoreDay.objects.get().scored_on == date(2026, 11, 19)


def test_parts_that_cannot_be_read_leave_what_was_known(folder: Path) -> None:
    import_files(folder, page(score("2026-11-20", control())), page(profile()))
    day = score(
        "2026-11-20", control(score=1), averageComparativeScores=7, createdDateTime="2026-11-20T05:00:00Z"
    )
    said = import_files(folder, page(day), page(profile(threats={"a": 1})))
    assert ScoreDay.objects.get().comparisons[0]["average"] == 54.65
    assert ImprovementAction.objects.get().threats == ["Account breach"]
    assert "averageComparativeScores cannot be read" in said
    assert "threats cannot be read" in said


def test_a_day_that_has_not_come_yet_does_not_hide_those_that_have(folder: Path) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=400)).date().isoformat()
    said = import_files(
        folder, page(score(ahead, control(score=1)), score("2026-11-20", control(score=4))), page(profile())
    )
    assert ImprovementAction.objects.get().score == 4
    assert "its day has not come yet" in said
