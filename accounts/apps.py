from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Who may do what, and what they did."""

    name = "accounts"
    verbose_name = _("People and roles")
