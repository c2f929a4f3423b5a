"""What nobody may do to an account, whoever asks and on whatever page: our own pages and Django's admin ask here.

Each reason is empty where there is none, and otherwise says in words why not.
"""

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import ADMINISTRATOR

Reason = Promise | str


class Refused(Exception):
    """Something that a person asked for is not done. `str` says why, for them."""


def administrators() -> QuerySet[User]:
    """Whoever can manage people now: by the role or as a superuser, and let in."""
    by_role = User.groups.through.objects.filter(group__name=ADMINISTRATOR)
    return User.objects.filter(Q(is_superuser=True) | Q(pk__in=by_role.values("user")), is_active=True)


def lock_administrators() -> None:
    """Let no other transaction change who is an administrator before this one ends. What a guard finds stays true."""
    list(administrators().order_by("pk").select_for_update(no_key=True).values_list("pk"))


def why_not_change(person: User, by: User) -> Reason:
    """Why `by` may change nothing of a person: setting a password is as good as being the person."""
    if person.is_superuser and not by.is_superuser:
        return _("Only a superuser changes a superuser.")
    return ""


def why_not_roles(person: User, by: User) -> Reason:
    """Why `by` may not change the roles of a person."""
    if person.pk == by.pk:
        return _("Your own roles are changed by another administrator.")
    return why_not_change(person, by)


def why_not_without(person: User) -> Reason:
    """Why a person must remain an administrator who is let in."""
    others = administrators().exclude(pk=person.pk)
    if administrators().filter(pk=person.pk).exists() and not others.exists():
        return _("This is the last administrator. Make somebody else one first.")
    return ""


def why_not_deactivate(person: User, by: User) -> Reason:
    """Why `by` may not deactivate a person."""
    if person.pk == by.pk:
        return _("You cannot deactivate yourself.")
    return why_not_change(person, by) or why_not_without(person)


def refuse_for(reason: Reason) -> None:
    """Raise Refused where there is a reason."""
    if reason:
        raise Refused(reason)
