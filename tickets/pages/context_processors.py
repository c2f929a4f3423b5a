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
    is_connected = Connection.objects.current().exists()
    if not request.user.has_perm("tickets.add_ticket"):
        reason = _("Your role does not create tickets. Ask a Security Administrator.")
    else:
        reason = "" if is_connected else _("ServiceNow is not connected yet.")
    return {"allowed": not reason, "reason": reason, "is_connected": is_connected}
