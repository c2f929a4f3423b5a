"""What pages are measured against, behind the same middleware: fifty rows in a bare table, and a bare CSV of all."""

import csv

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import Context, Template
from django.urls import path
from django.views.decorators.http import require_safe

from accounts.access import anyone_signed_in
from portal.urls import handler400, handler500
from portal.urls import urlpatterns as portals_own
from tickets.models import Ticket
from tickets.pages.export import COLUMNS

ROWS = 50
CHUNK = 1000
PAGE = """<!doctype html><title>Tickets</title><table>{% for row in rows %}
<tr><td>{{ row.number }}<td>{{ row.name }}<td>{{ row.kind }}<td>{{ row.priority }}<td>{{ row.created_at }}</tr>
{% endfor %}</table>"""


@anyone_signed_in
@require_safe
def plain(request: HttpRequest) -> HttpResponse:
    """Show the newest tickets, in their columns' stored values."""
    rows = Ticket.objects.order_by("-created_at").only("number", "name", "kind", "priority", "created_at")
    return HttpResponse(_template.render(Context({"rows": rows[:ROWS]})))


@anyone_signed_in
@require_safe
def plain_csv(request: HttpRequest) -> StreamingHttpResponse:
    """All tickets as a file, with the columns that the export reads, in their stored values."""
    rows = Ticket.objects.order_by("-created_at").values_list(*COLUMNS).iterator(CHUNK)
    writer = csv.writer(_Line())
    return StreamingHttpResponse((writer.writerow(row) for row in rows), content_type="text/csv")


class _Line:
    def write(self, line: str) -> str:
        return line


_template = Template(PAGE)
__all__ = ["handler400", "handler500"]
urlpatterns = [path("plain/", plain), path("plain.csv", plain_csv), *portals_own]
