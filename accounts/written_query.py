"""Queries that Django writes once.

Django takes several times as long to write a query as a database takes to answer it. Those of the pages that people
open most are written once, and asked with other values each time.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import BigIntegerField, DateField, DateTimeField, Field, FloatField, QuerySet, UUIDField

# How a value of each type gets into a query, and what stands for the n-th while it is written: no query names that
# itself, and it fits into a column of any size.
_TYPES: "dict[type, tuple[Field[Any, Any], Callable[[int], Any]]]" = {
    int: (BigIntegerField(), lambda number: 32_000 + number),
    float: (FloatField(), lambda number: 32_000.5 + number),
    date: (DateField(), lambda number: date.min + timedelta(days=number)),
    datetime: (DateTimeField(), lambda number: datetime(1, 1, 1, tzinfo=UTC) + timedelta(days=number)),
    UUID: (UUIDField(), lambda number: UUID(int=number)),
}


class _Written(NamedTuple):
    """A query in the SQL of one database: what it selects, and which of its parameters has which name."""

    query: Any
    select: list[Any]
    sql: str
    params: list[Any]
    names: list[str | None]


class WrittenQuery:
    """A query of values. `build` makes it from parameters, whose types follow by name: each is one value that columns
    are compared with or computed from. `build` may look at nothing else that changes.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], **parameters: type) -> None:
        self.build = build
        self.fields = {name: _TYPES[type_][0] for name, type_ in parameters.items()}
        self.stands = {name: _TYPES[type_][1](n) for n, (name, type_) in enumerate(parameters.items())}
        self._by_vendor: dict[str, _Written] = {}

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Ask it with a value for every parameter. Returns what `values_list` would."""
        if (written := self._by_vendor.get(connection.vendor)) is None:
            written = self._by_vendor[connection.vendor] = self._write()
        given = self._prepared(values)
        named = zip(written.names, written.params, strict=True)
        params = [param if name is None else given[name] for name, param in named]
        with connection.cursor() as cursor:
            cursor.execute(written.sql, params)
            found = cursor.fetchall()
        # Django's own way from what a database answers to Python's types.
        compiler = written.query.get_compiler(connection=connection)
        compiler.select, compiler.col_count = written.select, len(written.select)
        return list(compiler.results_iter([found], tuple_expected=True))

    def _write(self) -> _Written:
        query = self.build(**self.stands).query
        compiler = query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        stands = self._prepared(self.stands)
        names = [next((name for name, stand in stands.items() if stand == param), None) for param in params]
        if missing := self.stands.keys() - set(names):
            raise ValueError(f"not asked for: {', '.join(sorted(missing))}")
        return _Written(query, compiler.select, sql, list(params), names)

    def _prepared(self, values: dict[str, Any]) -> dict[str | None, Any]:
        return {
            name: self.fields[name].get_db_prep_value(value, connection) for name, value in values.items()
        }
