from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from portal import audit_admin  # noqa: F401  Registers what it holds.

admin.site.site_header = admin.site.site_title = _("Scoredesk administration")
admin.site.index_title = _("People, records and logs")
# Django's Japanese for this is wrong (it says "not usable"); our catalogue comes before Django's.
BETTER_TRANSLATED = (_("None available"),)
