"""Queries that Django writes once.

Django takes several times as long to write a query as a database takes to answer it. Those of the pages that people
open most are written once, and asked with other values each time.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BigIntegerField,
    DateField,
    DateTimeField,
    Field,
    FloatField,
    Model,
    QuerySet,
    TextField,
    UUIDField,
)

# How a value of each type gets into a query, and what stands for the n-th while it is written: no query names that
# itself, and it fits into a column of any size.
_TYPES: "dict[type, tuple[Field[Any, Any], Callable[[int], Any]]]" = {
    int: (BigIntegerField(), lambda number: 32_000 + number),
    float: (FloatField(), lambda number: 32_000.5 + number),
    date: (DateField(), lambda number: date.min + timedelta(days=number)),
    datetime: (DateTimeField(), lambda number: datetime(1, 1, 1, tzinfo=UTC) + timedelta(days=number)),
    UUID: (UUIDField(), lambda number: UUID(int=number)),
    str: (TextField(), lambda number: f"value {number}"),
}
Row = TypeVar("Row", bound=Model)


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
        # The proxy that Django offers costs as much as the rest, asked for each column.
        database = connections[DEFAULT_DB_ALIAS]
        if (written := self._by_vendor.get(database.vendor)) is None:
            written = self._by_vendor[database.vendor] = self._write(database)
        given = self._prepared(values, database)
        named = zip(written.names, written.params, strict=True)
        params = [param if name is None else given[name] for name, param in named]
        with database.cursor() as cursor:
            cursor.execute(written.sql, params)
            found = cursor.fetchall()
        # Django's own way from what a database answers to Python's types.
        compiler = written.query.get_compiler(connection=database)
        compiler.select, compiler.col_count = written.select, len(written.select)
        return list(compiler.results_iter([found], tuple_expected=True))

    def _write(self, database: BaseDatabaseWrapper) -> _Written:
        query = self.build(**self.stands).query
        compiler = query.get_compiler(connection=database)
        sql, params = compiler.as_sql()
        stands = self._prepared(self.stands, database)
        names = [next((name for name, stand in stands.items() if stand == param), None) for param in params]
        if missing := self.stands.keys() - set(names):
            raise ValueError(f"not asked for: {', '.join(sorted(missing))}")
        return _Written(query, compiler.select, sql, list(params), names)

    def _prepared(self, values: dict[str, Any], database: BaseDatabaseWrapper) -> dict[str | None, Any]:
        return {name: self.fields[name].get_db_prep_value(value, database) for name, value in values.items()}


class WrittenRows(Generic[Row]):
    """A query of a model's rows, with rows that they refer to (`related`: names, as `select_related` takes them, the
    nearer first) and annotations (`extra`). Otherwise as `WrittenQuery`.
    """

    def __init__(
        self,
        build: Callable[..., QuerySet[Row, Row]],
        *,
        related: tuple[str, ...] = (),
        extra: tuple[str, ...] = (),
        **parameters: type,
    ) -> None:
        self.build, self.related, self.extra = build, related, extra
        self.models: list[tuple[str, type[Model], list[str]]] = []
        self.query = WrittenQuery(self._values, **parameters)

    def rows(self, **values: Any) -> list[Row]:
        """Ask it with a value for every parameter."""
        return [self._row(list(columns)) for columns in self.query.rows(**values)]

    def _values(self, **stands: Any) -> QuerySet[Row, Any]:
        found = self.build(**stands)
        models: list[tuple[str, type[Model], list[str]]] = [("", found.model, _columns(found.model))]
        for path in self.related:
            model: Any = found.model
            for name in path.split("__"):
                model = model._meta.get_field(name).related_model  # noqa: SLF001  Django documents it.
            models.append((f"{path}__", model, _columns(model)))
        # In one step: two threads may be the first.
        self.models = models
        named = [f"{prefix}{column}" for prefix, _model, columns in models for column in columns]
        return found.values_list(*named, *self.extra)

    def _row(self, values: list[Any]) -> Row:
        made: dict[str, Any] = {}
        for prefix, model, columns in self.models:
            own, values = values[: len(columns)], values[len(columns) :]
            path = prefix.removesuffix("__")
            read = model.from_db(DEFAULT_DB_ALIAS, columns, own)
            # What refers to none has columns without values, the key among them.
            row = made[path] = None if read.pk is None else read
            before, _, name = path.rpartition("__")
            if path and made[before] is not None:
                setattr(made[before], name, row)
        found: Row = made[""]
        for name, value in zip(self.extra, values, strict=True):
            setattr(found, name, value)
        return found


def _columns(model: type[Model]) -> list[str]:
    # In the order that `from_db` takes them.
    return [field.attname for field in model._meta.concrete_fields]  # noqa: SLF001  Django documents it.
