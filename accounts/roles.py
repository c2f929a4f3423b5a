"""The three roles, as Django groups. Their names are Microsoft's; who holds one may do what the apps registered for it,
no more.
"""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.utils.translation import pgettext_lazy

READER = "Security Reader"
SECURITY_ADMINISTRATOR = "Security Administrator"
ADMINISTRATOR = "Administrator"
_IN_WORDS = {
    READER: pgettext_lazy("role", "Security Reader"),
    SECURITY_ADMINISTRATOR: pgettext_lazy("role", "Security Administrator"),
    ADMINISTRATOR: pgettext_lazy("role", "Administrator"),
}

_MEANINGS = {
    READER: pgettext_lazy("role", "Looks at Secure Score, tickets and the connection."),
    SECURITY_ADMINISTRATOR: pgettext_lazy(
        "role", "Also connects ServiceNow, and creates and changes tickets."
    ),
    ADMINISTRATOR: pgettext_lazy("role", "Also manages people, and sees records and logs."),
}

# What each role may do, filled by the apps (`register`). Each holds what the one before it holds.
ROLES: dict[str, list[str]] = {READER: [], SECURITY_ADMINISTRATOR: [], ADMINISTRATOR: []}


def register(
    *,
    reader: Iterable[str] = (),
    security_administrator: Iterable[str] = (),
    administrator: Iterable[str] = (),
) -> None:
    """Give the roles an app's permissions, as in `tickets.view_ticket`. Each app does so in its `AppConfig.ready`."""
    held: list[str] = []
    for name, more in zip(ROLES, (reader, security_administrator, administrator), strict=True):
        held += more
        ROLES[name] += held


def role_label(name: str) -> str:
    """Say a group's name in the reader's language, with the name itself, which is an identifier, behind it."""
    said = str(_IN_WORDS.get(name, name))
    return name if said == name else f"{said} ({name})"


def role_meaning(name: str) -> str:
    """Say in a sentence what somebody with a role may do."""
    return str(_MEANINGS[name])


def role_among(names: Iterable[str]) -> str:
    """Return the one role of several that says all: each holds what the one before it holds. Empty without any."""
    held = set(names)
    return next((name for name in reversed(ROLES) if name in held), "")


def sync_roles() -> None:
    """Make the groups hold exactly the permissions that the apps registered.

    Raises LookupError naming a permission that no model declares. Run after migrate: data migrations on an empty
    database run before Django has created any permission.
    """
    for name, labels in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(_permissions(labels))


def _permissions(labels: Iterable[str]) -> list[Permission]:
    wanted = Q()
    for label in labels:
        app, codename = label.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    found = list(Permission.objects.filter(wanted).select_related("content_type"))
    missing = set(labels) - {f"{p.content_type.app_label}.{p.codename}" for p in found}
    if missing:
        raise LookupError(f"no model declares {', '.join(sorted(missing))}")
    return found
