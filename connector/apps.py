from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import audit_labels

AUDIT_LABELS = {
    "servicenow.connected": pgettext_lazy("audit", "ServiceNow connected"),
    "servicenow.draft_discarded": pgettext_lazy("audit", "New ServiceNow connection discarded"),
    "servicenow.removed": pgettext_lazy("audit", "ServiceNow connection removed"),
    "servicenow.token_refused": pgettext_lazy("audit", "Sign-in refused by ServiceNow"),
}


class ConnectorConfig(AppConfig):
    name = "connector"
    verbose_name = _("ServiceNow connection")

    def ready(self) -> None:
        """Register the check of the keys, the app's permissions and its audit labels."""
        from accounts import roles  # noqa: PLC0415  It needs the models, which are loaded by now.
        from connector.access import key_checks  # noqa: F401, PLC0415  So does this.

        audit_labels.register(AUDIT_LABELS)
        roles.register(
            reader=["connector.view_connection"],
            security_administrator=["connector.manage_connection"],
            administrator=["connector.view_instance"],
        )
