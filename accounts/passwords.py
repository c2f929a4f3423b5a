"""Which passwords are refused as too easy to guess: the common ones, and what people make of words that lie near.

As Microsoft Entra Password Protection does it ("How are passwords evaluated"): a password counts by what is left to
guess when each word that lies near counts as one character, however it is spelled or decorated.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LEAST = 8
# Whatever follows adds nothing to what has been counted by then, and normalizing long text is dear.
_LOOKED_AT = 256
_PRODUCT = "scoredesk score desk"
_VENDORS = (
    "microsoft servicenow service now secure entra azure office office365 microsoft365 m365 365 windows defender "
    "outlook teams sharepoint onedrive intune"
)
_SEASONS = (
    "spring summer autumn fall winter haru natsu aki fuyu sakura january february march april may june july august "
    "september october november december monday tuesday wednesday thursday friday saturday sunday "
    "fruehling frühling fruhling sommer herbst printemps ete automne hiver primavera verano otono invierno estate "
    "autunno inverno lente zomer herfst"
)
_USUAL = (
    "password passwort passwd pass admin administrator welcome login logon letmein changeme change secret default test "
    "demo user root temp portal security reader hello pasuwado kanri kanrisha"
)
_NEAR = frozenset(f"{_PRODUCT} {_VENDORS} {_SEASONS} {_USUAL}".split())
_ROWS = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv",
)
_SEQUENCES = (*_ROWS, *(row[::-1] for row in _ROWS))
# What people write for a letter.
_SPELLED = {
    "a": "a4@",
    "e": "e3",
    "i": "i1!|",
    "l": "l1|",
    "o": "o0",
    "s": "s5$",
    "t": "t7+",
    "g": "g9",
    "b": "b8",
}
_UNDONE = [str.maketrans("4@3!|0$57+", f"aae{one}{one}osstt") | {ord("1"): one} for one in "il"]
_YEAR = re.compile(r"(?:19|20)\d\d")
_SHORTEST_WORD = 3


class GuessablePasswordValidator(CommonPasswordValidator):
    """Refuses Django's list of common passwords, and passwords made of words that lie near."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError with what to do instead."""
        super().validate(password[:_LOOKED_AT], user)
        text = _folded(password[:_LOOKED_AT])
        words = {
            *_NEAR,
            *_organization(),
            *_person(user),
            *(core for core in _cores(text) if core in self.passwords),
        }
        if _left_to_guess(text, words) < LEAST:
            raise ValidationError(
                _(
                    "This password is too easy to guess. Common words, names, seasons, years, and rows of keys count "
                    "as one character each, however they are spelled. Put several unrelated words together."
                ),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        """What to keep in mind."""
        return _(
            "Your password can’t be a commonly used password, nor one made of the organization's or the product's "
            "name, a season, or a year."
        )


def _left_to_guess(text: str, words: Iterable[str]) -> int:
    """How many characters are left when each word, year, row and repetition counts as one, and once."""
    pattern = _pattern(words)
    seen: set[str] = set()
    count, at = 0, 0
    while at < len(text):
        found = pattern.match(text, at) or _YEAR.match(text, at)
        end = found.end() if found else at + _row(text, at)
        part = text[at:end]
        if end - at == 1 or part not in seen:
            count += 1
        seen.add(part)
        at = end
    return count


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Match any of these words in any of its usual spellings, the longest first."""
    longest_first = sorted({word for word in words if len(word) >= _SHORTEST_WORD}, key=len, reverse=True)
    return re.compile("|".join(map(_spelled, longest_first)))


def _spelled(word: str) -> str:
    # One sign may stand between two letters, as in S-c-o-r-e.
    return r"[\s._-]?".join(f"[{re.escape(_SPELLED.get(letter, letter))}]" for letter in word)


def _row(text: str, at: int) -> int:
    """How many characters from here on repeat one, or follow each other on a keyboard or in the alphabet."""
    same = at + 1
    while same < len(text) and text[same] == text[at]:
        same += 1
    longest = same - at
    for row in _SEQUENCES:
        start = row.find(text[at])
        length = 0
        while (
            start >= 0
            and row[start + length : start + length + 1] == text[at + length : at + length + 1] != ""
        ):
            length += 1
        longest = max(longest, length)
    return longest if longest > 2 else 1


def _cores(text: str) -> Iterator[str]:
    """What a password is made around: without signs and digits at its ends, with letters in place of look-alikes."""
    letters = [at for at, character in enumerate(text) if character.isalpha()]
    if not letters:
        return
    end = letters[-1] + 1
    for bare in (text[letters[0] : end], text[:end], text.strip("0123456789")):
        yield bare
        for table in _UNDONE:
            undone = bare.translate(table)
            yield undone
            yield "".join(filter(str.isalpha, undone))


def _organization() -> set[str]:
    """The organization's name, its words, and the names of the portal's host."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    name = _folded(settings.ORGANIZATION_NAME)
    return {*_parts(name), re.sub(r"\W+", "", name), *(part for part in _parts(host) if not part.isdigit())}


def _person(user: Any) -> set[str]:
    """The names of whose password it is."""
    names = (getattr(user, name, "") for name in ("username", "first_name", "last_name", "email"))
    return {part for name in names for part in _parts(_folded(str(name or "")[:_LOOKED_AT]))}


def _parts(text: str) -> list[str]:
    return re.split(r"[\W_]+", text)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
