"""Changes in words."""

from django.template.defaultfilters import floatformat


def signed(number: float, decimals: str) -> str:
    """Write a number with its sign; `decimals` as for Django's `floatformat`."""
    words = str(floatformat(abs(number), decimals))
    if not words.strip("0.,"):
        return f"±{words}"
    return f"+{words}" if number > 0 else f"−{words}"
