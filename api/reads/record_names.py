"""Naming: what people call the records that events name, as far as whoever asks sees these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from api.kernel.process import Parts
from api.kernel.reading.as_of_reads import Then, rows_then
from projections.kernel.history.sentences import Names, label
from projections.kernel.read_model import ReadModel, models_by_kind
from projections.kernel.reports.record_names import key_of
from projections.kernel.visibility.owner_index import among
from projections.kernel.visibility.row_security import EVERYTHING
from projections.kernel.visibility.visibility import Sight

SightOf = Callable[[str], Sight]
"""Gives what is seen under a permission."""

Naming = Callable[[Iterable[tuple[str, str]]], Names]
"""Gives the names of some records, each given by its kind and by its code or id."""

_SYSTEM = "api-key"
"""What a system is known by: whoever is told what one did is told which it is."""

_TITLES = ("name", "title")
"""The columns that say what a record is called."""


def names_now(rows: sa.Engine) -> Naming:
    """Return what gives names as they are now, to whoever sees everything."""

    def named(model: ReadModel, keys: set[str]) -> Iterable[Mapping[str, Any]]:
        query = sa.select(model.table)
        with rows.connect() as connection:
            key = among(_key(model), keys, connection.dialect.name)
            return [dict(row) for row in connection.execute(query.where(key)).mappings()]

    return _by(named)


def names_at(parts: Parts, sight_of: SightOf, position: int) -> Naming:
    """Return what gives names as they were at a position.

    They are folded from the journal, so that the same is told of a position whenever it is asked.
    """

    def named(model: ReadModel, keys: set[str]) -> Iterable[Mapping[str, Any]]:
        sight, ids = sight_of(f"{model.aggregate}.read"), keys
        if model.aggregate == _SYSTEM:
            sight = EVERYTHING
        if not sight:
            return []
        if key_of(model) == "code":
            with parts.rows.connect() as connection:
                code = among(_key(model), keys, connection.dialect.name)
                ids = set(connection.scalars(sa.select(model.table.c.id).where(code)))
        return rows_then(parts, model, ids, Then(position, None), sight)

    return _by(named)


def _by(named: Callable[[ReadModel, set[str]], Iterable[Mapping[str, Any]]]) -> Naming:
    def names(wanted: Iterable[tuple[str, str]]) -> Names:
        by_kind: dict[str, set[str]] = {}
        for kind, key in wanted:
            by_kind.setdefault(kind, set()).add(key)
        models = models_by_kind()
        found: dict[tuple[str, str], str] = {}
        for kind, keys in by_kind.items():
            if kind in models:
                rows = named(models[kind], keys)
                found |= {(kind, key): name for key, name in _called(models[kind], rows)}
        return lambda kind, key: found.get((kind, key))

    return names


def _called(model: ReadModel, rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    columns = model.table.c
    title = next((name for name in _TITLES if name in columns), None)
    for row in rows:
        if title is not None and row[title]:
            code = row["code"] if "code" in columns else None
            yield row[key_of(model)], label(row[title], code)


def _key(model: ReadModel) -> sa.Column[str]:
    column: sa.Column[str] = model.table.c[key_of(model)]
    return column
