"""What somebody typed into a form that could not be taken, because their sign-in had ended or changed meanwhile.

It waits in the session (nobody's yet, or theirs) until the same person opens the same form again, at most a quarter of
an hour, and is shown once. Secrets and files are not kept. See docs/decisions/0005-what-was-typed-is-kept.md.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django import forms
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.utils import timezone

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

LIFETIME = timedelta(minutes=15)
LONGEST = 64 * 1024
_KEY = "kept_form"
_SECRET = re.compile("secret|password|token|key", re.IGNORECASE)


def keeps_typed(view: View) -> View:
    """Mark a form's view that calls `put_back` or `take` when it shows the form."""
    view.__dict__["keeps_typed"] = True
    return view


def keep(
    request: HttpRequest,
    view: Callable[..., Any],
    owner: str,
    now: datetime,
    *,
    until_confirmed: bool = False,
) -> bool:
    """Keep what was sent for its owner (a user's primary key as text). Returns False when there is nothing to keep.

    `until_confirmed` says that the sign-in goes on, and only a proof of who is there is missing.
    """
    if request.method != "POST" or not getattr(view, "keeps_typed", False):
        return False
    typed = request.POST.copy()
    for name in list(typed):
        if _SECRET.search(name):
            del typed[name]
    text = typed.urlencode()
    if len(text) > LONGEST:
        return False
    request.session[_KEY] = {
        "owner": owner,
        "path": request.get_full_path(),
        "typed": text,
        "at": now.timestamp(),
        "until_confirmed": until_confirmed,
    }
    return True


def take(request: HttpRequest) -> QueryDict | None:
    """Return, once, what was kept for this person and address, for a page that is more than a form."""
    found = _found(request)
    return QueryDict(found["typed"]) if found else None


def restore(request: HttpRequest, form: forms.BaseForm) -> bool:
    """Fill an unsent form with what was kept for this person and address. Returns False when nothing was."""
    found = None if form.is_bound else _found(request)
    if found is None:
        return False
    typed = QueryDict(found["typed"])
    for name, field in form.fields.items():
        if not isinstance(field.widget, forms.PasswordInput | forms.FileInput) and not _SECRET.search(name):
            form.initial[name] = field.widget.value_from_datadict(typed, {}, form.add_prefix(name))
    # For the template that says so.
    form.was_kept = "confirmed" if found["until_confirmed"] else "signed in"  # type: ignore[attr-defined]
    return True


def _found(request: HttpRequest) -> dict[str, Any] | None:
    """Take what waits for this person and address out of the session."""
    found: dict[str, Any] | None = request.session.get(_KEY)
    if not found or found["path"] != request.get_full_path():
        return None
    del request.session[_KEY]
    too_old = timezone.now().timestamp() - found["at"] > LIFETIME.total_seconds()
    return None if too_old or found["owner"] != str(request.user.pk) else found


def hand_over(session: SessionBase, owner: str) -> None:
    """Drop what waits for somebody else than the person who has just signed in."""
    if session.get(_KEY, {}).get("owner", owner) != owner:
        del session[_KEY]
