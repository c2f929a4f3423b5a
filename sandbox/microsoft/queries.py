"""Graph's query options `$filter`, `$orderby` and `$select`, over documents.

Sources: Microsoft Graph, "List secureScores" and "List secureScoreControlProfiles" (`$filter={property} eq
'{property-value}'`), "Customize Microsoft Graph responses with query parameters"; OData 4.0, part 2 "URL Conventions",
5.1.1 and 5.1.2. What refuses an unknown name speaks as Microsoft's OData library does in other services.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.microsoft.paging import QueryOptionError

Document = Mapping[str, object]

OPTIONS = frozenset({"$count", "$filter", "$orderby", "$select", "$skip", "$skiptoken", "$top"})
# These say which documents there are, so the address of the next page repeats them.
CARRIED = ("$count", "$filter", "$orderby", "$select")
LONGEST = 2_000
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "gt", "ge", "lt", "le")
}
_TOKEN = re.compile(r"'(?:[^']|'')*'|[^\s']+")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Comparison:
    """`path operator value`, of a filter."""

    path: tuple[str, ...]
    sign: str
    value: object

    def holds(self, item: Document) -> bool:
        """Whether the document is one of those that are wanted.

        Raises QueryOptionError for a value of another type than the property's.
        """
        found, wanted = _at(item, self.path), self.value
        if found is None or wanted is None:
            return self.sign in ("eq", "ne") and _OPERATORS[self.sign](found, wanted)
        if isinstance(wanted, datetime):
            found = _moment(found)
        if _kind(found) is not _kind(wanted):
            raise QueryOptionError(
                "Invalid filter clause: A binary operator with incompatible types was detected for "
                f"'{'/'.join(self.path)}'."
            )
        return _OPERATORS[self.sign](found, wanted)


def check_options(query: Mapping[str, str]) -> None:
    """Raise QueryOptionError for an option that begins with `$` and is none of those that Graph knows here."""
    for name, value in query.items():
        if name.startswith("$") and name.lower() not in OPTIONS:
            raise QueryOptionError(f"The query parameter '{name}' is not supported.")
        if len(value) > LONGEST:
            raise QueryOptionError(f"The value of the query parameter '{name}' is too long.")


def chosen(items: Sequence[Document], query: Mapping[str, str], kind: str) -> list[Document]:
    """The documents that pass `$filter`, in the order of `$orderby`; `kind` is what Graph calls their type.

    Raises QueryOptionError for what makes no sense.
    """
    found = list(items)
    if text := query.get("$filter"):
        groups = _groups(text, items[0], kind)
        found = [item for item in found if any(all(each.holds(item) for each in group) for group in groups)]
    # The first criterion is sorted by last, as each sort leaves alone what is equal.
    for criterion in reversed(query.get("$orderby", "").split(",") if query.get("$orderby") else []):
        name, *way = criterion.split() or [""]
        if way not in ([], ["asc"], ["desc"]):
            raise QueryOptionError(f"Syntax error at '{' '.join(way)}' in '{criterion.strip()}'.")
        path = _path(name, items[0], kind)
        found.sort(key=lambda item: _place(_at(item, path)), reverse=way == ["desc"])
    return found


def selected(item: Document, query: Mapping[str, str], kind: str) -> Document:
    """The properties that `$select` names, or all. Raises QueryOptionError for one that there is not."""
    names = selection(query)
    for name in names:
        _path(name, item, kind)
    return {name: item[name] for name in names} if names else item


def selection(query: Mapping[str, str]) -> list[str]:
    """The names in `$select`."""
    return [name.strip() for name in query.get("$select", "").split(",") if name.strip()]


def _groups(text: str, sample: Document, kind: str) -> list[list[Comparison]]:
    """Comparisons joined by `and`, in groups joined by `or`."""
    tokens, groups = _TOKEN.findall(text), [[]]  # type: tuple[list[str], list[list[Comparison]]]
    while True:
        if len(tokens) < 3 or tokens[1] not in _OPERATORS:
            raise QueryOptionError(f"Invalid filter clause: Syntax error in '{text}'.")
        name, sign, value, *tokens = tokens
        groups[-1].append(Comparison(_path(name, sample, kind), sign, _literal(value)))
        if not tokens:
            return groups
        joint, *tokens = tokens
        if joint == "or":
            groups.append([])
        elif joint != "and":
            raise QueryOptionError(f"Invalid filter clause: Syntax error at '{joint}' in '{text}'.")


def _literal(token: str) -> object:
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    if token in _WORDS:
        return _WORDS[token]
    if _NUMBER.fullmatch(token):
        return float(token)
    if moment := _moment(token):
        return moment
    raise QueryOptionError(f"Invalid filter clause: '{token}' is no value.")


def _path(name: str, sample: Document, kind: str) -> tuple[str, ...]:
    """Where a property is, parts of complex ones after a slash."""
    path = tuple(name.split("/"))
    place: object = sample
    for part in path:
        if not isinstance(place, Mapping) or part not in place:
            raise QueryOptionError(
                f"Could not find a property named '{part}' on type 'microsoft.graph.{kind}'."
            )
        place = place[part]
    return path


def _at(item: Document, path: tuple[str, ...]) -> Any:
    place: Any = item
    for part in path:
        place = place[part]
    return place


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment and moment.tzinfo else None


def _kind(value: object) -> type:
    """Whole numbers and floats compare; a switch is no number."""
    return float if type(value) in (int, float) else type(value)


def _place(value: object) -> tuple[bool, Any]:
    """What sorts: null comes first (OData, 5.1.1.5), and collections have no order."""
    if isinstance(value, list | dict):
        raise QueryOptionError("The $orderby expression must evaluate to a single value of primitive type.")
    return value is not None, value
