"""What every answer says to the browser: which code may run, who may frame it, what is sent on."""

import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse

from accounts.access import anyone_signed_in
from accounts.models import User
from portal.urls import handler400, handler500  # noqa: F401  Part of the addresses below.
from portal.urls import urlpatterns as portal_urls
from tests.conftest import leave_out
from tests.factories import ActionFactory, TicketFactory
from tests.portal.scratch import environment, manage
from tests.portal.test_settings import PRODUCTION
from tests.sandbox_process import ROOT

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PAGES = [
    "home", "cards", "scorecard:overview", "scorecard:actions", "tickets:list", "tickets:new", "connector:connection",
    "connector:setup", "accounts:password", "admin:index", "admin:accounts_user_changelist", "admin:accounts_user_add",
    "admin:tickets_ticket_changelist", "admin:scorecard_actionplan_add", "admin:accounts_auditentry_changelist",
]  # fmt: skip


def fail(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [path("fails/", anyone_signed_in(fail)), *portal_urls]


def directives(header: str) -> dict[str, list[str]]:
    return {name: values for name, *values in map(str.split, header.split(";"))}


def check(response: Any) -> None:
    assert directives(response["Content-Security-Policy"]) == directives(CSP)
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert "camera=()" in response["Permissions-Policy"]


class _Markup(HTMLParser):
    """Whatever in a page the policy would refuse, or would ask somebody else."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        inert = given.get("type") == "application/json"
        if (tag == "script" and not given.get("src") and not inert) or tag == "style":
            self.found.append(f"inline <{tag}>")
        self.found += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        fetched = [given.get("src"), given.get("href") if tag == "link" else None, given.get("srcset")]
        self.found += [f"{tag} from {address}" for address in fetched if address and "//" in address]


def check_markup(page: str) -> None:
    markup = _Markup()
    markup.feed(page)
    assert markup.found == []


@pytest.fixture
def browser(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_headers_and_nothing_that_they_refuse(browser: Client, name: str) -> None:
    page = browser.get(reverse(name), follow=True)
    assert page.status_code == 200
    check(page)
    check_markup(page.content.decode())


@pytest.mark.django_db
def test_pages_of_one_thing_as_well(browser: Client) -> None:
    action = ActionFactory.create()
    ticket = TicketFactory.create(action=action)
    addresses = [
        ticket.get_absolute_url(),
        action.get_absolute_url(),
        reverse("tickets:share", args=[action.control_id]),
        reverse("admin:tickets_ticket_change", args=[ticket.pk]),
        reverse("admin:accounts_user_change", args=[ticket.requested_by_id]),
    ]
    for address in addresses:
        page = browser.get(address, follow=True)
        assert page.status_code == 200, address
        check(page)
        check_markup(page.content.decode())


@pytest.mark.django_db
def test_signed_out_pages_as_well() -> None:
    client = Client()
    for address in (reverse("accounts:login"), "/livez", "/readyz"):
        page = client.get(address)
        check(page)
        check_markup(page.content.decode())


@pytest.fixture
def broken(browser: Client) -> Client:
    browser.raise_request_exception = False
    return browser


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("address", "host", "status", "words"),
    [
        ("/", "evil.example", 400, "did not understand this request"),
        ("/nowhere/", "testserver", 404, "There is no such page"),
        ("/fails/", "testserver", 500, "Something went wrong on our side"),
    ],
)
def test_error_pages_say_what_happened_and_have_the_headers(
    broken: Client, address: str, host: str, status: int, words: str
) -> None:
    page = broken.get(address, HTTP_HOST=host, headers={"accept-language": "en"})
    assert page.status_code == status
    text = page.content.decode()
    assert words in text
    assert 'href="/"' in text
    check(page)
    check_markup(text)


@pytest.mark.django_db
def test_a_refused_page_and_a_form_without_a_token_say_so(reader: User) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    client.force_login(reader)
    for answer, words in (
        (client.get("/servicenow/setup/"), "Your account may not do this"),
        (client.post("/accounts/language/", {"language": "ja"}), "This form is no longer valid"),
    ):
        assert answer.status_code == 403
        assert words in answer.content.decode()
        check(answer)
        check_markup(answer.content.decode())


def test_features_that_no_page_uses_are_off_for_every_script() -> None:
    policy = Client().get("/livez")["Permissions-Policy"]
    assert all(entry.endswith("=()") for entry in policy.split(", "))


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the sign-in page of a production deployment answers, and the names of its cookies."""
    folder = tmp_path_factory.mktemp("production")
    known = environment(folder, **PRODUCTION)
    assert manage("collectstatic", "--no-input", settings=known).returncode == 0
    code = """
import json
from django.conf import settings
from django.test import Client
page = Client(headers={"host": "scoredesk.example.com"}).get("/accounts/login/", HTTP_X_FORWARDED_PROTO="https")
names = ("SESSION", "CSRF", "LANGUAGE", "THEME", "BROWSER")
print(json.dumps({
    "status": page.status_code, "headers": dict(page.headers),
    "set": [cookie.OutputString() for cookie in page.cookies.values()],
    "names": [getattr(settings, f"{name}_COOKIE_NAME") for name in names],
    "plain": Client(headers={"host": "scoredesk.example.com"}).get("/accounts/login/")["Location"],
}))
"""
    done = manage("shell", "--verbosity", "0", "-c", code, settings=known)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_in_production_cookies_are_bound_to_the_host_and_to_tls(production: dict[str, Any]) -> None:
    assert production["status"] == 200
    assert all(name.startswith("__Host-") for name in production["names"])
    assert production["set"]
    for cookie in production["set"]:
        # What a browser asks of a cookie with this prefix.
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


def test_in_production_browsers_are_told_to_use_tls_from_now_on(production: dict[str, Any]) -> None:
    assert (
        production["headers"]["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    )
    assert production["plain"] == "https://scoredesk.example.com/accounts/login/"


@pytest.fixture(scope="session")
def csp_evaluator() -> Path:
    """Google's judge of policies, from npm."""
    npm, folder = shutil.which("npm"), ROOT / "build" / "npm"
    if npm is None:
        leave_out("npm is not installed: csp_evaluator cannot judge the policy")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}')
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "csp_evaluator@1.1.8"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=110)
    if done.returncode:
        leave_out(f"npm could not install csp_evaluator: {done.stderr[-200:]}")
    return folder


def judge(folder: Path, policy: str) -> list[dict[str, Any]]:
    """Let csp_evaluator look at a policy; what it finds to be weak for certain."""
    script = """
const {CspEvaluator} = require("csp_evaluator");
const {CspParser} = require("csp_evaluator/dist/parser.js");
console.log(JSON.stringify(new CspEvaluator(new CspParser(process.argv[1]).csp).evaluate()));
"""
    command = ["node", "-e", script, policy]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=240)
    certain = 30  # Its severities: 10 high, 20 syntax, 30 medium; above that it only supposes.
    return [finding for finding in json.loads(done.stdout) if finding["severity"] <= certain]


@pytest.mark.slow
def test_csp_evaluator_finds_no_weakness(csp_evaluator: Path) -> None:
    assert judge(csp_evaluator, Client().get("/livez")["Content-Security-Policy"]) == []
    assert judge(csp_evaluator, "script-src 'self' 'unsafe-inline'")


def test_the_tests_look_at_the_settings_that_the_portal_has() -> None:
    assert settings.MESSAGE_STORAGE.endswith(
        "SessionStorage"
    )  # The other one's cookie has a name of its own.
