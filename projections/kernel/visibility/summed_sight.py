"""Summed sight: what the records that a party sees come to, by the summary of all records."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache, partial

import sqlalchemy as sa

from projections.kernel.listed import Listed
from projections.kernel.read_model import ReadModel
from projections.kernel.summary import Summary
from projections.kernel.visibility.column_masks import classes
from projections.kernel.visibility.row_security import Lens, Tables, mark, showing
from projections.kernel.visibility.visibility import Sight, Sights, View


def seen_of(summary: Summary, sights: Mapping[str, Sight]) -> Sight | Sights:
    """Return what is seen of a summary, by what is seen of each kind that it tells of.

    Its rows are seen as they are kept where all records of each kind are in sight, alike in what
    they mask; else they are made of those in sight.
    """
    found, masked = list[tuple[str, Sight]](), set[str]()
    alike = True
    for model in summary.sources:
        sight, touching = sights[model.aggregate], classes(model) & classes(summary)
        views = (View(v.grant, v.units, v.owners, v.masked & touching) for v in sight.views)
        sight = Sight(tuple(dict.fromkeys(views)))
        everywhere = [view.masked for view in sight.views]
        hidden = frozenset.intersection(*everywhere) if everywhere else frozenset[str]()
        alike &= sight.whole and hidden == sight.masked_somewhere()
        masked |= hidden
        found.append((model.name, sight))
    if not all(sight for _, sight in found):
        return Sight()
    return Sight((View("whole", masked=frozenset(masked)),)) if alike else Sights(tuple(found))


def where_seen(
    sight: Sight | Sights | None, dialect: str, tables: Tables, id_: str | None = None
) -> Tables:
    """Return where the rows are: those of summaries are made of what is in sight.

    Args:
        sight: What is seen of a list; only if that is of what records come to anything changes.
        dialect: The name of the database.
        tables: Where the rows of all read models and summaries are.
        id_: The record of the one row that is asked for, of a summary; by default all rows are.
    """
    if not isinstance(sight, Sights):
        return tables
    if dialect == "duckdb" or id_ is not None:  # neither is asked for again
        return cache(partial(_made, sight.of, dialect, tables, id_))
    return _kept(sight.of, dialect, tables)


@lru_cache(maxsize=100)
def _kept(of: tuple[tuple[str, Sight], ...], dialect: str, tables: Tables) -> Tables:
    return cache(partial(_made, of, dialect, tables, None))


def _made(
    of: tuple[tuple[str, Sight], ...],
    dialect: str,
    tables: Tables,
    id_: str | None,
    model: Listed,
) -> sa.FromClause:
    if not isinstance(model, Summary):
        return tables(model)
    marks, sights = [mark(each) for each in sorted(classes(model))], dict(of)

    def in_sight(source: Listed) -> sa.FromClause:
        assert isinstance(source, ReadModel)
        table, sight = tables(source), sights[source.name]
        masked = [
            sa.case((showing(source, sight, each, dialect, tables), 0), else_=1).label(mark(each))
            for each in sorted(classes(source) & classes(model))
        ]
        lens = Lens(source, sight, dialect, tables, along=id_ is not None)
        seen = lens.narrow(sa.select(*table.c, *masked))
        if id_ is not None:
            seen = seen.where(table.c[model.key_of(source.name)] == id_)
        return seen.subquery(source.name)

    return model.select(in_sight, marks=marks).subquery(model.name)
