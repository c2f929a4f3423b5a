"""What administrators, and people themselves, do to accounts. Each deed is in the audit log."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts.models import AuditEntry, User
from accounts.roles import ADMINISTRATOR


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
