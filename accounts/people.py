"""What administrators, and people themselves, do to accounts. Each deed is in the audit log."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from accounts.models import AuditEntry, User
from accounts.notices import LONGEST, Notice, NoticeType, notice_of
from accounts.roles import ADMINISTRATOR
from accounts.tasks import send_account_notice


def sign_out_everywhere(person: User, *, by: User) -> bool:
    """End every session of a person at its next request. Returns True."""
    with transaction.atomic():
        person.end_sessions()
        AuditEntry.objects.record(actor=by, verb="person.signed_out_everywhere", target=person.username)
    return True


def deactivate(person: User, *, by: User) -> bool:
    """Let a person in no more, at once. Returns False for oneself, so that one administrator always remains, or when
    it was so already.
    """
    return person.pk != by.pk and _set_active(person, False, by)


def reactivate(person: User, *, by: User) -> bool:
    """Let a person in again. Returns False when it was so already."""
    return _set_active(person, True, by)


def tell(
    person: User,
    what: NoticeType,
    *,
    by: User | None,
    about: str = "",
    addresses: Iterable[str] | None = None,
) -> None:
    """Tell a person what happened to their account, on their pages and by mail (to these addresses, or to theirs).

    `by` is None where a link in a mail did it.
    """
    notice = Notice(what, timezone.now(), by.get_username() if by else "", about)
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=person.pk)
        row.notices = [*row.notices, notice.as_json()][-LONGEST:]
        row.save(update_fields=["notices"])
        _mail(row, notice, sorted({each for each in addresses or [row.email] if each}))


def _mail(person: User, notice: Notice, addresses: list[str]) -> None:
    if not addresses or not settings.HAS_MAIL_SERVER:
        return
    language = person.language or get_language() or settings.LANGUAGE_CODE

    def ask_a_worker() -> None:
        send_account_notice.delay(notice.as_json(), str(person), addresses, language)

    # robust: without a broker the pages still tell.
    transaction.on_commit(ask_a_worker, robust=True)


def tell_administrators(newcomer: User, *, by: User) -> None:
    """Tell every other administrator that there is one more: nobody gets helpers unseen."""
    others = User.objects.filter(is_active=True, groups__name=ADMINISTRATOR).exclude(pk=newcomer.pk)
    for person in others:
        tell(person, NoticeType.ADMINISTRATOR, by=by, about=newcomer.get_username())


def notices_were_read(person: User, until: datetime) -> None:
    """Show no more what a person has read: whatever happened until then."""
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=person.pk)
        row.notices = [data for data in row.notices if notice_of(data).at > until]
        row.save(update_fields=["notices"])


def _set_active(person: User, active: bool, by: User) -> bool:
    with transaction.atomic():
        if User.objects.filter(pk=person.pk, is_active=not active).update(is_active=active) != 1:
            return False
        person.end_sessions()
        verb = "person.reactivated" if active else "person.deactivated"
        AuditEntry.objects.record(actor=by, verb=verb, target=person.username)
    return True


def role_changed(
    instance: User | Group | Permission, action: str, reverse: bool, pk_set: set[int] | None, **kwargs: Any
) -> None:
    """End the sessions of whoever gets or loses a role, and open the administration to administrators only.

    Receives Django's signal `m2m_changed` for people's groups and single permissions, so that no way of changing them
    goes past it.
    """
    changed = action in ("post_add", "post_remove") and bool(pk_set)
    if isinstance(instance, User):
        if changed or action == "post_clear":
            _follow_roles(instance)
    elif changed:
        for person in User.objects.filter(pk__in=pk_set or ()):
            _follow_roles(person)
    elif action == "pre_clear":  # Afterwards nobody knows who was in it.
        for person in instance.user_set.all():
            _follow_roles(person, without=instance if isinstance(instance, Group) else None)


def _follow_roles(person: User, without: Group | None = None) -> None:
    roles = person.groups.exclude(pk=without.pk) if without else person.groups.all()
    person.is_staff = person.is_superuser or roles.filter(name=ADMINISTRATOR).exists()
    User.objects.filter(pk=person.pk).update(is_staff=person.is_staff)
    person.end_sessions()
