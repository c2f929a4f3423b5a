"""The main navigation, which stands twice on each page: beside it, and in the menu of small screens."""

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString

from portal.templatetags.kept import kept

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> SafeString:
    """Draw what the person of a page may see. Context: `user`, `nav_section`."""
    user = context["user"]
    return kept(
        "components/nav.html",
        section=context.get("nav_section", ""),
        sees_score=user.has_perm("scorecard.view_improvementaction"),
        sees_tickets=user.has_perm("tickets.view_ticket"),
        sees_connection=user.has_perm("connector.view_connection"),
        sees_people=user.has_perm("accounts.view_user"),
        administers=user.is_staff,
    )
