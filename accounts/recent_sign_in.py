"""Whether whoever sits at a session has shown lately who they are. What decides who somebody is and may do asks for it.

A session left open, or a stolen cookie, then changes no password, address or role. The proof is a password so far; an
identity provider's `auth_time` (OpenID Connect Core 1.0, section 2) goes into `note` just as well.
See docs/decisions/0010-recent-sign-in.md.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from accounts import form_drafts

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

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


def before_sending(view: View) -> View:
    """Let a form's view carry out what was sent only after a recent sign-in; what was typed waits for it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST" or not is_missing(request):
            return view(request, *args, **kwargs)
        # As the address has it: with the marks of the decorators further out.
        form = request.resolver_match.func if request.resolver_match else view
        form_drafts.keep(request, form, str(request.user.pk), timezone.now(), until_confirmed=True)
        return ask(request.get_full_path())

    return cast(View, guarded)


def ask(page: str) -> HttpResponse:
    """Send somebody to prove who they are, and back to a page of ours."""
    return redirect_to_login(page, reverse("accounts:confirm"))
