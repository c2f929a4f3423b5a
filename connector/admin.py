from django.contrib import admin

from accounts.read_only import ReadOnlyAdmin
from connector.models import Connection, Instance


@admin.register(Instance)
class InstanceAdmin(ReadOnlyAdmin):
    list_display = ("host", "last_contact_at", "last_error", "last_error_at", "broken_until", "calls_in_hour")
    list_filter = ("last_error",)
    search_fields = ("host",)


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin):
    list_display = ("instance", "grant", "status", "is_current", "integration_user_name", "authorized_at")
    list_filter = ("status", "grant")
    list_select_related = ("instance",)
    search_fields = ("instance__host", "integration_user_name", "client_id")
    exclude = ("renewing_by", "renewing_until")
