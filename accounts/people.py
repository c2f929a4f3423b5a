"""What administrators, and people themselves, do to accounts. Each deed is in the audit log."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import guards, handover
from accounts.models import AuditEntry, User
from accounts.notices import LONGEST, Notice, NoticeType, notice_of
from accounts.roles import ADMINISTRATOR
from accounts.tasks import send_account_notice


def sign_out_everywhere(person: User, *, by: User) -> bool:
    """End every session of a person at its next request. Returns True. Raises Refused."""
    guards.refuse_for(guards.why_not_change(person, by))
    with transaction.atomic():
        person.end_sessions()
        AuditEntry.objects.record(actor=by, verb="person.signed_out_everywhere", target=person.username)
    return True


def deactivate(person: User, *, by: User, successor: User | None = None) -> bool:
    """Let a person in no more, at once, and give what they look after to a successor. Returns False when they were let
    in no more already. Raises Refused, for oneself among others, so that one administrator always remains.
    """
    with transaction.atomic():
        guards.lock_administrators()
        guards.refuse_for(guards.why_not_deactivate(person, by))
        if not _set_active(person, False, by):
            return False
        if successor:
            _hand_over(person, successor, by)
    return True


def hand_over(person: User, successor: User, *, by: User) -> bool:
    """Give what a deactivated person still looks after to somebody. Returns False when they were let in again
    meanwhile. Raises Refused.
    """
    with transaction.atomic():
        guards.lock_administrators()
        guards.refuse_for(guards.why_not_change(person, by))
        if User.objects.select_for_update(no_key=True).get(pk=person.pk).is_active:
            return False
        _hand_over(person, successor, by)
    return True


def reactivate(person: User, *, by: User) -> bool:
    """Let a person in again; their successor keeps the plans. Returns False when it was so already. Raises Refused."""
    guards.refuse_for(guards.why_not_change(person, by))
    return _set_active(person, True, by)


def add(person: User, roles: Iterable[str], *, by: User) -> None:
    """Give the account that was just made its roles, by the names of their groups, and note who added whom."""
    with transaction.atomic():
        person.groups.set(Group.objects.filter(name__in=roles))
        was_added(person, by=by)


def was_added(person: User, *, by: User) -> None:
    """Note who added whom with which roles, and let the other administrators know of a new one."""
    roles = roles_of(person)
    AuditEntry.objects.record(actor=by, verb="person.added", target=person.username, roles=roles)
    if ADMINISTRATOR in roles:
        tell_administrators(person, by=by)


def change_roles(person: User, roles: Iterable[str], *, by: User) -> bool:
    """Give a person these roles, by the names of their groups, and no others. Returns False when they had just these.
    Raises Refused.
    """
    with transaction.atomic():
        guards.lock_administrators()
        guards.refuse_for(guards.why_not_roles(person, by))
        wanted = sorted(roles)
        if ADMINISTRATOR not in wanted:
            guards.refuse_for(guards.why_not_without(person))
        before = roles_of(person)
        person.groups.set(Group.objects.filter(name__in=wanted))
        return roles_were_changed(person, before, by=by)


def roles_were_changed(person: User, before: list[str], *, by: User) -> bool:
    """Note who changed a person's roles from what to what, and tell the person, and the other administrators of a new
    one. Returns False when nothing changed.
    """
    after = roles_of(person)
    if before == after:
        return False
    AuditEntry.objects.record(
        actor=by, verb="person.roles_changed", target=person.username, before=before, after=after
    )
    tell(person, NoticeType.ROLES, by=by)
    if ADMINISTRATOR in after and ADMINISTRATOR not in before:
        tell_administrators(person, by=by)
    return True


def roles_of(person: User) -> list[str]:
    """The names of a person's groups, in order."""
    return sorted(person.groups.values_list("name", flat=True)) if person.pk else []


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
        changed = User.objects.filter(pk=person.pk, is_active=not active).update(
            is_active=active, successor=None
        )
        if changed != 1:
            return False
        person.end_sessions()
        verb = "person.reactivated" if active else "person.deactivated"
        AuditEntry.objects.record(actor=by, verb=verb, target=person.username)
    return True


def _hand_over(person: User, successor: User, by: User) -> None:
    # Who is given something must not go at the same moment.
    if not handover.who_may_take_over(person).select_for_update(no_key=True).filter(pk=successor.pk):
        raise guards.Refused(_("Whoever was to take over cannot do so anymore. Choose somebody else."))
    # What they had taken over from others goes the same way.
    User.objects.filter(Q(pk=person.pk) | Q(successor=person)).update(successor=successor)
    handover.hand_over(person, successor, by)
    AuditEntry.objects.record(
        actor=by, verb="person.handed_over", target=person.username, successor=successor.username
    )
    tell(successor, NoticeType.SUCCESSOR, by=by, about=person.get_username())


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
