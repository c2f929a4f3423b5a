"""The symbols of `static/icons.svg`. A tag, for an include in their place costs a page with sixty of them a tenth."""

from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw a symbol, `huge` or as high as a line. It says nothing to screen readers: words stand beside it."""
    return _drawn(name, size)


# The file keeps its name for as long as the process lives: static files are collected before it starts.
@lru_cache(maxsize=256)
def _drawn(name: str, size: str) -> SafeString:
    return format_html(
        '<svg class="icon{}" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        f" icon--{size}" if size else "",
        static("icons.svg"),
        name,
    )
