"""The page that others are measured against: fifty rows in a bare table, behind the same middleware."""

from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path
from django.views.decorators.http import require_safe

from accounts.access import anyone_signed_in
from portal.urls import handler400, handler500
from portal.urls import urlpatterns as portals_own
from tickets.models import Ticket

ROWS = 50
PAGE = """<!doctype html><title>Tickets</title><table>{% for row in rows %}
<tr><td>{{ row.number }}<td>{{ row.name }}<td>{{ row.kind }}<td>{{ row.priority }}<td>{{ row.created_at }}</tr>
{% endfor %}</table>"""


@anyone_signed_in
@require_safe
def plain(request: HttpRequest) -> HttpResponse:
    """Show the newest tickets, in their columns' stored values."""
    rows = Ticket.objects.order_by("-created_at").only("number", "name", "kind", "priority", "created_at")
    return HttpResponse(_template.render(Context({"rows": rows[:ROWS]})))


_template = Template(PAGE)
__all__ = ["handler400", "handler500"]
urlpatterns = [path("plain/", plain), *portals_own]
