"""The tickets of an improvement action, which is the scorecard's and knows of no tickets."""

from django import template

from scorecard.models import ImprovementAction
from tickets.pages.action_tickets import ActionTickets, tickets_of

register = template.Library()


@register.simple_tag
def tickets_of_action(action: ImprovementAction, *, all_of_them: bool) -> ActionTickets:
    """Return the first tickets of an action, or all."""
    return tickets_of(action.pk, all_of_them=all_of_them)
