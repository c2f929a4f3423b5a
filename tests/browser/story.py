"""What a portal looks like after weeks of use: connected, with tickets in every state.

Runs in a process of its own beside a running portal (`Portal.live_in`) and prints the addresses of what it made as
JSON. Tickets go to the sandbox through the portal's own workers; only what nobody can bring about in seconds is
written into the database.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import django
import requests

from portal.run import demo_settings

os.environ.update(demo_settings())
django.setup()

from django.core.management import call_command  # noqa: E402
from django.urls import reverse  # noqa: E402

from accounts import people  # noqa: E402
from accounts.models import User  # noqa: E402
from connector.access import client_factory  # noqa: E402
from connector.models import Connection, Instance  # noqa: E402
from scorecard.models import ActionPlan, ImprovementAction  # noqa: E402
from tests.sandbox_process import CLIENT  # noqa: E402
from tickets.actions.discard import discard  # noqa: E402
from tickets.actions.link import Reason, unlink  # noqa: E402
from tickets.actions.share import TicketRequest, share  # noqa: E402
from tickets.models import Ticket, TicketComment  # noqa: E402
from tickets.models.backoff import AttemptResult  # noqa: E402
from tickets.models.choices import Category, Delivery, Kind, Priority, Source  # noqa: E402
from tickets.models.comments import CommentState  # noqa: E402
from tickets.reconciliation import run  # noqa: E402
from tickets.records.payload import MARKERS  # noqa: E402

SANDBOX = f"http://127.0.0.1:{os.environ['SANDBOX_PORT']}"
PATIENCE = 90
# All are shared at once.
BATCH = uuid4()
CATEGORIES = {"Identity": Category.IDENTITY, "Data": Category.DATA, "Device": Category.DEVICES}
# name -> kind, priority, days until it is due, what its record is changed to inside ServiceNow.
IN_SERVICENOW: dict[str, tuple[Kind, Priority, int | None, dict[str, str]]] = {
    "new": (Kind.CHANGE_REQUEST, Priority.HIGH, 21, {}),
    "overdue": (Kind.CHANGE_REQUEST, Priority.CRITICAL, -3, {"state": "-4"}),
    "scheduled": (Kind.CHANGE_REQUEST, Priority.MODERATE, 9, {"state": "-2"}),
    "on_hold": (Kind.CHANGE_REQUEST, Priority.MODERATE, 30, {"on_hold": "true", "on_hold_reason": "Vendor"}),
    "closed": (
        Kind.CHANGE_REQUEST,
        Priority.LOW,
        12,
        {"state": "3", "close_code": "successful", "close_notes": "Policy is on for everybody since this morning."},
    ),
    "failed": (
        Kind.CHANGE_REQUEST,
        Priority.LOW,
        12,
        {"state": "3", "close_code": "unsuccessful", "close_notes": "Rolled back: two lines could not sign in."},
    ),
    "in_progress": (Kind.INCIDENT, Priority.CRITICAL, 2, {"state": "2"}),
    "incident_overdue": (Kind.INCIDENT, Priority.HIGH, -1, {"state": "2"}),
    "resolved": (Kind.INCIDENT, Priority.MODERATE, 5, {"state": "6", "close_notes": "Done."}),
    "planning": (Kind.INCIDENT, Priority.PLANNING, None, {}),
    "gone": (Kind.INCIDENT, Priority.LOW, 7, {}),
    "unlinked": (Kind.INCIDENT, Priority.MODERATE, 14, {}),
}  # fmt: skip


def main() -> None:
    """Tell the story and print where its pages are; with `connect` as its argument, end after that."""
    connection = connect()
    if sys.argv[1:] == ["connect"]:
        return
    actions = iter(ImprovementAction.objects.filter(is_scored=True, max_score__gt=0).order_by("rank"))
    tickets = {
        name: ask(next(actions), kind, priority, due_in)
        for name, (kind, priority, due_in, _) in IN_SERVICENOW.items()
    }
    wait_until("all tickets are delivered", lambda: not Ticket.objects.undelivered().exists())
    # ServiceNow's clock has no fractions: a change within the second of the creation would seem to come before it.
    time.sleep(1.1)
    for name, (_, _, _, changes) in IN_SERVICENOW.items():
        tickets[name].refresh_from_db()
        work_in_servicenow(tickets[name], changes, delete=name == "gone")
    call_command("poll_tickets", "--sweep")
    tickets["unlinked"].refresh_from_db()
    unlink(tickets["unlinked"], Reason.MOVED, by=secadmin(), now=datetime.now(UTC))
    disagree(connection.instance, tickets["scheduled"])
    # What the reconciliation found is in its list; the pages themselves are to stand still from here on.
    call_command("poll_tickets", "--sweep")
    tickets |= not_delivered(actions, connection.instance)
    plan(tickets["overdue"])
    write_notes(tickets["on_hold"])
    addresses = {name: ticket.get_absolute_url() for name, ticket in tickets.items()}
    action = tickets["overdue"].action
    assert action
    unshared = next(actions)
    addresses |= {
        "action": action.get_absolute_url(),
        "unshared": unshared.get_absolute_url(),
        "unshared_id": unshared.control_id,
        "shared_id": action.control_id,
        "ticket_id": str(tickets["overdue"].pk),
        "in_progress_number": tickets["in_progress"].number,
        "batch": reverse("tickets:batch", args=[BATCH]),
        "leaver": leaver(unshared).get_absolute_url(),
    }
    sys.stdout.write(json.dumps(addresses) + "\n")


def leaver(action: ImprovementAction) -> User:
    """Somebody who left, from whom nobody has taken over."""
    person = User.objects.create_user("mio", "mio@aozora.example", first_name="Mio", last_name="Sato")
    ActionPlan.objects.create(action=action, status="planned", owner=person)
    people.deactivate(person, by=User.objects.get(username="admin"))
    return person


def connect() -> Connection:
    """Connect the sandbox by client credentials."""
    now = datetime.now(UTC)
    instance, _ = Instance.objects.get_or_create(host=SANDBOX.removeprefix("http://"))
    connection = Connection.objects.create(
        instance=instance,
        grant=Connection.Grant.CLIENT_CREDENTIALS,
        status=Connection.Status.CONNECTED,
        is_current=True,
        client_id=CLIENT[0],
        authorized_at=now,
        authorized_by=secadmin(),
        integration_user_name="m365.integration",
        integration_user_label="M365 Integration",
    )
    client_factory.keep_client_secret(connection, CLIENT[1])
    return connection


def ask(action: ImprovementAction, kind: Kind, priority: Priority, due_in: int | None) -> Ticket:
    """Share an action as the dialog would; its due day lies `due_in` days ahead."""
    now = datetime.now(UTC)
    ticket_request = TicketRequest(
        kind=kind,
        name=action.title[:160],
        description=f"{action.description or action.title}\n\nPlease report back in this ticket.",
        priority=priority,
        due_on=None if due_in is None else now.date() + timedelta(days=due_in),
        recommendation_source=Source.MICROSOFT,
        recommendation_category=CATEGORIES.get(action.category, Category.APPS),
        is_extra=False,
    )
    instance = Instance.objects.get(host=SANDBOX.removeprefix("http://"))
    return share(
        uuid4(), ticket_request, by=secadmin(), instance=instance, action=action, batch=BATCH, now=now
    )


def work_in_servicenow(ticket: Ticket, changes: dict[str, str], *, delete: bool) -> None:
    """Change or delete a ticket's record as somebody inside ServiceNow would."""
    address = f"{SANDBOX}/_sandbox/records/{ticket.kind}"
    if delete:
        requests.delete(f"{address}/{ticket.sys_id}", timeout=10).raise_for_status()
    elif changes:
        requests.post(address, json={"sys_id": ticket.sys_id, **changes}, timeout=10).raise_for_status()


def disagree(instance: Instance, changed: Ticket) -> None:
    """Have a reconciliation find a record that changed, and one of another deployment."""
    work_in_servicenow(changed, {"state": "-1"}, delete=False)
    stranger = {
        "short_description": "Block legacy authentication",
        "correlation_id": str(uuid4()),
        "correlation_display": MARKERS[Kind.INCIDENT],
        "description": "Link: https://other.example/tickets/1/",
    }
    requests.post(f"{SANDBOX}/_sandbox/records/incident", json=stranger, timeout=10).raise_for_status()
    run.carry_out(run.start(instance, by=secadmin(), now=datetime.now(UTC)).pk)


def not_delivered(actions: Iterable[ImprovementAction], instance: Instance) -> dict[str, Ticket]:
    """Add tickets without a record of their own: refused, found twice, not answered, waiting, given up; and history."""
    fault = {"kind": "business_rule_abort", "route": "table", "method": "POST", "times": 1}
    requests.post(f"{SANDBOX}/_sandbox/faults", json=fault, timeout=10).raise_for_status()
    actions = iter(actions)
    attention = ask(next(actions), Kind.CHANGE_REQUEST, Priority.HIGH, 4)
    wait_until("one is refused", lambda: Ticket.objects.filter(delivery=Delivery.ATTENTION).exists())
    later = datetime.now(UTC) + timedelta(hours=2)
    tickets = {"attention": attention}
    for name in ("waiting", "discarded"):
        action = next(actions)
        columns = {
            **_columns(attention),
            "name": action.title[:160],
            "action": action,
            "next_attempt_at": later,
        }
        tickets[name] = Ticket.objects.create(**columns, last_result=AttemptResult.UNREACHABLE)
        now = datetime.now(UTC)
        tickets[name].push_attempts.create(started_at=now, ended_at=now, result=AttemptResult.UNREACHABLE)
    tickets["conflict"] = found_twice(next(actions), attention)
    discard(tickets["discarded"], by=secadmin(), now=datetime.now(UTC))
    return tickets | unusual(actions, attention)


def unusual(actions: Iterator[ImprovementAction], like: Ticket) -> dict[str, Ticket]:
    """Add one that no look-up would find, and one of an instance that was connected once."""
    before = datetime.now(UTC) - timedelta(days=40)
    action = next(actions)
    columns = {**_columns(like), "name": action.title[:160], "action": action}
    unanswered = Ticket.objects.create(
        **columns, delivery=Delivery.ATTENTION, last_result=AttemptResult.UNVERIFIABLE, sent_at=before
    )
    action = next(actions)
    former = Instance.objects.create(host="former.service-now.com")
    columns = {**_columns(like), "name": action.title[:160], "action": action, "instance": former}
    earlier = Ticket.objects.create(
        **columns,
        delivery=Delivery.DELIVERED,
        sys_id="f" * 32,
        number="CHG0030999",
        state="-4",
        normalized_state="in_progress",
    )
    # They are old: the home page's cards show what was asked last.
    Ticket.objects.filter(pk__in=[unanswered.pk, earlier.pk]).update(created_at=before)
    return {"unanswered": unanswered, "earlier": earlier}


def write_notes(ticket: Ticket) -> None:
    """Write a work note that is on its way into the journal, and one of which nobody knows whether it arrived."""
    now = datetime.now(UTC)
    for minutes, text, columns in (
        (50, "Who owns the shared mailboxes?", {"state": CommentState.UNCERTAIN, "sent_at": now}),
        (1, "Asked the vendor again.", {"state": CommentState.DELIVERED, "delivered_at": now}),
    ):
        columns["record_sys_id"] = ticket.sys_id
        note = TicketComment.objects.create(ticket=ticket, text=text, author=secadmin(), **columns)
        TicketComment.objects.filter(pk=note.pk).update(created_at=now - timedelta(minutes=minutes))


def found_twice(action: ImprovementAction, like: Ticket) -> Ticket:
    """Add a ticket of which ServiceNow holds two records."""
    columns = {**_columns(like), "name": action.title[:160], "action": action}
    ticket = Ticket.objects.create(**columns, delivery=Delivery.CONFLICT, last_result=AttemptResult.CONFLICT)
    row = {"short_description": ticket.name, "correlation_id": str(ticket.pk)}
    made = [
        requests.post(f"{SANDBOX}/_sandbox/records/{ticket.kind}", json=row, timeout=10) for _ in range(2)
    ]
    ticket.last_problem = ", ".join(answer.json()["record"]["number"] for answer in made)
    ticket.save()
    return ticket


def _columns(ticket: Ticket) -> dict[str, Any]:
    names = ("instance", "kind", "description", "priority", "due_on", "requested_by")
    more = ("recommendation_source", "recommendation_category")
    return {name: getattr(ticket, name) for name in names + more}


def plan(ticket: Ticket) -> None:
    """Write an action plan as a person would."""
    ActionPlan.objects.update_or_create(
        action=ticket.action,
        defaults={"notes": "Pilot with the finance department first.", "tags": ["quarter 4", "audit"]},
    )


def secadmin() -> User:
    """The demonstration's Security Administrator."""
    return User.objects.get(username="secadmin")


def wait_until(what: str, holds: Callable[[], bool]) -> None:
    """Wait for the workers. Raises TimeoutError when they take too long."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.2)


if __name__ == "__main__":
    main()
