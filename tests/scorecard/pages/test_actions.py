import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from scorecard.models import ActionPlan, ImprovementAction
from scorecard.models.choices import CHOOSABLE, Status
from tests.factories import ActionFactory, TicketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_of_each() -> dict[str, ImprovementAction]:
    """One action for each status, by status."""
    actions = {status.value: ActionFactory.create(title=str(status.label)) for status in CHOOSABLE}
    for status, action in actions.items():
        if status != Status.TO_ADDRESS:
            ActionPlan.objects.create(action=action, status=status)
    actions[Status.COMPLETED] = ActionFactory.create(score=10)
    actions[Status.NOT_APPLICABLE] = ActionFactory.create(is_scored=False, score=None)
    return actions


@pytest.mark.parametrize("status", Status.values)
def test_filter_and_property_agree_on_every_status(
    status: str, one_of_each: dict[str, ImprovementAction]
) -> None:
    assert [action.pk for action in ImprovementAction.objects.with_status(status)] == [one_of_each[status].pk]
    assert one_of_each[status].status == status


def test_an_unknown_maximum_is_never_completed() -> None:
    action = ActionFactory.create(max_score=None, score=10)
    assert action.status == Status.TO_ADDRESS
    assert list(ImprovementAction.objects.with_status(Status.TO_ADDRESS)) == [action]


def test_completed_comes_before_what_was_planned() -> None:
    action = ActionFactory.create(score=10)
    ActionPlan.objects.create(action=action, status=Status.PLANNED)
    assert action.status == Status.COMPLETED
    assert not ImprovementAction.objects.with_status(Status.PLANNED).exists()


@pytest.mark.parametrize(
    ("values", "total", "impact"),
    [
        ({"score": 0, "max_score": 10}, 951, pytest.approx(1.0515, abs=1e-4)),
        ({"score": 10, "max_score": 10}, 951, 0),
        ({"score": 12, "max_score": 10}, 951, 0),
        ({"score": 3, "max_score": None}, 951, None),
        ({"score": None, "max_score": 10}, 951, None),
        ({"score": 0, "max_score": 10, "is_scored": False}, 951, None),
        ({"score": 0, "max_score": 10}, None, None),
        ({"score": 0, "max_score": 10}, 0, None),
    ],
)
def test_score_impact_is_what_is_left_of_the_whole(
    values: dict[str, object], total: float | None, impact: float | None
) -> None:
    ActionFactory.create(**values)
    action = ImprovementAction.objects.with_impact(total).get()
    assert vars(action)["impact"] == impact


def test_search_wants_every_word_wherever_it_stands() -> None:
    action = ActionFactory.create(title="Block legacy sign-in", product="AzureAD")
    ActionFactory.create(title="Block macros", product="EXO")
    assert list(ImprovementAction.objects.search("azuread block")) == [action]
    assert ImprovementAction.objects.search("  ").count() == 2


def test_a_plan_cannot_say_completed() -> None:
    with pytest.raises(IntegrityError):
        ActionPlan.objects.create(action=ActionFactory.create(), status=Status.COMPLETED)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://portal.azure.com/#x", True),
        ("http://portal.azure.com/", False),
        ("javascript:alert(1)", False),
        ("https:///nowhere", False),
        ("https://[broken", False),
        ("", False),
    ],
)
def test_only_https_addresses_are_linked_to(address: str, shown: bool) -> None:
    assert ActionFactory.build(action_url=address).manage_url == (address if shown else "")


def test_what_we_have_no_name_for_is_shown_as_it_came() -> None:
    action = ActionFactory.build(category="Quantum", product="MDA_New")
    assert (action.category_label, action.product_name) == ("Quantum", "MDA_New")


ALMOST = 8.9999999999999982


def test_all_points_but_for_rounding_are_all_points() -> None:
    action = ActionFactory.create(score=ALMOST, max_score=9, previous_score=9)
    assert action.status == Status.COMPLETED
    assert not action.is_regressed
    assert not ImprovementAction.objects.regressed().exists()
    assert list(ImprovementAction.objects.completed()) == [action]
    assert not ImprovementAction.objects.with_status(Status.TO_ADDRESS).exists()
    assert vars(ImprovementAction.objects.with_impact(100).get())["impact"] == 0


def test_one_user_of_many_is_no_rounding() -> None:
    action = ActionFactory.create(score=4.99, max_score=5, previous_score=5)
    assert action.status == Status.TO_ADDRESS
    assert action.is_regressed
    assert list(ImprovementAction.objects.regressed()) == [action]
    assert list(ImprovementAction.objects.with_status(Status.TO_ADDRESS)) == [action]
    assert vars(ImprovementAction.objects.with_impact(100).get())["impact"] == pytest.approx(0.01)


def test_tickets_are_counted_for_each_action_and_not_looked_at_to_count_actions() -> None:
    _, busy = ActionFactory.create_batch(2)
    TicketFactory.create(action=busy)
    TicketFactory.create(action=busy, is_extra=True)
    counted = ImprovementAction.objects.with_impact(100).with_ticket_count()
    assert [vars(action)["ticket_count"] for action in counted.order_by("pk")] == [0, 2]
    with CaptureQueriesContext(connection) as asked:
        assert counted.all().count() == 2
    assert "tickets_ticket" not in asked[0]["sql"]
