"""Naming: what people call the records that events name, as far as whoever asks sees these."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import sqlalchemy as sa

from projections.kernel import read_models
from projections.lens import lens_of
from projections.owned import among
from projections.sentences import Names, label
from projections.sight import Sight

SightOf = Callable[[str], Sight | None]
"""Gives what is seen under a permission; `None` for all there is."""

_TITLES = ("name", "title")
"""The columns that say what a record is called."""


def names(rows: sa.Engine, sight_of: SightOf, wanted: Iterable[tuple[str, str]]) -> Names:
    """Return the names of some records, given by kind and by code or id, as they are now."""
    by_kind: dict[str, set[str]] = {}
    for kind, key in wanted:
        by_kind.setdefault(kind, set()).add(key)
    found: dict[tuple[str, str], str] = {}
    with rows.connect() as connection:
        for kind, keys in by_kind.items():
            for key, name in _of(connection, sight_of(f"{kind}.read"), kind, keys):
                found[kind, key] = name
    return lambda kind, key: found.get((kind, key))


def _of(
    connection: sa.Connection, sight: Sight | None, kind: str, keys: set[str]
) -> Iterable[tuple[str, str]]:
    model = next((each for each in read_models().values() if each.aggregate == kind), None)
    if model is None or (sight is not None and not sight):
        return
    columns = model.table.c
    titles = [columns[name] for name in _TITLES if name in columns]
    key = columns.get("code", columns.id)
    dialect = connection.dialect.name
    query = sa.select(key, *titles[:1]).where(among(key, keys, dialect))
    for code, *name in connection.execute(lens_of(model, sight, dialect, along=True).narrow(query)):
        if name and name[0]:
            yield code, label(name[0], code if key is not columns.id else None)
