"""The address of a list: what it is filtered and sorted by, and nothing that says nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict


@dataclass(frozen=True, slots=True)
class ListAddress:
    """The address of a list as it is asked for, from which those of its links are made."""

    path: str
    query: QueryDict

    @classmethod
    def of(cls, request: HttpRequest, path: str = "") -> "ListAddress":
        """Return the address of what is asked for, or of the same at another path."""
        return cls(path or request.path, request.GET)

    @property
    def has_empty(self) -> bool:
        """Whether it names something and gives it no value, as browsers do that send a form."""
        return any("" in values for _, values in self.query.lists())

    def __str__(self) -> str:
        return self.having()

    @property
    def written(self) -> str:
        """Its query as an address says it, without the page and without what says nothing."""
        return self._written({})

    @property
    def whole(self) -> str:
        """Its query with the page."""
        return self._written({"page": self.query.get("page")})

    def having(self, **changes: str | int | None) -> str:
        """Return it with other values; None leaves one out. It leads to the first page unless `page` is given."""
        written = self._written(changes)
        return f"{self.path}?{written}" if written else self.path

    def _written(self, changes: Mapping[str, str | int | None]) -> str:
        pairs = [
            (name, value)
            for name, values in self.query.lists()
            if name != "page" and name not in changes
            for value in values
            if value
        ]
        pairs += [(name, str(value)) for name, value in changes.items() if value]
        return urlencode(pairs)
