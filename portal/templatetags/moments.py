"""Moments in templates."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import moments

register = template.Library()


@register.simple_tag
def moment(at: datetime | None) -> str:
    """The `<time>` of a moment; words where there was none yet."""
    return moments.element(at, timezone.now()) if at else _("Not yet")
