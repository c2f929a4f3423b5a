"""No label of the administration is left in English on a Japanese page."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.contrib.admin.utils import flatten, flatten_fieldsets, label_for_field
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from django.utils import translation

from accounts.models import User
from tests.factories import TicketFactory
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
JAPANESE = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff]")


def shown(model_admin: "ModelAdmin[Any]", person: User) -> Iterator[str]:
    """The fields that a model's pages show: of one row, of the list, and of its filters."""
    request = RequestFactory().get("/")
    request.user = person
    row = model_admin.model()
    yield from map(str, flatten_fieldsets(model_admin.get_fieldsets(request, row)))
    yield from map(str, flatten(model_admin.get_list_display(request)))
    for each in model_admin.get_list_filter(request):
        name = each[0] if isinstance(each, tuple) else each
        if isinstance(name, str):
            yield name


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_labels_are_japanese(model: Any, administrator: User) -> None:
    model_admin = admin.site._registry[model]
    with translation.override("ja"):
        names = dict.fromkeys(shown(model_admin, administrator))
        labels = {name: str(label_for_field(name, model, model_admin)) for name in names}
    assert not {name: label for name, label in labels.items() if not JAPANESE.search(label)}


def test_a_ticket_is_shown_in_words(client: Client, administrator: User) -> None:
    ticket = TicketFactory.create(
        delivery="delivered", sys_id="1" * 32, number="INC1", kind="incident", state="2", their_priority=1,
        record={"priority": "1", "state": "2"}, dropped_fields=["urgency"],
    )  # fmt: skip
    client.force_login(administrator)
    page = client.get(f"/admin/tickets/ticket/{ticket.pk}/change/", headers={"accept-language": "ja"})
    html = page.content.decode()
    for words in ("進行中", "重大", "<b>state</b>: 2", "<li>urgency</li>"):
        assert words in html
    assert "{&quot;" not in html


def test_an_unsent_ticket_has_a_dash_for_its_number(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    TicketFactory.create(name="Require MFA")
    assert client.get("/admin/tickets/ticket/").content.decode().count(">Require MFA<") == 1
    assert Ticket.objects.count() == 1


def test_the_help_for_passwords_follows_the_language(
    client: Client, administrator: User, reader: User
) -> None:
    client.force_login(administrator)
    page = client.get(f"/admin/accounts/user/{reader.pk}/password/", headers={"accept-language": "ja"})
    assert "Whether the user" not in page.content.decode()
    assert "If disabled" not in page.content.decode()


def test_roles_and_languages_are_offered_in_the_readers_language(
    client: Client, administrator: User, reader: User
) -> None:
    client.force_login(administrator)
    address = f"/admin/accounts/user/{reader.pk}/change/"
    page = client.get(address, headers={"accept-language": "ja"}).content.decode()
    assert "セキュリティ管理者 (Security Administrator)</option>" in page
    assert '<option value="" selected>' in page
    form = {"username": reader.username, "groups": [group.pk for group in Group.objects.all()]}
    assert "language" in client.post(address, form | {"language": "tlh"}).context["adminform"].form.errors
    client.post(address, form | {"language": "ja"})
    reader.refresh_from_db()
    assert reader.language == "ja"
