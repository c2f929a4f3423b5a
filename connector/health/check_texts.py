"""What each check of a connection may find, in plain words: what that means, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from connector.health.error_help import OTHER, explain
from connector.health.tables import TABLES
from connector.models import CheckResult


class Verdict(models.TextChoices):
    """How a check ended."""

    PASSED = "passed", pgettext_lazy("connection check", "Passed")
    LIMITED = "limited", pgettext_lazy("connection check", "Works with limits")
    ATTENTION = "attention", pgettext_lazy("connection check", "Needs attention")
    UNKNOWN = "unknown", pgettext_lazy("connection check", "Not known")
    NOT_USED = "not_used", pgettext_lazy("connection check", "Not used")


TONES = {
    Verdict.PASSED: "success",
    Verdict.LIMITED: "warning",
    Verdict.ATTENTION: "danger",
    Verdict.UNKNOWN: "neutral",
    Verdict.NOT_USED: "neutral",
}


@dataclass(frozen=True)
class CheckText:
    """What a check found. `evidence` may name what was seen as %(seen)s."""

    verdict: Verdict
    evidence: Promise | str
    remedy: Promise | str = ""


def _passed(evidence: Promise) -> CheckText:
    return CheckText(Verdict.PASSED, evidence)


def _unknown(evidence: Promise, remedy: Promise | str = "") -> CheckText:
    return CheckText(Verdict.UNKNOWN, evidence, remedy)


_NOTHING_TO_DO = _("Nothing needs to be done.")
_GIVE_ROLE = _("Give the integration user the role itil, or the roles your organization uses in its place.")
_TABLE = {
    "worked": _passed(_("%(seen)s was created, read, updated and canceled.")),
    "readable": _passed(
        _(
            "Records can be read. Whether they can be created shows with the first ticket, or by the trial below."
        )
    ),
    "empty": _unknown(
        _("No record can be seen: there is none, or the integration user may not read them."),
        _("If there are records, give the integration user the role itil."),
    ),
    "left_open": CheckText(
        Verdict.LIMITED,
        _("A record was created, but ServiceNow did not let it be canceled: %(seen)s"),
        _("Cancel it in ServiceNow. If that is not wanted for integrations, nothing else needs to be done."),
    ),
    "unclear": CheckText(
        Verdict.ATTENTION,
        _("ServiceNow did not say whether it created the trial record."),
        _(
            "Look in ServiceNow for a record titled “Scoredesk connection check, nothing to do”, and cancel it."
        ),
    ),
    "forbidden": CheckText(
        Verdict.ATTENTION, _("The integration user may not do that: %(seen)s"), _GIVE_ROLE
    ),
}

TITLES: dict[str, Promise] = {
    "instance": _("The instance answers"),
    "user": _("Integration user"),
    "roles": _("Roles of the integration user"),
    **{name: table.title for name, table in TABLES.items()},
    "sys_id": _("Keeps the sys_id we choose"),
    "correlation_id": _("Keeps the correlation ID"),
    "journals": _("Work notes and comments"),
    "ranges": _("Range queries"),
    "labels": _("State names"),
    "mandatory": _("Mandatory fields"),
    "release": _("Release"),
    "clock": _("Clock"),
    "status_table": _("Status in ServiceNow"),
}
FINDINGS: dict[str, dict[str, CheckText]] = {
    "instance": {"answers": _passed(_("It is awake and answers the REST API."))},
    "user": {
        "known": _passed(_("Signed in as %(seen)s.")),
        "hidden": _unknown(
            _("The user may not read its own record, so ServiceNow does not say who it is."), _NOTHING_TO_DO
        ),
        "web_service_only": CheckText(
            Verdict.LIMITED,
            _("%(seen)s has web service access only and cannot sign in to a page again."),
            _("Clear “Web service access only” before the sign-in has to be renewed."),
        ),
    },
    "roles": {
        "known": _passed(_("It has %(seen)s.")),
        "admin": CheckText(
            Verdict.LIMITED,
            _("It has the role admin, which is more than the connection needs: %(seen)s."),
            _("Use an integration user with the role itil."),
        ),
        "hidden": _unknown(_("The user may not read its own roles."), _NOTHING_TO_DO),
        "empty": _unknown(
            _("ServiceNow shows the user no role: it has none, or it may not read them."), _GIVE_ROLE
        ),
        "unknown_user": _unknown(
            _("ServiceNow does not say who the user is, so its roles could not be looked up."), _NOTHING_TO_DO
        ),
    },
    **dict.fromkeys(TABLES, _TABLE),
    "sys_id": {
        "kept": _passed(_("A record gets the sys_id that the portal asks for.")),
        "replaced": CheckText(
            Verdict.LIMITED,
            _("The instance chooses sys_ids itself. Tickets are found by their correlation ID instead."),
            _NOTHING_TO_DO,
        ),
        "untried": _unknown(_("This shows only when a record is created."), _("Run the trial below.")),
    },
    "correlation_id": {
        "kept": _passed(_("A record keeps the correlation ID that the portal gives it.")),
        "lost": CheckText(
            Verdict.ATTENTION,
            _("A record does not keep its correlation ID."),
            _("Let the integration user write the field correlation_id of each table."),
        ),
        "untried": _unknown(_("This shows only when a record is created."), _("Run the trial below.")),
    },
    "journals": {
        "table": _passed(_("They can be read one by one from the table sys_journal_field.")),
        "record": CheckText(
            Verdict.LIMITED,
            _(
                "They show only in the records' own fields, as one text with the times of the integration user."
            ),
            _("To see who wrote what, let the integration user read the table sys_journal_field."),
        ),
        "hidden": CheckText(
            Verdict.ATTENTION,
            _(
                "The note that was written with the trial record shows neither in the table nor in the record."
            ),
            _(
                "Let the integration user write work notes, and read the table sys_journal_field or the fields"
                " work_notes and comments."
            ),
        ),
        "untried": _unknown(
            _("No note can be seen: there is none, or the integration user may not read them."),
            _("Run the trial below: it writes a note and looks for it."),
        ),
    },
    "ranges": {
        "allowed": _passed(_("Changes can be asked for by their time, so they show within minutes.")),
        "refused": CheckText(
            Verdict.LIMITED,
            _("Query rules refuse comparisons by time or sorting, so changes show with the next full look."),
            _("To see them sooner, allow query_range on the table task for the integration user."),
        ),
        "untried": _unknown(_("There is no record yet to try it with."), _("Run the checks again later.")),
    },
    "labels": {
        "sys_choice": _passed(_("They can be read in each language from the choice lists (sys_choice).")),
        "meta": _passed(_("They can be read in the integration user's language from the form layout.")),
        "display": CheckText(
            Verdict.LIMITED,
            _("Only the names of states that some record has can be read."),
            _("To see all of them, let the integration user read the table sys_choice."),
        ),
        "none": CheckText(
            Verdict.LIMITED,
            _("No way to read them is open. The portal shows its own names."),
            _("Let the integration user read the table sys_choice, or enter the names yourself."),
        ),
    },
    "mandatory": {
        "none": _passed(_("The dictionary demands no field that the portal does not fill in.")),
        "some": CheckText(
            Verdict.LIMITED,
            _("The dictionary calls these fields mandatory: %(seen)s."),
            _("If ServiceNow refuses tickets for that, map the fields to values or relax the rule."),
        ),
        "hidden": _unknown(
            _(
                "The user may not read the dictionary. ServiceNow names missing fields when it refuses a ticket."
            ),
            _NOTHING_TO_DO,
        ),
    },
    "release": {
        "known": _passed(_("ServiceNow says %(seen)s.")),
        "hidden": _unknown(_("The user may not read it."), _NOTHING_TO_DO),
    },
    "clock": {
        "close": _passed(_("It differs from ours by %(seen)s s.")),
        "far": CheckText(
            Verdict.LIMITED,
            _("It differs from ours by %(seen)s s."),
            _("Check the clock of this server; ServiceNow's own clock is kept right."),
        ),
        "hidden": _unknown(_("The instance does not tell the time."), _NOTHING_TO_DO),
    },
    "status_table": {
        "written": _passed(_("The connector app in ServiceNow shows the status of this connection.")),
        "absent": CheckText(
            Verdict.NOT_USED,
            _("The connector app is not installed there. The connection works without it."),
            _NOTHING_TO_DO,
        ),
        "unwritable": CheckText(
            Verdict.LIMITED,
            _("The connector app is installed, but the status could not be written there: %(seen)s"),
            _("Give the integration user the connector app's role."),
        ),
    },
}


@dataclass(frozen=True)
class CheckLine:
    """One check as a page shows it."""

    name: str
    title: Promise
    verdict: Verdict
    evidence: str
    remedy: str
    checked_at: datetime

    @property
    def tone(self) -> str:
        return TONES[self.verdict]


def found(result: CheckResult) -> CheckText:
    """What a stored result means; a check that an error ended is explained by that error."""
    known = FINDINGS.get(result.name, {}).get(result.finding)
    if known is not None:
        return known
    explanation = explain(result.finding) or OTHER
    return CheckText(Verdict.ATTENTION, explanation.what, explanation.next_step)


def lines(results: Iterable[CheckResult], last_error: str = "") -> list[CheckLine]:
    """Stored results as lines of a page, in the order of TITLES. Since a `last_error` the instance may not answer any
    more, whatever the check found before.
    """
    kept = {result.name: result for result in results}
    if last_error and "instance" in kept:
        kept["instance"].finding = last_error
    return [_line(kept[name], title) for name, title in TITLES.items() if name in kept]


def _line(result: CheckResult, title: Promise) -> CheckLine:
    finding = found(result)
    # Concatenated and not formatted where nothing was seen: a sentence may hold a per cent sign.
    evidence = str(finding.evidence)
    if "%(seen)s" in evidence:
        evidence = evidence % {"seen": result.seen}
    return CheckLine(result.name, title, finding.verdict, evidence, str(finding.remedy), result.checked_at)
