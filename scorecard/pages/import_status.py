"""What pages say about reading Secure Score: how old the score is, what went wrong, and what to do about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin

from accounts import live_pages
from scorecard.importing.graph_client import REQUIRED, missing_settings
from scorecard.importing.unread import sentence
from scorecard.models.import_failure import ADVICE, Failure
from scorecard.models.import_state import ImportState
from scorecard.pages.expiry import Expiry, expiry
from scorecard.pages.score_days import DayColumns

# Microsoft calculates once a day: by then one was left out, or nobody read it.
OLD_AFTER = timedelta(days=2)
# It is read every six hours: by then four readings failed to happen.
UNREAD_AFTER = timedelta(hours=24)
PERMISSION = "scorecard.read_secure_score"

Person = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, slots=True)
class ImportStatus:
    """How reading goes, for one person. `missing` names the settings without which Graph cannot be asked."""

    state: ImportState
    missing: list[str]
    calculated_at: datetime | None
    may_read: bool
    now: datetime

    @property
    def is_set_up(self) -> bool:
        """Whether somebody meant Graph to be read."""
        return len(self.missing) < len(REQUIRED)

    @property
    def failure(self) -> Failure | None:
        """What went wrong when it was last tried; None where that succeeded."""
        if self.missing and self.is_set_up:
            return Failure.NOT_CONFIGURED
        known = self.state.failure in Failure.values
        # Where Graph is no longer read, what it said last is no news.
        if not known or not (self.is_set_up or self.state.failure == Failure.DOCUMENT):
            return None
        return Failure(self.state.failure)

    @property
    def advice(self) -> str:
        """What to check, for whoever may change it."""
        return advice_on(self.failure) if self.failure else ""

    @property
    def expiry(self) -> Expiry | None:
        """What of the sign-in is about to expire, for whoever may do something about it."""
        return expiry(self.now) if self.may_read else None

    @property
    def detail(self) -> str:
        """What the import or Microsoft said itself, in English."""
        if self.missing and self.is_set_up:
            return f"Not set: {', '.join(self.missing)}."
        return self.state.detail

    @property
    def left_out(self) -> list[str]:
        """What of the last import could not be understood, in the reader's language."""
        return [sentence(told) for told in self.state.left_out]

    @property
    def days_old(self) -> int:
        """The age of the score in days where it is too old to be today's, else 0."""
        age = self.now - self.calculated_at if self.calculated_at else timedelta(0)
        return age.days if age >= OLD_AFTER else 0

    @property
    def days_unread(self) -> int:
        """For how many days nobody even tried to read it, else 0."""
        tried_at = self.state.started_at
        age = self.now - tried_at if tried_at and self.is_set_up else timedelta(0)
        return age.days if age >= UNREAD_AFTER else 0

    @property
    def is_under_way(self) -> bool:
        """Whether somebody is importing."""
        return self.state.is_under_way(self.now)

    @property
    def is_busy(self) -> bool:
        """Whether there will be news by itself."""
        return self.is_under_way or self.state.is_awaited(self.now)

    @property
    def step(self) -> str:
        """What the import does now, in the reader's language; empty where it does not say."""
        step = self.state.step
        return (
            str(ImportState.Step(step).label) if self.is_under_way and step in ImportState.Step.values else ""
        )

    @property
    def step_number(self) -> int:
        """Which of the `steps` that is, from 1; 0 where it does not say."""
        return ImportState.Step.values.index(self.state.step) + 1 if self.step else 0

    @property
    def steps(self) -> int:
        """How many steps an import has."""
        return len(ImportState.Step)

    @property
    def mark(self) -> str:
        """What tells a page that it shows this already."""
        return live_pages.mark_of(self.is_under_way, self.step, self.state.days_read)

    @property
    def has_button(self) -> bool:
        """Whether this person can have it read now."""
        return self.may_read and not self.missing and not self.is_busy


def advice_on(failure: Failure) -> str:
    """What to check about a failure, for whoever may change it."""
    return str(ADVICE[failure]) % {"microsoft": f"{settings.ENTRA_URL}, {settings.GRAPH_URL}"}


def import_status(person: Person, day: DayColumns | None, now: datetime) -> ImportStatus:
    """Say how reading goes to a person. `day` is the newest one that is stored. One query."""
    return import_status_by(ImportState.current(), person, day, now)


def import_status_by(
    state: ImportState, person: Person, day: DayColumns | None, now: datetime
) -> ImportStatus:
    """Say it, where `state` was read before."""
    return ImportStatus(
        state=state,
        missing=missing_settings(),
        calculated_at=day.calculated_at if day else None,
        may_read=isinstance(person, PermissionsMixin) and person.has_perm(PERMISSION),
        now=now,
    )
