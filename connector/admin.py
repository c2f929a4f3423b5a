from django.conf import settings
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.read_only import ReadOnlyAdmin
from connector.models import Connection, Instance


@admin.register(Instance)
class InstanceAdmin(ReadOnlyAdmin):
    list_display = (
        "host",
        "last_contact_at",
        "last_error",
        "last_error_at",
        "circuit_open_until",
        "calls_made",
    )
    list_filter = ("last_error",)
    search_fields = ("host",)
    # How they are counted is no reading for people; how many they are is.
    exclude = ("calls_slot_at", "calls_in_hour", "calls_earlier")
    readonly_fields = ("calls_made",)

    @admin.display(description=_("calls in the last 60 minutes"))
    def calls_made(self, instance: Instance) -> str:
        """As the connection's page tells it."""
        return _("%(made)s of %(most)s") % {
            "made": instance.calls_made(timezone.now()),
            "most": settings.API_CALLS_PER_HOUR,
        }


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin):
    list_display = ("instance", "grant", "status", "is_current", "integration_user_name", "authorized_at")
    list_filter = ("status", "grant")
    list_select_related = ("instance",)
    search_fields = ("instance__host", "integration_user_name", "client_id")
    exclude = ("claim_token", "claimed_until")
