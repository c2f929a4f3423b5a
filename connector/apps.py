from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConnectorConfig(AppConfig):
    name = "connector"
    verbose_name = _("ServiceNow connection")

    def ready(self) -> None:
        """Register the check of the keys."""
        from connector import checks  # noqa: F401, PLC0415  It needs the models, which are loaded by now.
