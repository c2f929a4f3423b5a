"""Faults by magic words, for people who demonstrate: a ticket whose short description has `sandbox:lose_answer` in it.

`sandbox:<kind>` spoils the first creation of that record, `sandbox:<kind>=<seconds>` sets its seconds, and
`sandbox:<kind>*<times>` spoils as many attempts. Kinds are those of the faults.
"""

import re
import threading

from sandbox.faults import Fault
from sandbox.server import LARGEST_BODY
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.inputs import read_fields
from sandbox.servicenow.misbehaviour import KINDS
from sandbox.servicenow.refusals import Refusal

_WORDS = re.compile(r"\bsandbox:(?P<kind>[a-z_0-9]+)(?:=(?P<seconds>\d+(?:\.\d+)?))?(?:\*(?P<times>\d+))?")


class MagicWords:
    """Remembers which records were spoiled how often: the attempts of one record share its words and its key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spoiled: dict[tuple[str, str], int] = {}

    def clear(self) -> None:
        """Have every record's first attempt ahead of it again."""
        with self._lock:
            self._spoiled.clear()

    def take(self, request: Incoming, route: str) -> Fault | None:
        """The fault that the record in this request asks for, if it does and has not had it yet."""
        if route != "table" or request.method != "POST" or (request.content_length or 0) > LARGEST_BODY:
            return None
        if b"sandbox:" not in request.get_data():
            return None
        try:
            given = read_fields(request)
        except Refusal:
            return None
        text = given.get("short_description", "")
        found = _WORDS.search(text)
        if found is None or found["kind"] not in KINDS:
            return None
        if not self._counts((text, given.get("correlation_id", "")), int(found["times"] or 1)):
            return None
        return Fault(found["kind"], seconds=float(found["seconds"]) if found["seconds"] else None)

    def _counts(self, record: tuple[str, str], times: int) -> bool:
        with self._lock:
            spoiled = self._spoiled.get(record, 0)
            self._spoiled[record] = spoiled + 1
            return spoiled < times
