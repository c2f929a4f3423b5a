"""Mandatory fields, learnt from the instance's own refusals: a careful customer lets nobody read its dictionary."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from connector.models import Instance
from tickets.models import FieldTrial, Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery, Kind
from tickets.models.field_mapping import FIELD_NAME, RESERVED, SENT

# ServiceNow documentation, "Data policy": the refusal lists the fields by their labels.
_MANDATORY = re.compile(r"fields? (?:is|are) mandatory: ([^.;]+)", re.IGNORECASE)
_LOOKED_AT = 50
# Labels and names of columns in the base system (ServiceNow product documentation, tables `task`, `change_request` and
# `incident`). An organisation may label them otherwise.
_NAMES = {
    "additional comments": "comments",
    "approval": "approval",
    "assigned to": "assigned_to",
    "assignment group": "assignment_group",
    "backout plan": "backout_plan",
    "business impact": "business_impact",
    "caller": "caller_id",
    "category": "category",
    "caused by change": "caused_by",
    "change request": "rfc",
    "channel": "contact_type",
    "close code": "close_code",
    "close notes": "close_notes",
    "company": "company",
    "configuration item": "cmdb_ci",
    "contact type": "contact_type",
    "due date": "due_date",
    "implementation plan": "implementation_plan",
    "justification": "justification",
    "location": "location",
    "model": "chg_model",
    "opened by": "opened_by",
    "planned end date": "end_date",
    "planned start date": "start_date",
    "problem": "problem_id",
    "requested by": "requested_by",
    "requested by date": "requested_by_date",
    "resolution code": "close_code",
    "resolution notes": "close_notes",
    "risk": "risk",
    "risk and impact analysis": "risk_impact_analysis",
    "service": "business_service",
    "service offering": "service_offering",
    "short description": "short_description",
    "subcategory": "subcategory",
    "test plan": "test_plan",
    "type": "type",
    "work notes": "work_notes",
}


@dataclass(frozen=True)
class Missing:
    """A field that ServiceNow wanted. `field` is its name, or a guess from its label; empty where that is no name."""

    label: str
    field: str
    is_guess: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether the portal sets it itself, for every ticket."""
        return self.field in SENT

    @property
    def may_be_mapped(self) -> bool:
        """Whether a mapping may set it."""
        return bool(self.field) and self.field not in RESERVED


def in_words_of(problem: str) -> list[Missing]:
    """Return the fields that a refusal names."""
    found = _MANDATORY.search(problem)
    labels = [label.strip() for label in found.group(1).split(",")] if found else []
    return [_meant(label) for label in labels if label]


def of_ticket(ticket: Ticket) -> list[Missing]:
    """Return what ServiceNow wanted of a ticket that it refused."""
    return in_words_of(ticket.last_problem) if ticket.delivery == Delivery.ATTENTION else []


def missing(instance: Instance, kind: Kind) -> list[Missing]:
    """Return what ServiceNow wanted of the tickets that wait for attention, and of the newest trial."""
    refused = Ticket.objects.filter(
        instance=instance, kind=kind, delivery=Delivery.ATTENTION, last_result=AttemptResult.REFUSED
    )
    tried = FieldTrial.objects.filter(instance=instance, kind=kind, result=FieldTrial.Result.REFUSED)
    problems = (
        refused.values_list("last_problem", flat=True)[:_LOOKED_AT],
        tried.values_list("problem", flat=True),
    )
    return _distinct(chain(*problems))


def _meant(label: str) -> Missing:
    name = _NAMES.get(label.lower())
    if name:
        return Missing(label, name)
    guess = re.sub(r"\W+", "_", label.lower()).strip("_")
    return Missing(label, guess if FIELD_NAME.match(guess) else "", is_guess=True)


def _distinct(problems: Iterable[str]) -> list[Missing]:
    return list(dict.fromkeys(one for problem in problems for one in in_words_of(problem)))
