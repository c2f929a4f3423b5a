"""Mandatory fields, learnt from the instance's own refusals: a careful customer lets nobody read its dictionary."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from connector.models import Instance
from tickets.models import FieldTrial, Ticket
from tickets.retry import Ending
from tickets.states import Delivery, Kind

# ServiceNow documentation, "Data policy": the refusal lists the fields by their labels.
_MANDATORY = re.compile(r"fields? (?:is|are) mandatory: ([^.;]+)", re.IGNORECASE)
_LOOKED_AT = 50


@dataclass(frozen=True)
class Missing:
    """A field that ServiceNow wanted. `field` is a guess from its label."""

    label: str
    field: str


def in_words_of(problem: str) -> list[Missing]:
    """Return the fields that a refusal names."""
    found = _MANDATORY.search(problem)
    labels = [label.strip() for label in found.group(1).split(",")] if found else []
    return [Missing(label, re.sub(r"\W+", "_", label.lower()).strip("_")) for label in labels if label]


def missing(instance: Instance, kind: Kind) -> list[Missing]:
    """Return what ServiceNow wanted of the tickets that wait for attention, and of the newest trial."""
    refused = Ticket.objects.filter(
        instance=instance, kind=kind, delivery=Delivery.ATTENTION, last_ending=Ending.REFUSED
    )
    tried = FieldTrial.objects.filter(instance=instance, kind=kind, result=FieldTrial.Result.REFUSED)
    problems = (
        refused.values_list("last_problem", flat=True)[:_LOOKED_AT],
        tried.values_list("problem", flat=True),
    )
    return _distinct(chain(*problems))


def _distinct(problems: Iterable[str]) -> list[Missing]:
    return list(dict.fromkeys(one for problem in problems for one in in_words_of(problem)))
