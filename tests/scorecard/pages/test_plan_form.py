"""The plan of an action in the administration."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import ActionPlanFactory

pytestmark = pytest.mark.django_db


def test_tags_are_written_with_commas_and_kept_as_a_list(client: Client, administrator: User) -> None:
    plan = ActionPlanFactory.create(owner=administrator, tags=["mail", "Q3"])
    address = reverse("admin:scorecard_actionplan_change", args=[plan.pk])
    client.force_login(administrator)
    assert 'value="mail, Q3"' in client.get(address).content.decode()
    sent = {"status": plan.status, "owner": administrator.pk, "tags": " mail、監査 ,, Q4, mail"}
    assert client.post(address, sent).status_code == 302
    plan.refresh_from_db()
    assert plan.tags == ["mail", "監査", "Q4"]
