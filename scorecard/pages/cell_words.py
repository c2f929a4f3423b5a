"""Numbers and days as the cells of lists say them. The same few come again and again, so each is put together once."""

from datetime import date, datetime
from functools import lru_cache

from django.template.defaultfilters import floatformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

# In a cell that has nothing to say.
NOTHING = "–"


@lru_cache(maxsize=4096)
def number(value: float, decimals: int, language: str) -> str:
    """Write a number in a language, with as many decimals; where they are negative, with none that are all zero."""
    return str(floatformat(value, decimals))


@lru_cache(maxsize=4096)
def day(on: date, language: str) -> SafeString:
    """Write a day in a language, for machines too."""
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), date_format(on, "SHORT_DATE_FORMAT"))


def day_of(at: datetime, language: str) -> SafeString:
    """Write the day of a moment, in the time zone of now."""
    return day(timezone.localtime(at).date(), language)
