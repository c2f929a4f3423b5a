from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db.models import Sum

from scorecard.models import ControlScoreDay, ImportState, ImprovementAction, ScoreDay
from scorecard.tasks import import_from_graph
from tests.scorecard.conftest import Microsoft

pytestmark = pytest.mark.django_db


def test_the_worker_reads_everything_at_the_first_time(microsoft: Microsoft) -> None:
    import_from_graph()
    assert ScoreDay.objects.count() == 90
    assert ImprovementAction.objects.scored().count() >= 80
    assert ImprovementAction.objects.count() >= 240
    assert ImprovementAction.objects.regressed().exists()


def test_a_tenant_as_untidy_as_real_ones_is_read_to_the_point(microsoft: Microsoft) -> None:
    microsoft.set(tenant="untidy")
    import_from_graph()
    assert ImportState.current().left_out_count == 0
    points = ControlScoreDay.objects.values("scored_on").annotate(sum=Sum("score")).order_by("-scored_on")
    days = list(ScoreDay.objects.values_list("scored_on", "current_score"))
    assert len(days) == 90
    assert [day["scored_on"] for day in points] == [scored_on for scored_on, _ in days]
    assert [day["sum"] for day in points] == pytest.approx([score for _, score in days], abs=0.01)
    scored = ImprovementAction.objects.scored()
    assert scored.filter(has_profile=False, max_score=None).count() == 3
    assert set(scored.values_list("user_impact", flat=True)) == {"", "low", "moderate", "high"}
    longest = max(ImprovementAction.objects.values_list("remediation", flat=True), key=len)
    assert longest.count("Set-SafeLinksPolicy") == 24


def test_without_settings_the_worker_does_nothing(settings: LazySettings) -> None:
    settings.GRAPH_CLIENT_ID = ""
    import_from_graph()
    assert not ScoreDay.objects.exists()


def test_the_command_asks_graph_for_both(microsoft: Microsoft) -> None:
    out = StringIO()
    call_command("import_secure_score", "--scores", "-", stdout=out)
    assert "Secure Score of" in out.getvalue()
    assert "unknown" not in out.getvalue()


def test_an_interrupted_reading_leaves_the_tables_as_they_were(microsoft: Microsoft) -> None:
    microsoft.fault(kind="repeat_next_link", route="secureScoreControlProfiles", times=9)
    with pytest.raises(CommandError, match=r"Nothing was imported.*repeated a link"):
        call_command("import_secure_score", "--scores", "-", "--profiles", "-")
    assert not ScoreDay.objects.exists()
    assert not ImprovementAction.objects.exists()


def test_the_command_wants_profiles_beside_a_file_of_scores() -> None:
    with pytest.raises(CommandError, match="--profiles"):
        call_command("import_secure_score", "--scores", "scores.json")


def test_the_command_names_missing_settings(settings: LazySettings) -> None:
    settings.GRAPH_TENANT_ID = settings.GRAPH_CLIENT_ID = settings.GRAPH_CLIENT_SECRET = ""
    with pytest.raises(CommandError, match="GRAPH_TENANT_ID"):
        call_command("import_secure_score", "--scores", "-")
