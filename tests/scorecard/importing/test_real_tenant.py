"""A real tenant's answers, which are not part of this repository."""

import re
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from scorecard.importing.documents import parse, read_profiles, read_scores
from scorecard.models import ActionPlan, ControlScoreDay, ImprovementAction, ScoreDay
from scorecard.models.remediation import HTML_TAGS, TAGS, plain_text, safe_html
from scorecard.pages.overview import points_by_category

pytestmark = pytest.mark.django_db
SCORES = "secureScores.json"
PAGES = ("secureScoreControlProfiles.page1.json", "secureScoreControlProfiles.page2.json")


def import_files(scores: Path, *profiles: Path) -> str:
    out = StringIO()
    call_command(
        "import_secure_score",
        "--scores",
        str(scores),
        "--profiles",
        *map(str, profiles),
        stdout=out,
        stderr=out,
    )
    return out.getvalue()


def everything() -> list[Any]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (ImprovementAction, ActionPlan, ScoreDay, ControlScoreDay)
    ]


def test_both_pages_give_all_points(graph_data: Path) -> None:
    said = import_files(graph_data / SCORES, *(graph_data / page for page in PAGES))
    day = ScoreDay.objects.get()
    assert ImprovementAction.objects.scored().count() == 68
    assert (day.current_score, day.max_score) == (128, 274)
    points = {each.category: (each.score, each.maximum, each.unknown) for each in points_by_category()}
    assert points == {"Apps": (71, 204, 0), "Identity": (50, 61, 0), "Data": (7, 9, 0)}
    assert "128 of 274 points" in said
    assert "68 scored" in said


def test_the_first_page_alone_leaves_27_maxima_unknown_and_says_so(graph_data: Path) -> None:
    said = import_files(graph_data / SCORES, graph_data / PAGES[0])
    unknown = ImprovementAction.objects.scored().filter(max_score=None)
    assert unknown.count() == 27
    assert all(action.title == action.control_id for action in unknown)
    assert ScoreDay.objects.get().max_score == 274
    assert sum(each.maximum or 0 for each in points_by_category()) == 171
    assert "maximum of 27 scored actions is unknown" in said
    assert "another page" in said


def test_a_second_import_changes_nothing(graph_data: Path) -> None:
    files = [graph_data / SCORES, *(graph_data / page for page in PAGES)]
    import_files(*files)
    before = everything()
    said = import_files(*files)
    assert everything() == before
    assert "0 created, 0 updated, 227 unchanged" in said


@pytest.mark.parametrize(
    ("scores", "profiles", "complaint"),
    [
        ("cut.json", PAGES, r"cut\.json is not valid JSON"),
        (PAGES[0], PAGES, "--profiles"),
        (SCORES, (SCORES,), "--scores"),
        (SCORES, (PAGES[0], "twice.json"), "same next page"),
        (SCORES, ("absent.json",), "cannot be read"),
        (SCORES, ("other.json",), '"value"'),
    ],
)
def test_a_bad_file_is_named_and_leaves_the_data_as_it_was(
    graph_data: Path, tmp_path: Path, scores: str, profiles: tuple[str, ...], complaint: str
) -> None:
    for name in (SCORES, *PAGES):
        (tmp_path / name).symlink_to(graph_data / name)
    (tmp_path / "cut.json").write_bytes((graph_data / SCORES).read_bytes()[:30_000])
    (tmp_path / "twice.json").symlink_to(graph_data / PAGES[0])
    (tmp_path / "other.json").write_text('{"displayName": "Aya"}')
    import_files(tmp_path / SCORES, tmp_path / PAGES[0])
    before = everything()
    with pytest.raises(CommandError, match=f"Nothing was imported.*{complaint}"):
        import_files(tmp_path / scores, *(tmp_path / name for name in profiles))
    assert everything() == before


class Words(HTMLParser):
    """The visible words of HTML, tags that HTML does not know included."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in HTML_TAGS:
            self.text += self.get_starttag_text() or ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def letters(self) -> str:
        return re.sub(r"\s+", "", self.text)


def real_texts(folder: Path) -> list[str]:
    profiles = read_profiles([parse((folder / page).read_bytes(), page) for page in PAGES])
    controls = read_scores([parse((folder / SCORES).read_bytes(), SCORES)])[-1].controls.values()
    return [
        *(text for profile in profiles for text in (profile.remediation, profile.remediation_impact)),
        *(text for control in controls for text in (control.description, control.implementation_status)),
    ]


def test_no_visible_word_of_the_real_texts_is_lost(graph_data: Path) -> None:
    for raw in real_texts(graph_data):
        clean = Words(safe_html(raw))
        assert clean.tags <= TAGS
        assert clean.letters() == Words(raw).letters()


def test_plain_texts_hold_every_letter_in_order_and_no_tag(graph_data: Path) -> None:
    for raw in real_texts(graph_data):
        left = iter(plain_text(raw))
        assert all(letter in left for letter in Words(raw).letters())
        assert not re.search(r"</?(?:li|p|ol|ul|br|strong|em|b|a|div|span)\b[^>]*>", plain_text(raw))
