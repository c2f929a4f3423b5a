"""What happened in a run, as lines of JSON, and the judgement of where that must have led."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class History:
    """A file to which any number of processes add; each line is one write, so that lines do not mix."""

    path: Path

    def note(self, who: str, did: str, key: str = "") -> None:
        """Add a line."""
        line = json.dumps({"at": round(time.time(), 3), "who": who, "did": did, "key": key}) + "\n"
        with self.path.open("a", buffering=len(line) + 1) as file:
            file.write(line)

    def read(self) -> Iterator[dict[str, str]]:
        """Yield what was noted so far."""
        if self.path.exists():
            with self.path.open() as file:
                yield from map(json.loads, file)

    def keys(self, did: str) -> set[str]:
        """The keys of which this was noted."""
        return {line["key"] for line in self.read() if line["did"] == did}


@dataclass(frozen=True)
class Judgement:
    """The keys of tickets that went wrong, by how."""

    lost: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    misled: set[str] = field(default_factory=set)
    unasked: set[str] = field(default_factory=set)

    @property
    def is_good(self) -> bool:
        """Whether nothing went wrong."""
        return not any(vars(self).values())

    def __str__(self) -> str:
        return ", ".join(f"{len(keys)} {name}" for name, keys in vars(self).items())


def judge(
    asked: set[str],
    acknowledged: set[str],
    linked: Mapping[str, str],
    records: Iterable[tuple[str, str]],
) -> Judgement:
    """Compare what was asked for with what there is.

    `asked` and `acknowledged` are keys of shares that began and that were answered; `linked` maps the key of every
    ticket to the sys_id of its record, empty where it is not delivered; `records` are the keys and sys_ids that
    ServiceNow holds.
    """
    held = list(records)
    times = Counter(key for key, _sys_id in held)
    return Judgement(
        lost={key for key in acknowledged if key not in linked or (linked[key] and not times[key])},
        doubled={key for key, count in times.items() if count > 1},
        stuck={key for key, sys_id in linked.items() if not sys_id},
        misled={key for key, sys_id in linked.items() if sys_id and (key, sys_id) not in held},
        unasked=set(times) - asked,
    )
