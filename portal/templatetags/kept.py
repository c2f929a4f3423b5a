"""Parts of pages that are the same for everybody, drawn once in each language."""

from collections.abc import Hashable
from functools import lru_cache

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()
# Of one part there are as many as there are languages, sections and roles' permissions; the rest make place.
_KEPT = 512


@register.simple_tag
def kept(part: str, **values: Hashable) -> SafeString:
    """Include a template that sees nothing but these values: neither the person nor the request. It must show nothing
    that changes with the time or the database. Its words follow the language. A value that holds texts holds none that
    are marked as safe.
    """
    draw = _drawn.__wrapped__ if settings.DEBUG else _drawn
    return draw(part, get_language(), **values)


# `typed`: a text that is marked as safe is equal to one that is still to be escaped.
@lru_cache(maxsize=_KEPT, typed=True)
def _drawn(part: str, language: str | None, **values: Hashable) -> SafeString:
    return render_to_string(part, values)
