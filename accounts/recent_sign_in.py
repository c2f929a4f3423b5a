"""Whether whoever sits at a session has shown lately who they are. What decides who somebody is and may do asks for it.

A session left open, or a stolen cookie, then changes no password, address or role. The proof is a password so far; an
identity provider's `auth_time` (OpenID Connect Core 1.0, section 2) goes into `note` just as well.
See docs/decisions/0010-recent-sign-in.md.
"""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

RECENT = timedelta(minutes=15)
# So far may the clock of an identity provider be ahead.
_SKEW = timedelta(minutes=5)
_AUTHENTICATED_AT = "authenticated_at"


def note(session: SessionBase, at: datetime) -> None:
    """Note when the session's person last proved who they are."""
    session[_AUTHENTICATED_AT] = at.timestamp()


def is_recent(session: SessionBase, now: datetime) -> bool:
    """Whether that was lately enough."""
    at = datetime.fromtimestamp(session.get(_AUTHENTICATED_AT, 0), UTC)
    return -_SKEW <= now - at < RECENT


def is_missing(request: HttpRequest) -> bool:
    """Whether this request has to wait for a new proof."""
    return not is_recent(request.session, timezone.now())


def ask(page: str) -> HttpResponse:
    """Send somebody to prove who they are, and back to a page of ours."""
    return redirect_to_login(page, reverse("accounts:confirm"))
