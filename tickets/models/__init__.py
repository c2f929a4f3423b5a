"""What is stored about tickets, and the words for it: rows, choices, transitions, queries. Calls nobody.

May import: scorecard, connector, accounts.
"""

from tickets.models.change_template import ChangeTemplate
from tickets.models.comments import TicketComment, TicketNote
from tickets.models.events import PushAttempt, TicketEvent
from tickets.models.field_mapping import FieldMapping, Requester
from tickets.models.field_trial import FieldTrial
from tickets.models.reconciliation import Finding, Reconciliation
from tickets.models.state_labels import StateName
from tickets.models.ticket import Ticket, new_sys_id

__all__ = [
    "ChangeTemplate",
    "FieldMapping",
    "FieldTrial",
    "Finding",
    "PushAttempt",
    "Reconciliation",
    "Requester",
    "StateName",
    "Ticket",
    "TicketComment",
    "TicketEvent",
    "TicketNote",
    "new_sys_id",
]
