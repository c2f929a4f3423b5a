"""Moments as people read them: how long ago, and exactly, in the zone that is active (theirs or the organization's)."""

import re
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

# From here on a date says more than a count.
_LONGEST_AGO = timedelta(days=30)
_AGO = re.compile(r'<span class="moment__ago">[^<]*</span>')


def exact(at: datetime) -> str:
    """Day, time and zone."""
    return _exact(at, get_language(), timezone.get_current_timezone())


# A page with fifty notes has fifty of them, and shows the same ones each time that it is looked at.
@lru_cache(maxsize=4096)
def _exact(at: datetime, language: str | None, zone: tzinfo) -> str:
    local = timezone.localtime(at, zone)
    return f"{date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"


def ago(at: datetime, now: datetime) -> str:
    """How long ago, or in how long; the day where that is more than a month away."""
    seconds = round((now - at).total_seconds())
    if abs(now - at) >= _LONGEST_AGO:
        return date_format(timezone.localtime(at), "SHORT_DATE_FORMAT")
    return _since(seconds) if seconds >= 0 else _until(-seconds)


def element(at: datetime, now: datetime) -> SafeString:
    """The `<time>` of a page. Its exact words are read out, and shown on hover, on focus, by key or by choice."""
    return _element(at.isoformat(), exact(at), ago(at, now))


@lru_cache(maxsize=4096)
def _element(iso: str, words: str, ago_words: str) -> SafeString:
    return format_html(
        '<time class="moment" tabindex="0" datetime="{}" title="{}"><span class="moment__ago">{}</span> '
        '<span class="moment__exact">{}</span></time>',
        iso, words, ago_words, words,
    )  # fmt: skip


def without_ago(html: str) -> str:
    """A page's text without what changes as time goes by, for whoever compares it with an earlier one."""
    return _AGO.sub("", html)


def _since(seconds: int) -> str:
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        number = seconds // 60
        return ngettext("%(number)d minute ago", "%(number)d minutes ago", number) % {"number": number}
    if seconds < 86_400:
        number = seconds // 3600
        return ngettext("%(number)d hour ago", "%(number)d hours ago", number) % {"number": number}
    number = seconds // 86_400
    return ngettext("%(number)d day ago", "%(number)d days ago", number) % {"number": number}


def _until(seconds: int) -> str:
    if seconds < 60:
        return _("in a moment")
    if seconds < 3600:
        number = seconds // 60
        return ngettext("in %(number)d minute", "in %(number)d minutes", number) % {"number": number}
    if seconds < 86_400:
        number = seconds // 3600
        return ngettext("in %(number)d hour", "in %(number)d hours", number) % {"number": number}
    number = seconds // 86_400
    return ngettext("in %(number)d day", "in %(number)d days", number) % {"number": number}
