from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import m2m_changed
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import audit_labels

AUDIT_LABELS = {
    "person.added": pgettext_lazy("audit", "User added"),
    "person.changed": pgettext_lazy("audit", "User changed"),
    "person.deactivated": pgettext_lazy("audit", "User deactivated"),
    "person.handed_over": pgettext_lazy("audit", "Work of a user handed over"),
    "person.password_changed": pgettext_lazy("audit", "Own password changed"),
    "person.password_link_sent": pgettext_lazy("audit", "Link for a new password sent"),
    "person.password_reset": pgettext_lazy("audit", "Password reset"),
    "person.reactivated": pgettext_lazy("audit", "User let in again"),
    "person.roles_changed": pgettext_lazy("audit", "Roles changed"),
    "person.signed_out_everywhere": pgettext_lazy("audit", "Signed out everywhere"),
}


class AccountsConfig(AppConfig):
    """Who may do what, and what they did."""

    name = "accounts"
    verbose_name = _("People and roles")

    def ready(self) -> None:
        """Listen to what Django does by itself: signing in, and changing groups on any page or command. Register the
        app's permissions and audit labels.
        """
        from accounts import people, roles, sessions  # noqa: PLC0415  All need the models loaded.
        from accounts.models import User  # noqa: PLC0415

        user_logged_in.connect(sessions.begin, dispatch_uid="accounts.sessions.begin")
        for relation in (User.groups.through, User.user_permissions.through):
            m2m_changed.connect(
                people.role_changed, sender=relation, dispatch_uid=f"accounts.{relation.__name__}"
            )
        audit_labels.register(AUDIT_LABELS)
        roles.register(
            administrator=[
                "accounts.add_user",
                "accounts.change_user",
                "accounts.view_auditentry",
                "accounts.view_user",
                "auth.view_group",
            ]
        )
