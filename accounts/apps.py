from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import m2m_changed
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Who may do what, and what they did."""

    name = "accounts"
    verbose_name = _("People and roles")

    def ready(self) -> None:
        """Listen to what Django does by itself: signing in, and changing groups on any page or command."""
        from accounts import people, sessions  # noqa: PLC0415  Both need the models loaded.
        from accounts.models import User  # noqa: PLC0415

        user_logged_in.connect(sessions.begin, dispatch_uid="accounts.sessions.begin")
        for relation in (User.groups.through, User.user_permissions.through):
            m2m_changed.connect(
                people.role_changed, sender=relation, dispatch_uid=f"accounts.{relation.__name__}"
            )
