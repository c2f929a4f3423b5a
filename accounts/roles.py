"""The three roles, as Django groups. Their names are Microsoft's; who holds one may do what its list says, no more."""

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

_READ = [
    "connector.view_connection",
    "scorecard.view_actionplan",
    "scorecard.view_improvementaction",
    "scorecard.view_scoreday",
    "tickets.view_ticket",
]
_WORK = [
    "connector.manage_connection",
    "scorecard.change_actionplan",
    "scorecard.read_secure_score",
    "tickets.add_ticket",
    "tickets.change_ticket",
]
_ADMINISTER = [
    "accounts.add_user",
    "accounts.change_user",
    "accounts.view_auditentry",
    "accounts.view_user",
    "auth.view_group",
    "connector.view_instance",
    "scorecard.view_controlscoreday",
    "scorecard.view_importstate",
    "tickets.view_changetemplate",
    "tickets.view_fieldmapping",
    "tickets.view_fieldtrial",
    "tickets.view_pushattempt",
    "tickets.view_reconciliation",
    "tickets.view_statename",
    "tickets.view_ticketcomment",
    "tickets.view_ticketevent",
    "tickets.view_ticketnote",
]

ROLES: dict[str, list[str]] = {
    READER: _READ,
    SECURITY_ADMINISTRATOR: _READ + _WORK,
    ADMINISTRATOR: _READ + _WORK + _ADMINISTER,
}


def role_label(name: str) -> str:
    """Say a group's name in the reader's language, with the name itself, which is an identifier, behind it."""
    said = str(_IN_WORDS.get(name, name))
    return name if said == name else f"{said} ({name})"


def sync_roles() -> None:
    """Make the groups hold exactly the permissions above.

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
