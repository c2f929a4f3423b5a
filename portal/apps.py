from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PortalConfig(AppConfig):
    """The composition root."""

    name = "portal"

    def ready(self) -> None:
        """Keep role groups and the demonstration's mark in step, register the checks. All need the apps loaded."""
        from portal import checks  # noqa: F401, PLC0415
        from portal.demonstration import mark_new_database  # noqa: PLC0415
        from portal.roles import after_migrate  # noqa: PLC0415

        # Django tells apps with models only, in order: by the time of tickets, every permission of a role exists.
        post_migrate.connect(after_migrate, sender=self.apps.get_app_config("tickets") if self.apps else None)
        post_migrate.connect(mark_new_database, sender=self)
