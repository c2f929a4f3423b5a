from typing import Any

from django.apps import AppConfig
from django.core.signals import request_finished
from django.db.models.signals import post_migrate
from django.utils.translation import pgettext_lazy

from accounts import audit_labels, request_id

AUDIT_LABELS = {
    "accounts.administrator_created": pgettext_lazy("audit", "Administrator created"),
}


class PortalConfig(AppConfig):
    """The composition root."""

    name = "portal"

    def ready(self) -> None:
        """Keep role groups and the demonstration's mark in step, end the trace of each request, register the checks and
        the audit label. All need the apps loaded.
        """
        from portal import checks  # noqa: F401, PLC0415
        from portal.demonstration import mark_new_database  # noqa: PLC0415
        from portal.roles import after_migrate  # noqa: PLC0415

        audit_labels.register(AUDIT_LABELS)
        request_finished.connect(forget_request, dispatch_uid="portal.forget_request")
        # Django tells apps with models only, in order: by the time of the last, every permission of a role exists.
        post_migrate.connect(after_migrate, sender=self)
        post_migrate.connect(mark_new_database, sender=self)


def forget_request(**kwargs: Any) -> None:
    """Whatever the thread does after the answer belongs to no request."""
    request_id.end()
