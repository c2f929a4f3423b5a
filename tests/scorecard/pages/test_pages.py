from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from scorecard.models import ActionPlan, ScoreDay
from scorecard.pages.action_list import PAGE_SIZES
from tests.factories import ActionFactory

pytestmark = pytest.mark.django_db
LIST = "/secure-score/actions/"


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def day() -> ScoreDay:
    return ScoreDay.objects.create(
        scored_on=date(2026, 11, 20),
        calculated_at=datetime(2026, 11, 20, 5, tzinfo=UTC),
        current_score=128,
        max_score=274,
        comparisons=[{"basis": "AllTenants", "average": 54.65}, {"basis": "TotalSeats", "average": None}],
    )


@pytest.fixture
def page(client: Client, reader: User, day: ScoreDay) -> Client:
    """A browser in which a Security Reader is signed in."""
    client.force_login(reader)
    return client


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_a_page_of_the_list_holds_as_many_as_can_be_shared_at_a_time_where_that_is_asked_for(
    page: Client,
) -> None:
    ActionFactory.create_batch(PAGE_SIZES[-1] + 1)
    for asked, held, other in (("", 50, 200), ("?per_page=200", 200, 50), ("?per_page=9999", 50, 200)):
        response = page.get(LIST + asked)
        assert len(response.context["page"]) == held
        address = f"{LIST}?per_page={other}" if other == 200 else LIST
        assert f'href="{address}">Show {other} on a page</a>' in response.content.decode()
    found = text(page, f"{LIST}?per_page=200&sort=title")
    assert 'href="?per_page=200&amp;sort=title&amp;page=2" rel="next"' in found
    assert '<input type="hidden" name="per_page" value="200">' in found


@pytest.mark.parametrize("name", ["scorecard:overview", "scorecard:actions"])
def test_pages_are_for_people_with_a_role(name: str, client: Client) -> None:
    assert client.get(reverse(name)).status_code == 302
    client.force_login(User.objects.create(username="nobody"))
    assert client.get(reverse(name)).status_code == 403


@pytest.mark.parametrize("address", ["/secure-score/", LIST])
def test_before_the_first_import_pages_say_what_to_do(address: str, client: Client, reader: User) -> None:
    client.force_login(reader)
    assert "No Secure Score yet" in text(client, address)


def test_the_overview_shows_percentage_points_and_comparison(page: Client) -> None:
    ActionFactory.create(title="Require MFA", score=50, max_score=61)
    found = text(page, "/secure-score/")
    for words in (
        "Secure Score: 46.7%",
        "128 of 274 points",
        "50 of 61",
        "54.7%",
        "No data to show",
        "Require MFA",
    ):
        assert words in found


def test_an_unknown_maximum_is_said_and_never_drawn(page: Client) -> None:
    ActionFactory.create(category="Apps", score=3, max_score=None)
    assert "3 points; the maximum of 1 action is unknown" in text(page, "/secure-score/")
    assert "3, maximum unknown" in text(page, LIST)


def test_the_list_shows_points_impact_and_status(page: Client) -> None:
    action = ActionFactory.create(score=0, max_score=10)
    ActionPlan.objects.create(action=action, status="planned")
    found = text(page, LIST)
    assert "0/10" in found
    assert "+3.65%" in found
    assert "Planned" in found


def test_what_is_not_applicable_is_listed_only_when_asked_for(page: Client) -> None:
    ActionFactory.create(title="Not for us", is_scored=False, score=None)
    assert "Not for us" not in text(page, LIST)
    assert "Not for us" in text(page, f"{LIST}?status=not_applicable")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=legacy", ["Block legacy sign-in"]),
        ("category=Apps", ["Review apps"]),
        ("status=completed", ["Review apps"]),
        ("regressed=on", ["Block legacy sign-in"]),
        ("sort=-title", ["Review apps", "Block legacy sign-in"]),
        ("", ["Block legacy sign-in", "Review apps"]),
        ("sort=impact", ["Review apps", "Block legacy sign-in"]),
        ("sort=-impact", ["Block legacy sign-in", "Review apps"]),
        ("sort=points", ["Block legacy sign-in", "Review apps"]),
        ("sort=nonsense&category=nonsense&page=99", ["Block legacy sign-in", "Review apps"]),
        ("q=nothing", []),
    ],
)
def test_search_filters_and_order(query: str, found: list[str], page: Client) -> None:
    ActionFactory.create(title="Block legacy sign-in", rank=1, score=2, previous_score=8)
    ActionFactory.create(title="Review apps", category="Apps", rank=2, score=10)
    response = page.get(f"{LIST}?{query}")
    assert [action.title for action in response.context["page"]] == found


def test_what_brings_most_comes_first_and_what_is_finished_last(page: Client) -> None:
    for title, score, status in (("a", 9, ""), ("B", 0, "risk_accepted"), ("c", 5, "planned"), ("D", 10, "")):
        action = ActionFactory.create(title=title, score=score, max_score=10)
        if status:
            ActionPlan.objects.create(action=action, status=status)
    titles = [action.title for action in page.get(LIST).context["page"]]
    assert titles == ["c", "a", "B", "D"]
    by_title = [action.title for action in page.get(f"{LIST}?sort=title").context["page"]]
    assert by_title == ["a", "B", "c", "D"]


def test_filters_are_chips_in_an_address_that_says_nothing_empty(page: Client, reader: User) -> None:
    action = ActionFactory.create(title="Mine", category="Apps")
    ActionPlan.objects.create(action=action, owner=reader)
    ActionFactory.create(title="Nobody's", category="Apps")
    asked = f"{LIST}?q=&category=Apps&status=&mine=on&sort="
    assert page.get(asked).headers["Location"] == f"{LIST}?category=Apps&mine=on"
    found = page.get(f"{LIST}?category=Apps&mine=on")
    assert [action.title for action in found.context["page"]] == ["Mine"]
    assert [(chip.words, chip.address) for chip in found.context["chips"]] == [
        ("Category: Apps", f"{LIST}?mine=on"),
        ("Mine only", f"{LIST}?category=Apps"),
    ]
    part = page.get(asked, headers={"HX-Request": "true"})
    assert part.headers["HX-Replace-Url"] == f"{LIST}?category=Apps&mine=on"
    assert part.content.decode().lstrip().startswith('<div class="stack')
    assert '<form class="filter"' not in part.content.decode()


def test_a_row_leads_to_the_actions_own_share_menu_and_the_page_has_one_menu(page: Client) -> None:
    for action in ActionFactory.create_batch(3):
        found = text(page, LIST)
        assert f'href="{action.get_absolute_url()}?list=#share-{action.pk}"' in found
        assert f'id="share-{action.pk}"' in text(page, action.get_absolute_url())
    assert found.count("mailto:") == 1


def test_unknown_values_come_last_in_either_order(page: Client) -> None:
    ActionFactory.create(title="Unknown", rank=None)
    ActionFactory.create(title="First", rank=1)
    for query in ("sort=rank", "sort=-rank"):
        assert [action.title for action in page.get(f"{LIST}?{query}").context["page"]] == [
            "First",
            "Unknown",
        ]


def test_every_column_sorts(page: Client) -> None:
    ActionFactory.create()
    heads = page.get(LIST).context["heads"]
    assert [head.key for head in heads if not head.address] == ["status"]
    for key in [head.key for head in heads if head.address]:
        assert 'aria-sort="descending"' in text(page, f"{LIST}?sort=-{key}")


def test_the_list_takes_few_queries_however_long(
    page: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for action in ActionFactory.create_batch(120):
        ActionPlan.objects.create(action=action)
    with django_assert_max_num_queries(12):
        assert len(page.get(LIST).context["page"]) == 50


def test_an_action_shows_its_steps_cleaned(page: Client) -> None:
    action = ActionFactory.create(
        action_url="https://portal.azure.com/#mfa",
        remediation="<p onclick=x>Set <domainname></p><script>alert(1)</script>",
        threats=["Account breach"],
    )
    found = text(page, action.get_absolute_url())
    assert "<p>Set &lt;domainname&gt;</p>" in found
    assert "alert(1)" not in found
    assert 'href="https://portal.azure.com/#mfa"' in found
    assert "Account breach" in found


def test_an_action_without_a_safe_address_has_no_manage_button(page: Client) -> None:
    action = ActionFactory.create(action_url="javascript:alert(1)")
    assert "javascript:" not in text(page, action.get_absolute_url())


def test_an_identifier_may_hold_any_character(page: Client) -> None:
    action = ActionFactory.create(control_id="a/b c?#é")
    assert action.title in text(page, action.get_absolute_url())
    assert action.title in text(page, LIST)


def test_an_unknown_action_is_not_found(page: Client) -> None:
    assert page.get(f"{LIST}nowhere/").status_code == 404


def test_the_share_menu_hands_on_the_link_and_the_title(page: Client) -> None:
    action = ActionFactory.create(control_id="mfa", title="Require A & B")
    found = text(page, action.get_absolute_url())
    assert 'data-copy="http://127.0.0.1:8000/secure-score/actions/mfa/"' in found
    assert "mailto:?subject=Require%20A%20%26%20B&amp;body=" in found
    assert "https://teams.microsoft.com/share?href=http%3A%2F%2F127.0.0.1%3A8000%2Fsecure-score" in found


def test_who_may_not_create_tickets_reads_why(page: Client) -> None:
    found = text(page, ActionFactory.create().get_absolute_url())
    assert "/tickets/share/" not in found
    assert "Your role does not create tickets" in found


@pytest.mark.usefixtures("day")
def test_each_tile_counts_what_its_list_finds_in_one_query_for_all(
    page: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for score, maximum, planned in ((0, 5, ""), (1, None, ""), (5, 5, "planned"), (2, 5, "planned")):
        action = ActionFactory.create(score=score, max_score=maximum, previous_score=1, is_scored=True)
        if planned:
            ActionPlan.objects.create(action=action, status=planned)
    with django_assert_max_num_queries(12):
        tiles = page.get("/secure-score/").context["tiles"]
    found = [page.get(f"{LIST}?{tile['query']}").context["page"].paginator.count for tile in tiles]
    assert [tile["count"] for tile in tiles] == found == [1, 2, 1, 0, 1]
