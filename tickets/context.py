from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from connector.models import Connection


def sharing(request: HttpRequest) -> dict[str, object]:
    """Whether this person may share actions as tickets now, and if not, why. Asks the database only where a page
    needs it.
    """
    return {"sharing": SimpleLazyObject(lambda: _sharing(request))}


def _sharing(request: HttpRequest) -> dict[str, object]:
    if not request.user.has_perm("tickets.add_ticket"):
        return {
            "allowed": False,
            "reason": _("Your role does not create tickets. Ask a Security Administrator."),
        }
    if Connection.objects.current().first() is None:
        return {"allowed": False, "reason": _("ServiceNow is not connected yet.")}
    return {"allowed": True, "reason": ""}
