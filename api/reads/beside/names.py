"""Names: what stands beside the codes and ids in rows, by one look-up a page for each kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from api.kernel.access.visibility import Seeing
from api.kernel.process import Parts
from projections.kernel.columns import ACTOR
from projections.kernel.listed import Listed
from projections.kernel.lists.choices import OWN, named, words
from projections.kernel.lists.parameters import BadParameter
from projections.kernel.read_model import Row, models_by_kind
from projections.kernel.reports.record_names import key_of, label_of
from projections.kernel.visibility.column_masks import shown
from projections.kernel.visibility.owner_index import among
from projections.kernel.visibility.row_security import narrowed

Names = Mapping[str, str]
"""Names by code or id."""

Kinds = Mapping[str, str | Names]
"""By column the kind of record that it names, or the names of its codes themselves."""


@cache
def nameable(model: Listed) -> Kinds:
    """Return the columns beside which there may be names."""
    models, kinds, found = models_by_kind(), named(model), dict[str, str | Names]()
    for name in shown(model):
        kind = "" if name in OWN else kinds.get(name, "")
        kind = "employee" if kind == ACTOR else kind
        if kind in models and label_of(models[kind]) != "id":
            found[name] = kind
        elif name in words(model):
            found[name] = words(model)[name]
    return found


def expanded(kinds: Kinds, text: str | None, fields: Collection[str]) -> tuple[str, ...]:
    """Return the columns that a text names, which are among the fields that are read.

    Raises `BadParameter`.
    """
    if text is None:
        return ()
    found = tuple(dict.fromkeys(text.split(",")))
    for each in found:
        if each not in kinds:
            raise BadParameter("expand", f"{each[:100]!r} has no names: {', '.join(kinds)} have")
        if each not in fields:
            raise BadParameter("expand", f"{each} is not among the fields")
    return found


def with_names(
    parts: Parts, see: Seeing, kinds: Kinds, columns: Sequence[str], rows: Sequence[Row]
) -> list[Row]:
    """Return rows with `names`: by column what its code or id is called, `None` if that is hidden.

    Of a column with several, each has its name.
    """
    wanted: dict[str, set[str]] = {}
    for name in columns:
        if isinstance(kind := kinds[name], str):
            wanted.setdefault(kind, set()).update(key for row in rows for key in _keys(row[name]))
    known = {kind: _called(parts, see, kind, keys) for kind, keys in wanted.items()}
    of = {name: known[k] if isinstance(k := kinds[name], str) else k for name in columns}
    return [
        {**row, "names": {name: _told(row[name], of[name]) for name in columns}} for row in rows
    ]


def _keys(value: Any) -> Sequence[str]:
    return [value] if isinstance(value, str) else value or ()


def _told(value: Any, names: Names) -> Any:
    if isinstance(value, str):
        return names.get(value)
    return value and {each: names.get(each) for each in value}


def _called(parts: Parts, see: Seeing, kind: str, keys: Collection[str]) -> Names:
    """Return what records are called: what decides access is in memory, and no secret."""
    model = models_by_kind()[kind]
    label, shelf = label_of(model), see.access.shelves.get(model.name)
    if shelf is not None and "code" in model.table.c:
        rows = ((key, shelf.one(key)) for key in keys)
        return {key: row[label] for key, row in rows if row is not None}
    sight = see.sight(f"{kind}.read")
    if not sight or not keys:
        return {}
    table, key = model.table, model.table.c[key_of(model)]
    with parts.rows.connect() as connection:
        dialect = connection.dialect.name
        query = sa.select(key, table.c[label]).where(among(key, keys, dialect))
        found = connection.execute(narrowed(query, model, [sight], dialect, along=True))
        return {row[0]: row[1] for row in found}
