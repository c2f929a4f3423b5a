from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PortalConfig(AppConfig):
    """The composition root."""

    name = "portal"

    def ready(self) -> None:
        """Keep the role groups in step with the code, and register the system checks. Both need the apps loaded."""
        from portal import checks  # noqa: F401, PLC0415
        from portal.roles import after_migrate  # noqa: PLC0415

        # Django tells apps with models only, in order; tickets is the last, so every permission exists by then.
        post_migrate.connect(after_migrate, sender=self.apps.get_app_config("tickets") if self.apps else None)
