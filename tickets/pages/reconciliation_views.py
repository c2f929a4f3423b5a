"""Reconciliation: start a run, follow it, see what it found, and choose what is fixed."""

import re
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import PersonRequest
from accounts.sessions import polled
from connector.models import Connection
from tickets import tasks
from tickets.models import Finding, Reconciliation, StateName, TicketEvent
from tickets.models.choices import Delivery, Kind, NormalizedState
from tickets.models.reconciliation import Discrepancy
from tickets.pages.cards import record_address
from tickets.pages.timeline import told
from tickets.pages.views import may_change
from tickets.reconciliation import fixes
from tickets.reconciliation import run as reconcile
from tickets.records.provenance import Origin

# More of one kind are counted, and fixed by its button, but not shown.
SHOWN = 100
_ID = re.compile(r"[0-9]{1,19}")
_OLDER = gettext_lazy(
    "ServiceNow holds an older version than was mirrored: the instance may have been restored or cloned over."
)
_CHOICES: dict[Discrepancy, tuple[str | Promise, str | Promise]] = {
    Discrepancy.STALE: (
        gettext_lazy("The records have changed since they were last mirrored."),
        gettext_lazy("Mirror now"),
    ),
    Discrepancy.MISSING: (
        gettext_lazy(
            "ServiceNow no longer returns the records: they are gone, or hidden from the integration user."
        ),
        gettext_lazy("Mark as gone or hidden"),
    ),
    Discrepancy.UNLINKED: (
        gettext_lazy("The tickets count as not delivered, but their records are there."),
        gettext_lazy("Link to the record"),
    ),
    Discrepancy.DUPLICATE: (
        gettext_lazy(
            "Several records carry the key of one ticket. Of a ticket that is delivered, decide in ServiceNow which "
            "one goes on, and close the other there."
        ),
        gettext_lazy("Let me choose on the ticket's page"),
    ),
    Discrepancy.UNKNOWN: (
        gettext_lazy(
            "Records that look like ours belong to no ticket here. Leave them, or take them over as tickets."
        ),
        gettext_lazy("Take over as a ticket"),
    ),
}


@dataclass(frozen=True)
class FindingLine:
    """A finding with its words: what is to be told of it, the link that its record names, and the records."""

    finding: Finding
    kind: str | Promise
    ticket_url: str
    may_be_chosen: bool
    told: list[str]
    link: str
    links: list[str]


@dataclass(frozen=True)
class Group:
    """All findings of one kind."""

    discrepancy: Discrepancy
    explanation: str | Promise
    button: str | Promise
    count: int
    open: int
    lines: list[FindingLine]

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.lines)


@dataclass(frozen=True)
class Aside:
    """Tickets that a run did not compare."""

    words: str | Promise
    count: int
    url: str


@polled
@may_change
@require_safe
def reconciliation(request: PersonRequest) -> HttpResponse:
    """The newest run of the current instance, and what it found."""
    now = timezone.now()
    connection = Connection.objects.current().first()
    runs = Reconciliation.objects.select_related("asked_by", "instance")
    run = runs.filter(instance=connection.instance).first() if connection else None
    moving = run is not None and (run.is_under_way(now) or run.findings.chosen().exists())
    context = {
        "connection": connection,
        "run": run,
        "under_way": run is not None and run.is_under_way(now),
        "moving": moving,
        "groups": _groups(run) if run else [],
        "aside": _aside(run) if run else [],
    }
    template = "tickets/_reconciliation.html" if request.htmx else "tickets/reconciliation.html"
    return render(request, template, context)


@may_change
@require_POST
def start(request: PersonRequest) -> HttpResponse:
    """Have a worker compare everything."""
    connection = Connection.objects.current().first()
    if connection is None:
        messages.error(request, _("ServiceNow is not connected."))
    else:
        run = reconcile.start(connection.instance, by=request.user, now=timezone.now())
        _wake(tasks.reconcile_tickets, run.pk)
    return redirect("tickets:reconciliation")


@may_change
@require_POST
def fix_findings(request: PersonRequest, run: int, discrepancy: str) -> HttpResponse:
    """Have a worker fix one finding (`finding`), or all of a kind."""
    found = get_object_or_404(Reconciliation, pk=run)
    chosen = request.POST.get("finding")
    if discrepancy not in Discrepancy.values or not (chosen is None or _ID.fullmatch(chosen)):
        raise Http404
    count = fixes.choose(
        found,
        Discrepancy(discrepancy),
        by=request.user,
        now=timezone.now(),
        finding_id=None if chosen is None else int(chosen),
    )
    _wake(tasks.fix_findings, found.pk)
    said = ngettext("%(count)d finding is being fixed.", "%(count)d findings are being fixed.", count)
    messages.success(request, said % {"count": count}) if count else messages.info(
        request, _("There is nothing left to fix here.")
    )
    return redirect("tickets:reconciliation")


def _wake(task: Any, run_id: int) -> None:
    """Have a worker do it. Should the broker be down, the person presses again."""
    transaction.on_commit(lambda: task.delay(run_id), robust=True)


def _aside(run: Reconciliation) -> list[Aside]:
    """Return what a run did not compare, with the lists that show it."""
    words: dict[str, str | Promise] = {state.value: state.label for state in Delivery}
    words |= {"missing": NormalizedState.MISSING.label, "unread": _("Cannot be stored")}
    filters = {"missing": "status=missing", "unread": ""}
    address = f"{reverse('tickets:list')}?instance={run.instance_id}&"
    return [
        Aside(
            words.get(name, name),
            count,
            address + query if (query := filters.get(name, f"delivery={name}")) else "",
        )
        for name, count in run.aside.items()
    ]


def _groups(run: Reconciliation) -> list[Group]:
    counted = reconcile.counts(run)
    fixable = fixes.fixable(run)
    return [
        Group(
            discrepancy,
            *_CHOICES[discrepancy],
            count=counted[discrepancy],
            open=fixable.filter(discrepancy=discrepancy).count(),
            lines=_lines(run, discrepancy),
        )
        for discrepancy in Discrepancy
        if counted[discrepancy]
    ]


def _lines(run: Reconciliation, discrepancy: Discrepancy) -> list[FindingLine]:
    findings = list(run.findings.filter(discrepancy=discrepancy).select_related("ticket")[:SHOWN])
    fixable = set(fixes.fixable(run).filter(pk__in=[one.pk for one in findings]).values_list("pk", flat=True))
    names = list(run.instance.state_names.all())
    return [_line(run, one, names, may_be_chosen=one.pk in fixable) for one in findings]


def _line(
    run: Reconciliation, finding: Finding, names: list[StateName], *, may_be_chosen: bool
) -> FindingLine:
    kind, detail = Kind(finding.kind), finding.detail
    event = TicketEvent(type=TicketEvent.Type.CHANGED, detail=detail.get("changes", {}))
    [story] = told([event], kind, names)
    said = [str(change) for change in story.changes]
    if detail.get("is_older"):
        said.append(str(_OLDER))
    origin = detail.get("origin", "")
    if origin:
        said.append(str(Origin(origin).label))
    records = detail.get("records") or ([finding.sys_id] if finding.sys_id else [])
    kinds = detail.get("kinds", {})
    links = [record_address(run.instance, Kind(kinds.get(sys_id, kind)), sys_id) for sys_id in records]
    return FindingLine(
        finding,
        kind.label,
        finding.ticket.get_absolute_url() if finding.ticket else "",
        may_be_chosen,
        said,
        detail.get("link", "") if origin else "",
        [] if finding.discrepancy == Discrepancy.MISSING else links,
    )
