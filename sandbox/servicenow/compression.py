"""Answers of the REST APIs go out compressed to who can read that. Source: recordings of live instances."""

import gzip

from werkzeug import Response
from werkzeug.datastructures import Accept

# Fast rather than small: loopback is wide.
LEVEL = 1


def compress_if_asked(answer: Response, accepted: Accept) -> None:
    """Put a whole body into gzip where `Accept-Encoding` names it; bodies that break off on purpose stay."""
    if not accepted["gzip"] or not answer.is_sequence or "Content-Encoding" in answer.headers:
        return
    body = answer.get_data()
    if body:
        answer.set_data(gzip.compress(body, LEVEL))
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Vary"] = "Accept-Encoding"
