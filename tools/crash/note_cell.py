"""One cell: a work note is written into a ticket's journal by processes that die at one point, under one outcome."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from celery import Task
from django.db import connections
from django.utils import timezone

from accounts.models import User
from tickets import tasks
from tickets.delivery import comments
from tickets.delivery.push import push
from tickets.models import Ticket, TicketComment
from tickets.models.comments import CommentState, Element
from tools.crash.cell import Cell, Rig, Story
from tools.crash.points import SEND, Moment, Point
from tools.crash.processes import run
from tools.crash.template import share_as_person

INTENT = "tickets.delivery.comments.intent_stored"
_SENT = Moment(SEND, INTENT, 2, 1.0)
NOTE_POINTS = (
    Point("nowhere, work note", wakes=False),
    Point("work note claimed", worker=(Moment("tickets.delivery.comments.claimed"),), wakes=False),
    Point("work note, intent stored", worker=(Moment(INTENT),), wakes=False),
    Point("work note, connecting", worker=(Moment("socket.connect", INTENT),), wakes=False),
    Point("work note, head sent", worker=(Moment(SEND, INTENT, 2),), wakes=False),
    Point("work note, half the body sent", worker=(Moment(SEND, INTENT, 2, 0.5),), wakes=False),
    Point("work note sent, no answer", worker=(_SENT,), wakes=False),
    Point("work note answered, not stored",
          worker=(Moment("tickets.delivery.comments.answered"),), wakes=False),
    Point("work note looked for, not settled",
          worker=(_SENT, Moment("tickets.delivery.comments.looked")), wakes=False),
)  # fmt: skip


@dataclass(frozen=True)
class NoteCell(Cell):
    """A point and an outcome of the call that adds a work note; its text carries the key that it is counted by."""

    @property
    def sweep(self) -> Task:
        """What finds whatever is due."""
        return tasks.send_comments

    def _play(self, rig: Rig, folder: Path, story: Story) -> None:
        story.is_note = True
        key = UUID(story.ticket_id)
        if run(partial(_write_note, key), folder / "web.log"):
            raise RuntimeError((folder / "web.log").read_text())
        self.outcome.arm(rig.sandbox, key, rig.pace, "table", "PATCH")
        story.deaths_missing = self._deliver(key, folder, rig)
        story.deaths = len(self.point.worker) - story.deaths_missing
        comment = TicketComment.objects.get(pk=key)
        story.delivery, story.problem, story.attempts = (
            comment.state,
            comment.last_problem,
            str(comment.attempts),
        )

    def _is_settled(self, key: UUID) -> bool:
        try:
            return not TicketComment.objects.filter(pk=key, state=CommentState.WAITING).exists()
        finally:
            connections.close_all()


def _write_note(key: UUID) -> None:
    """Have a delivered ticket, and somebody write about it."""
    ticket_id = uuid4()
    share_as_person(ticket_id)
    push(ticket_id)
    ticket = Ticket.objects.get(pk=ticket_id)
    now = timezone.now()
    comments.write(key, ticket, f"Note {key}", Element.WORK_NOTES, by=User.objects.get(), now=now)
