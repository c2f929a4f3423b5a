"""Steps of connecting, as somebody at the portal takes them."""

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from connector.health.error_help import EXPLANATIONS
from tests.sandbox_process import CLIENT, SandboxProcess


def entered(sandbox: SandboxProcess, **changes: str) -> dict[str, str]:
    return {
        "instance": sandbox.url,
        "grant": "authorization_code",
        "client_id": CLIENT[0],
        "client_secret": CLIENT[1],
        "scope": "",
        **changes,
    }


def leave(browser: Client) -> str:
    """Choose Authorize; the address that the browser goes to."""
    page = browser.post("/servicenow/authorize/").content.decode()
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert found, page
    return unescape(found[1])


def come_back(browser: Client, address: str) -> Any:
    """Arrive at the callback as ServiceNow sent us, and follow to the page where that ends."""
    parts = urlsplit(address)
    assert parts.path.startswith("/servicenow/callback/")
    return browser.get(f"{parts.path}?{parts.query}", follow=True)


def confirm(browser: Client) -> Any:
    """Answer "Connect as this user?" with yes, and follow to the page where that ends."""
    seen = re.search(r'name="seen" value="([^"]+)"', text(browser.get("/servicenow/confirm/")))
    assert seen
    return browser.post("/servicenow/confirm/", {"seen": seen[1]}, follow=True)


def text(response: Any) -> str:
    return unescape(response.content.decode())


def explained(page: Any, code: str) -> bool:
    """Whether a page is the set-up page and says what a code means, with the next step."""
    explanation = EXPLANATIONS[code]
    said = text(page)
    assert page.redirect_chain[-1][0].startswith("/servicenow/setup/")
    return str(explanation.what) in said and str(explanation.next_step) in said
