"""What is around every page."""

import tomllib

import pytest
from django.conf import settings
from django.template import Context, Template
from django.test import Client
from django.utils import translation
from django.utils.safestring import SafeString

from accounts.models import User
from portal.version import VERSION
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_the_foot_has_help_the_shortcuts_and_the_version(client: Client, reader: User) -> None:
    client.force_login(reader)
    page = client.get("/").content.decode()
    assert f"Scoredesk {VERSION}" in page
    assert '<a href="/help/">Help</a>' in page
    assert 'href="/accounts/shortcuts/" hx-get="/accounts/shortcuts/"' in page


def test_strangers_are_not_told_the_version(client: Client) -> None:
    assert VERSION not in client.get("/accounts/login/").content.decode()


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION


def test_help_leads_only_where_one_may_go(client: Client, reader: User, secadmin: User) -> None:
    client.force_login(UserFactory.create())
    page = client.get("/help/").content.decode()
    for place in ("/secure-score/actions/", "/tickets/", "/servicenow/setup/", "/servicenow/"):
        assert f'<dt><a href="{place}' not in page
    client.force_login(reader)
    page = client.get("/help/").content.decode()
    assert '<dt><a href="/tickets/' in page
    assert '<dt><a href="/servicenow/setup/' not in page
    client.force_login(secadmin)
    assert '<dt><a href="/servicenow/setup/' in client.get("/help/").content.decode()


def test_what_is_kept_is_drawn_for_its_values_and_its_language_alone() -> None:
    drawn = Template('{% kept "components/new_tab.html" what=what %}')

    def draw(what: str) -> str:
        return drawn.render(Context({"what": what}))

    assert "<b>" in draw(SafeString("<b>"))
    assert "<b>" not in draw("<b>")
    with translation.override("ja"):
        japanese = draw("<b>")
    assert japanese != draw("<b>")
