"""How long somebody stays signed in: so long after the last deed, so long in all, and until it is ended elsewhere."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.base import SessionBase
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import form_drafts, recent_sign_in
from accounts.models import User

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

_SIGNED_IN_AT, _SEEN_AT, _ENDED = "signed_in_at", "seen_at", "ended"
# A deed within this long of the last one is not written down: reading pages costs no writes.
_COARSE = timedelta(minutes=1)


class Reason(models.TextChoices):
    """Why a session ended, as the sign-in page tells it."""

    IDLE = "idle", _("You were signed out because you had not done anything for a while.")
    OVER = (
        "over",
        _("You were signed out because a session lasts only so long. Sign in again to go on."),
    )
    ELSEWHERE = (
        "elsewhere",
        _(
            "You were signed out because your password, role or account changed, or because you signed out everywhere."
        ),
    )


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
    form_drafts.hand_over(request.session, str(user.pk))
    request.session.pop(_ENDED, None)
    request.session[_SIGNED_IN_AT] = request.session[_SEEN_AT] = now.timestamp()
    recent_sign_in.note(request.session, now)


def touch(session: SessionBase, now: datetime) -> None:
    """Note that the person did something."""
    if now - _moment(session, _SEEN_AT) >= _COARSE:
        session[_SEEN_AT] = now.timestamp()


def end_if_over(request: HttpRequest, now: datetime) -> None:
    """End a session whose time is up or that was ended elsewhere."""
    owner = request.session.get(auth.SESSION_KEY)
    reason = _reason(request, now) if owner else None
    if owner and reason:
        end(request, owner, reason)


def end(request: HttpRequest, owner: str, reason: Reason | None = None) -> None:
    """Sign out. What remains says whose the session was (a user's primary key as text), and why it ended."""
    auth.logout(request)
    request.session[_ENDED] = {"owner": owner, "reason": reason or ""}


def owner_of_ended(session: SessionBase) -> str:
    """Whose session it was that ended in this browser; empty if there was none, or somebody has signed in since."""
    owner: str = session.get(_ENDED, {}).get("owner", "")
    return owner


def take_reason(session: SessionBase) -> str:
    """Return, once, why the session in this browser ended, in words; empty if the person ended it."""
    ended = session.get(_ENDED, {})
    reason = ended.pop("reason", "")
    session.modified = session.modified or bool(reason)
    return str(Reason(reason).label) if reason else ""


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
