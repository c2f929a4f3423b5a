"""How long somebody stays signed in: so long after the last deed, so long in all, and until it is ended elsewhere."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.base import SessionBase
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import kept
from accounts.models import User

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

_SIGNED_IN_AT, _SEEN_AT = "signed_in_at", "seen_at"
# A deed within this long of the last one is not written down: reading pages costs no writes.
_COARSE = timedelta(minutes=1)


class Reason(models.TextChoices):
    """Why a session ended, as the sign-in page tells it."""

    IDLE = "idle", _("You were signed out because you had not done anything for a while.")
    OVER = (
        "over",
        _("You were signed out because you had been signed in for long enough. Sign in again to go on."),
    )
    ELSEWHERE = (
        "elsewhere",
        _(
            "You were signed out because your password, role or account changed, or because you signed out everywhere."
        ),
    )


class Ended(NamedTuple):
    """A session that this request still carried: whose it was (the primary key as text), and why it is over."""

    owner: str
    reason: Reason


def ended(request: HttpRequest) -> Ended | None:
    """Return the session that this request still carried, if it had ended."""
    found: Ended | None = getattr(request, "ended", None)
    return found


def polled(view: View) -> View:
    """Mark a view that pages ask for by themselves: no sign that somebody is there."""
    view.__dict__["polled"] = True
    return view


def is_polled(view: Callable[..., Any]) -> bool:
    """Whether pages ask for this view by themselves."""
    return getattr(view, "polled", False)


def begin(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Note when somebody signed in. Receives Django's signal `user_logged_in`."""
    now = timezone.now()
    kept.hand_over(request.session, str(user.pk))
    request.session[_SIGNED_IN_AT] = request.session[_SEEN_AT] = now.timestamp()


def touch(session: SessionBase, now: datetime) -> None:
    """Note that the person did something."""
    if now - _moment(session, _SEEN_AT) >= _COARSE:
        session[_SEEN_AT] = now.timestamp()


def end_if_over(request: HttpRequest, now: datetime) -> Ended | None:
    """End a session whose time is up or that was ended elsewhere. Returns None when there is none or it goes on."""
    owner = request.session.get(auth.SESSION_KEY)
    if owner is None:
        return None
    reason = _reason(request, now)
    if reason is None:
        return None
    auth.logout(request)
    return Ended(owner, reason)


def _reason(request: HttpRequest, now: datetime) -> Reason | None:
    seen_at, signed_in_at = _moment(request.session, _SEEN_AT), _moment(request.session, _SIGNED_IN_AT)
    # Looked at last: finding that a session was ended elsewhere, Django empties it.
    if not request.user.is_authenticated:
        return Reason.ELSEWHERE
    if now >= signed_in_at + settings.SESSION_LONGEST:
        return Reason.OVER
    return Reason.IDLE if now >= seen_at + settings.SESSION_IDLE else None


def _moment(session: SessionBase, name: str) -> datetime:
    """When something happened; long ago if the session does not say."""
    return datetime.fromtimestamp(session.get(name, 0), UTC)
