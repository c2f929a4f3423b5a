"""Pages that follow what happens while they are open. They ask by what they show, and get nothing while that is so."""

import hashlib

from django.http import HttpRequest

# A header, and not the address: lists make the addresses of their links from the one that was asked for.
HEADER = "X-Seen"


def mark_of(*shown: object) -> str:
    """Return a short mark that is the same for the same values, whose `repr` tells all that a page shows of them."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def shows(request: HttpRequest, mark: str) -> bool:
    """Whether the page that asks shows this already."""
    return request.headers.get(HEADER) == mark
