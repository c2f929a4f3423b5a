"""The search that every page has."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portal.search import MOST
from tests.factories import ActionFactory, TicketFactory, UserFactory
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, reader: User) -> Client:
    client.force_login(reader)
    return client


def numbered(number: str, **facts: object) -> Ticket:
    ticket: Ticket = TicketFactory.create(number=number, delivery="delivered", sys_id=number.lower(), **facts)
    return ticket


def found(browser: Client, text: str) -> str:
    page = browser.get("/search/", {"q": text})
    assert page.status_code == 200
    return page.content.decode()


def test_every_page_has_it_without_javascript(browser: Client) -> None:
    page = browser.get("/").content.decode()
    assert (
        '<form class="header__search" role="search" aria-label="Actions and tickets" action="/search/">'
        in page
    )
    assert '<a class="header__button header__find" href="/search/" data-shortcut="/">' in page


def test_the_page_of_the_search_has_one_field_which_the_key_goes_to(browser: Client) -> None:
    page = found(browser, "nothing")
    assert page.count('role="search"') == page.count('data-shortcut="/"') == 1
    assert 'data-shortcut="/"' in page.partition('<input type="search"')[2].partition(">")[0]


@pytest.mark.parametrize("text", ["CHG0030712", "chg0030712", "  CHG0030712 "])
def test_a_number_leads_to_its_ticket(browser: Client, text: str) -> None:
    wanted = numbered("CHG0030712")
    numbered("CHG0030713")
    assert browser.get("/search/", {"q": text}).headers["Location"] == wanted.get_absolute_url()


def test_the_id_of_a_control_leads_to_its_action(browser: Client) -> None:
    wanted = ActionFactory.create(control_id="AdminMFAV2", is_scored=False)
    assert browser.get("/search/", {"q": "adminmfav2"}).headers["Location"] == wanted.get_absolute_url()


def test_a_number_that_two_instances_gave_is_listed(browser: Client) -> None:
    numbered("CHG0030712", name="Ours")
    TicketFactory.create(number="CHG0030712", name="Theirs", delivery="delivered", sys_id="other")
    page = found(browser, "CHG0030712")
    assert "Ours" in page
    assert "Theirs" in page


def test_words_find_actions_and_tickets_so_many_of_each_and_lead_to_all(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    TicketFactory.create_batch(MOST + 1, name="Protect the needle")
    ActionFactory.create_batch(MOST, title="Needle: protect it")
    ActionFactory.create(title="Something else")
    with django_assert_max_num_queries(12):
        page = found(browser, "protect needle")
    assert page.count(">Protect the needle</a>") == MOST
    assert page.count(">Needle: protect it</a>") == MOST
    assert 'href="/tickets/?q=protect%20needle"' in page or 'href="/tickets/?q=protect+needle"' in page
    assert "More in the list of improvement actions" not in page
    assert "Something else" not in page


def test_nobody_finds_what_they_may_not_see(client: Client) -> None:
    wanted, action = numbered("CHG0030712", name="Secret plan"), ActionFactory.create(title="Secret plan")
    person = UserFactory.create()
    role = Group.objects.create(name="Reads actions only")
    role.permissions.add(Permission.objects.get(codename="view_improvementaction"))
    person.groups.add(role)
    client.force_login(person)
    assert "CHG0030712" not in found(client, "secret")
    assert action.get_absolute_url() in found(client, "secret")
    assert "Nothing was found" in found(client, wanted.number)


def test_a_text_that_is_too_long_is_told_and_not_looked_for(browser: Client) -> None:
    page = browser.get("/search/", {"q": "x" * 201})
    assert page.status_code == 422
    assert "200" in page.content.decode()
    assert browser.get("/search/", {"q": "a\0b"}).status_code == 422


def test_nothing_asked_for_says_what_can_be(browser: Client) -> None:
    assert "CHG0030712" in browser.get("/search/").content.decode()
