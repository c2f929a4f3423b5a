"""Each request has an ID: in its answer, in what is logged for it, and in what the audit log holds of it."""

import logging
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse

import portal.urls
from accounts import request_id
from accounts.access import anyone_signed_in
from accounts.models import ActorKind, AuditEntry, User
from accounts.tasks import send_reset_links
from portal import reporting
from tests.factories import UserFactory
from tests.workers import Workers

LOG = "/admin/accounts/auditentry/"
HEADER = request_id.HEADER


def fail(request: HttpRequest) -> HttpResponse:
    logging.getLogger("portal").warning("on the way")
    raise ZeroDivisionError


handler400 = "portal.error_pages.bad_request"
handler500 = "portal.error_pages.server_error"
urlpatterns = [path("fails/", anyone_signed_in(fail)), *portal.urls.urlpatterns]


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What goes to the log, as the portal's own handler writes it."""
    [handler] = [
        one
        for one in logging.getLogger().handlers
        if isinstance(one, logging.StreamHandler) and isinstance(one.formatter, reporting.Line)
    ]
    lines = StringIO()
    before = handler.setStream(lines)
    yield lines
    handler.setStream(before)


def test_an_answer_tells_its_own_id() -> None:
    ids = {Client().get("/livez")[HEADER] for _ in range(3)}
    assert len(ids) == 3
    assert all(len(one) == 16 and request_id.accepted(one) == one for one in ids)


@pytest.mark.parametrize("given", ["7f3a", "8f14e45f-ceea-467f-a8d4-2b1c6f0e7a11", "a.b_c", "x" * 64])
def test_what_a_proxy_calls_a_request_is_kept(given: str) -> None:
    assert Client().get("/livez", headers={HEADER: given})[HEADER] == given


@pytest.mark.parametrize(
    "given", ["", "x" * 65, "x" * 100_000, "two words", "<b>", "a\nb", "a\n", "日本", "a,b", "١٢"]
)
def test_what_is_long_or_not_plain_is_no_id(given: str) -> None:
    assert request_id.accepted(given) == ""
    assert len(Client().get("/livez", HTTP_X_REQUEST_ID=given)[HEADER]) == 16


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_whatever_is_logged_for_a_request_has_its_id(reader: User, written: StringIO) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(reader)
    for address, status, lines in (("/fails/", 500, 2), ("/nowhere/", 404, 1)):
        answer = client.get(address, headers={HEADER: "7f3a"})
        assert (answer.status_code, answer[HEADER]) == (status, "7f3a")
        said = [line for line in written.getvalue().splitlines() if line.startswith("20")]
        # Django logs what was refused after the last middleware has ended.
        assert [" [7f3a] " in line for line in said] == [True] * lines
        written.truncate(0)
        written.seek(0)
    logging.getLogger("portal").warning("later")
    assert written.getvalue().endswith(" WARNING portal later\n")


@pytest.mark.django_db
def test_an_entry_knows_the_request_and_where_it_came_from(
    client: Client, reader: User, settings: LazySettings
) -> None:
    settings.TRUSTED_PROXIES = 1
    client.force_login(reader)
    where = {HEADER: "7f3a", "X-Forwarded-For": "192.0.2.1, 2001:db8::1:2"}
    assert client.post(reverse("accounts:sign_out_everywhere"), headers=where).status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.request_id, entry.address) == ("7f3a", "2001:db8::1:2")
    assert entry.actor_kind == ActorKind.PERSON


@pytest.mark.django_db
def test_an_entry_outside_of_a_request_knows_none(client: Client, reader: User) -> None:
    client.force_login(reader)
    client.get("/")
    entry = AuditEntry.objects.record(actor=None, verb="servicenow.removed")
    assert (entry.request_id, entry.address, entry.actor_kind) == ("", "", ActorKind.PORTAL)
    entry = AuditEntry.objects.record(
        actor=None, actor_kind=ActorKind.SERVICENOW, verb="servicenow.token_refused"
    )
    assert entry.actor_kind == ActorKind.SERVICENOW


@pytest.mark.django_db
def test_administrators_see_it_and_narrow_the_log_to_a_kind_of_actor(
    client: Client, administrator: User
) -> None:
    request_id.begin("7f3a", "192.0.2.7")
    AuditEntry.objects.record(actor=administrator, verb="servicenow.connected", target="acme")
    request_id.end()
    AuditEntry.objects.record(
        actor=None, actor_kind=ActorKind.SERVICENOW, verb="servicenow.token_refused", target="globex"
    )
    client.force_login(administrator)
    page = client.get(LOG, headers={"accept-language": "en"}).content.decode()
    same = f'192.0.2.7<br><a href="{LOG}?q=7f3a">7f3a</a>'
    for shown in ("acme", "globex", same, "Person", "kind of actor", "address / request ID"):
        assert shown.casefold() in page.casefold(), shown
    entry = AuditEntry.objects.get(request_id="7f3a")
    page = client.get(f"{LOG}{entry.pk}/change/", headers={"accept-language": "en"}).content.decode()
    assert f'<a href="{LOG}?q=7f3a">7f3a</a>' in page
    assert "192.0.2.7" in page
    narrowed = client.get(LOG, {"actor_kind__exact": "servicenow"}).content.decode()
    assert "globex" in narrowed
    assert "acme" not in narrowed
    assert "globex" not in client.get(LOG, {"q": "7f3a"}).content.decode()
    assert "globex" not in client.get(LOG, {"q": "192.0.2.7"}).content.decode()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_goes_on_under_the_id_of_the_request_that_started_it(tmp_path: Path) -> None:
    people = UserFactory.create_batch(4)
    for number, person in enumerate(people):
        # The last two ask from nowhere: what a thread worked for before is forgotten.
        if number < 2:
            request_id.begin(f"asked-{number}", "192.0.2.7")
        send_reset_links.delay([person.pk], "en")
        request_id.end()
    with Workers(tmp_path / "workers.log"):
        give_up_at = time.monotonic() + 100
        while AuditEntry.objects.count() < 4:
            assert time.monotonic() < give_up_at, (tmp_path / "workers.log").read_text()
            time.sleep(0.2)
    known = {entry.target: (entry.request_id, entry.address) for entry in AuditEntry.objects.all()}
    ids = ["asked-0", "asked-1", "", ""]
    assert known == {person.username: (one, "") for person, one in zip(people, ids, strict=True)}
