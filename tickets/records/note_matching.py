"""Whether a note that stands in ServiceNow is one that we wrote, although the instance changed its text. Pure.

Instances lose emoji, cut a text at the first one (databases without `utf8mb4`), wrap it into HTML, escape it, or change
its blanks, ends of lines and quotation marks. What survives all of that are letters and digits.
"""

import re
import unicodedata
from functools import lru_cache
from html import unescape

# More of a text than this decides nothing; ours are shorter.
_LOOKED_AT = 20_000
_CODE = re.compile(r"\[/?code\]", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>")


def flat(text: str) -> str:
    """Return a text without what every instance may change: ends of lines, and blanks around it."""
    return text.replace("\r\n", "\n").strip()


@lru_cache(maxsize=1024)
def letters(text: str) -> str:
    """Return the letters and digits of a text, as they come through any of the changes above."""
    text = text[:_LOOKED_AT]
    # What was escaped here may be escaped once more there.
    for _layer in range(2):
        text = unescape(text)
    text = _TAG.sub(" ", _CODE.sub(" ", text))
    # Letter by letter: normalizing a run of combining marks takes the square of its length.
    plain = "".join(unicodedata.normalize("NFKD", one) for one in text).casefold()
    return "".join(one for one in plain if unicodedata.category(one)[0] in "LN" and ord(one) < 0x10000)


def is_alike(written: str, found: str, *, author: str = "") -> bool:
    """Whether what was found may be what was written: the same letters, or the beginning of them, where it was cut.

    A beginning has to be longer than the author's name, which stands before everything that they write, unless an emoji
    comes right after it.
    """
    # Escaping makes six characters of one, wrapping adds some; emails in a journal are longer than all of that.
    if len(found) > 6 * len(written) + 1000:
        return False
    ours, theirs = letters(written), letters(found)
    if not ours or not theirs:
        return flat(written) == flat(found)
    if ours == theirs:
        return True
    before_emoji = letters(_before_emoji(written))
    shortest = min(len(letters(author)) + 10, len(before_emoji))
    return ours.startswith(theirs) and len(theirs) >= max(shortest, 1)


def begins_with(found: str, author: str) -> bool:
    """Whether a note begins with somebody's name, as all that we write for them does."""
    name = letters(author)
    return bool(name) and letters(found).startswith(name)


def _before_emoji(text: str) -> str:
    end = next((place for place, one in enumerate(text) if ord(one) > 0xFFFF), len(text))
    return text[:end]
