from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEntry, User
from accounts.read_only import ReadOnlyAdmin


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Django's own, with the columns of ours."""

    fieldsets = (
        *(DjangoUserAdmin.fieldsets or ()),
        (_("Microsoft Entra"), {"fields": ("tenant_id", "object_id")}),
        (_("Preferences"), {"fields": ("language",)}),
    )
    readonly_fields = ("last_login", "date_joined")
    list_display = ("username", "email", "last_login", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "groups")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """A log that can be edited proves nothing."""

    list_display = ("at", "actor_name", "verb", "target")
    list_filter = ("verb",)
    search_fields = ("actor_name", "target")
    date_hierarchy = "at"
