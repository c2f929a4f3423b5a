"""Limits, offsets, `X-Total-Count` and `Link`.

Source: Table API documentation, `sysparm_limit`, `sysparm_offset`, `sysparm_no_count`,
`sysparm_suppress_pagination_header`; the exact form of `Link` from recordings of live instances.
"""

from dataclasses import dataclass

from sandbox.servicenow.incoming import Incoming

LIMIT = 10_000
LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Paging:
    """The part of a list that a request wants. `old_links`: `Link` in its form up to 2021, with no page left out."""

    request: Incoming
    address: str
    old_links: bool = False

    @property
    def limit(self) -> int:
        """How many rows at most."""
        return self._number("sysparm_limit", LIMIT)

    @property
    def offset(self) -> int:
        """How many rows to skip."""
        return self._number("sysparm_offset", 0)

    @property
    def counts(self) -> bool:
        """Whether the caller wants to know how many rows there are."""
        return not self.request.says_yes("sysparm_no_count")

    def headers(self, total: int | None, found: int) -> dict[str, str]:
        """For a list of `total` rows, none if they were not counted, of which this page has `found`.

        `X-Total-Count` counts rows that the user may not see; `Link` is left out when one page holds all.
        """
        headers = {} if total is None else {"X-Total-Count": str(total)}
        if self.limit == 0 or self.request.says_yes("sysparm_suppress_pagination_header"):
            return headers
        pages = self._starts(total) if total is not None else self._uncounted_starts(found)
        links = [f'<{self._at(start)}>;rel="{name}"' for name, start in pages.items()]
        return {**headers, "Link": ",".join(links)} if links else headers

    def _starts(self, total: int) -> dict[str, int]:
        if total <= self.limit:
            return {}
        last = (total - 1) // self.limit * self.limit
        pages = {"first": 0, "prev": self.offset - self.limit, "next": self.offset + self.limit, "last": last}
        if self.old_links:
            return pages
        if self.offset <= 0:
            del pages["prev"]
        if self.offset >= last:
            del pages["next"]
        return {name: max(start, 0) for name, start in pages.items()}

    def _uncounted_starts(self, found: int) -> dict[str, int]:
        pages = {"first": 0}
        if self.offset > 0:
            pages["prev"] = max(self.offset - self.limit, 0)
        if found == self.limit:
            pages["next"] = self.offset + self.limit
        return pages if len(pages) > 1 else {}

    def _at(self, offset: int) -> str:
        """The address of this request with another offset; everything else as the caller wrote it."""
        given = self.request.query_string.decode("latin-1")
        parts = [part for part in given.split("&") if part]
        named = [part.partition("=")[0] for part in parts]
        if "sysparm_offset" in named:
            parts[named.index("sysparm_offset")] = f"sysparm_offset={offset}"
        else:
            parts.append(f"sysparm_offset={offset}")
        return f"{self.address}?{'&'.join(parts)}"

    def _number(self, name: str, otherwise: int) -> int:
        value = self.request.args.get(name, "")
        return min(int(value), LARGEST) if value.isascii() and value.isdigit() else otherwise
