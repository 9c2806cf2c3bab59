"""Checking rows: read models folded anew beside those in use, and compared with them by value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from projections.kernel import full_text as search
from projections.kernel.columns import Instant, Money
from projections.kernel.findings import FEW, Checked, Finding, Report, parted, unreadable
from projections.kernel.listed import Listed
from projections.kernel.read_model import Histories, ReadModel
from projections.kernel.rows import rotated_index as rotated
from projections.kernel.rows.shadow_tables import (
    Batches,
    Progress,
    Shadow,
    Shadows,
    no_search_for_cycles,
)
from projections.kernel.rows.summarising import differences as of_summary
from projections.kernel.rows.tables import positions
from projections.kernel.summary import Summary
from projections.kernel.visibility import owner_index as owned
from projections.kernel.visibility.row_security import Tables

STORE = "rows"


def check(
    engine: sa.Engine,
    wanted: Mapping[str, Listed],
    batches: Batches,
    progress: Progress | None = None,
    histories: Histories | None = None,
) -> Report:
    """Fold the whole journal into fresh tables, compare them with those in use, and drop them.

    Rows that differ only because those in use have not come so far do not count. Those that were
    kept up meanwhile are compared once more with what the journal has by then. Summaries are
    compared with what the rows folded anew come to, of a record that has moved on those in use.

    Args:
        engine: The row database.
        wanted: What to check.
        batches: The journal.
        progress: Told each position that was reached.
        histories: Gives the history of a record of which something was recorded late.
    """
    summaries = [each for each in wanted.values() if isinstance(each, Summary)]
    models = {name: each for name, each in wanted.items() if isinstance(each, ReadModel)}
    models |= {each.name: each for summary in summaries for each in summary.sources}
    reached = reached_by(engine, models)
    shadows = Shadows(engine, models, batches, progress, "check", histories)
    shadows.create()
    try:
        _follow(shadows)
        upto = shadows.position
        tables, ahead = list[Checked](), dict[str, dict[str, int]]()
        with _one_state(engine) as connection:
            for shadow in shadows.each:
                tables.append(_compared(connection, shadow, reached, upto))
                ahead[shadow.model.name] = _ahead(connection, shadow.model, upto)
                tables += _indexes(connection, shadow.model)
            told = dict[Listed, sa.FromClause]()
            for shadow in shadows.each:
                told[shadow.model] = _told(shadow, reached.get(shadow.model.name, 0), upto)
            tables += [_of_summary(connection, each, told.__getitem__) for each in summaries]
        if any(ahead.values()):
            reached = reached_by(engine, models)
            _follow(shadows)
            with _one_state(engine) as connection:
                for shadow in shadows.each:
                    moved = ahead[shadow.model.name]
                    tables.append(_compared(connection, shadow, reached, shadows.position, moved))
    finally:
        shadows.drop()
    return Report(STORE, min([upto, *(reached.get(name, 0) for name in models)]), _joined(tables))


def reached_by(engine: sa.Engine, models: Iterable[str]) -> dict[str, int]:
    """Return the position up to which all events are in the rows in use, by read model."""
    least = sa.func.min(positions.c.position).label("least")
    query = sa.select(positions.c.model, least).where(positions.c.model.in_(list(models)))
    with engine.execution_options(writes=False).connect() as connection:
        found = connection.execute(query.group_by(positions.c.model))
        return {row.model: row.least for row in found}


def differences(
    shadow: Shadow, reached: int, folded: int, shared: Iterable[str] | None = None
) -> sa.CompoundSelect[Any]:
    """Return the query for the ids of rows that are not the same, of what both have come to.

    Args:
        shadow: What was folded anew.
        reached: The position up to which all events are in the rows in use.
        folded: The position up to which they are in the shadow.
        shared: The columns of a table that was made by other code, whose types may differ, too;
            by default all are there.
    """
    used, fresh = shadow.model.table, shadow.table
    pairs: list[tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]]
    pairs = [(used.c[column.name], column) for column in fresh.columns]
    if shared is not None:
        pairs = [
            (sa.cast(one, sa.Text), sa.cast(other, sa.Text))
            for one, other in pairs
            if one.name in shared
        ]
    differs = sa.or_(used.c.id.is_(None), *(one.is_distinct_from(other) for one, other in pairs))
    changed = (
        sa.select(fresh.c.id.label("id"))
        .select_from(fresh.outerjoin(used, used.c.id == fresh.c.id))
        .where(differs, fresh.c.position <= reached)
        .where(sa.func.coalesce(used.c.position, 0) <= folded)
    )
    made_up = (
        sa.select(used.c.id.label("id"))
        .select_from(used.outerjoin(fresh, used.c.id == fresh.c.id))
        .where(fresh.c.id.is_(None), used.c.position <= folded)
    )
    return changed.union(made_up)


def _follow(shadows: Shadows) -> None:
    with no_search_for_cycles():
        shadows.follow()
        shadows.flush()
    shadows.settle()


@contextmanager
def _one_state(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection that sees one state, whatever is written meanwhile."""
    with engine.execution_options(writes=False).connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


def _compared(
    connection: sa.Connection,
    shadow: Shadow,
    reached: Mapping[str, int],
    folded: int,
    moved: Mapping[str, int] | None = None,
) -> Checked:
    """Compare the rows in use, or only those that had `moved` on, by the positions they were at.

    A row that was further than the journal has come by now never came from it.
    """
    model = shadow.model
    ids = differences(shadow, reached.get(model.name, 0), folded).subquery()
    wanted: list[sa.ColumnElement[bool]] = []
    if moved is not None:
        wanted = [owned.among(ids.c.id, moved, connection.dialect.name)]
    count = connection.scalar(sa.select(sa.func.count()).select_from(ids).where(*wanted)) or 0
    query = sa.select(ids.c.id).where(*wanted).order_by(ids.c.id).limit(FEW)
    few = connection.scalars(query).all()
    findings = _findings(connection, model.name, model.table, shadow.table, few)
    beyond = {id_: at for id_, at in (moved or {}).items() if at > folded}
    findings += [
        Finding(model.name, id_, "position", f"says {at}, the journal has come to {folded}")
        for id_, at in beyond.items()
    ]
    rows = 0
    if moved is None:
        rows = connection.scalar(sa.select(sa.func.count()).select_from(model.table)) or 0
    return Checked(model.name, rows, count + len(beyond), findings)


def _told(shadow: Shadow, reached: int, folded: int) -> sa.FromClause:
    """Return the rows as folded anew, but those in use where one has come further than the other.

    `reached` is the position up to which all events are in the rows in use, `folded` the one up
    to which they are in the shadow.
    """
    used, fresh = shadow.model.table, shadow.table
    ahead = sa.select(used.c.id).where(used.c.position > folded)
    behind = sa.select(fresh.c.id).where(fresh.c.position > reached)
    moved = ahead.union(behind)
    still = sa.select(fresh).where(fresh.c.id.not_in(moved))
    return still.union_all(sa.select(used).where(used.c.id.in_(moved))).subquery(used.name)


def _of_summary(connection: sa.Connection, summary: Summary, sources: Tables) -> Checked:
    """Compare a summary with what the rows of its sources come to, in one state of all."""
    differ, kept = of_summary(summary, sources=sources), summary.table
    count = connection.scalar(sa.select(sa.func.count()).select_from(differ.subquery())) or 0
    ids = connection.scalars(differ.order_by("id").limit(FEW)).all()
    findings = _findings(connection, summary.name, kept, summary.select(sources).subquery(), ids)
    rows = connection.scalar(sa.select(sa.func.count()).select_from(kept)) or 0
    return Checked(summary.name, rows, count, findings)


def _ahead(connection: sa.Connection, model: ReadModel, folded: int) -> dict[str, int]:
    """Return the rows in use that are further than what was folded, with their positions."""
    table = model.table
    query = sa.select(table.c.id, table.c.position).where(table.c.position > folded)
    return dict(map(tuple, connection.execute(query)))


def _findings(
    connection: sa.Connection,
    name: str,
    kept: sa.Table,
    made: sa.FromClause,
    ids: Sequence[str],
) -> list[Finding]:
    used, fresh = (_raw(connection, table, ids) for table in (kept, made))
    shown = _shown(kept, connection.dialect)
    return [
        each
        for id_ in ids
        for each in parted(name, id_, shown(used.get(id_)), shown(fresh.get(id_)))
    ]


def _raw(
    connection: sa.Connection, table: sa.FromClause, ids: Collection[str]
) -> dict[str, Mapping[str, Any]]:
    """Return rows as the database keeps them: what somebody put there need not be a value."""
    columns = [sa.type_coerce(column, sa.types.NullType()).label(column.name) for column in table.c]
    query = sa.select(*columns).where(owned.among(table.c.id, ids, connection.dialect.name))
    return {row["id"]: dict(row) for row in connection.execute(query).mappings()}


def _shown(
    table: sa.Table, dialect: sa.Dialect
) -> Callable[[Mapping[str, Any] | None], Mapping[str, Any] | None]:
    """Return what brings a row into the form in which its values are told."""
    decoders = {
        column.name: column.type.dialect_impl(dialect).result_processor(dialect, None)
        for column in table.columns
        if isinstance(column.type, Money | Instant)
    }

    def shown(row: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if row is None:
            return None
        return {name: _decoded(value, decoders.get(name)) for name, value in row.items()}

    return shown


def _decoded(value: Any, decode: Callable[[Any], Any] | None) -> Any:
    try:
        return value if decode is None or value is None else decode(value)
    except (ArithmeticError, TypeError, ValueError):
        return value


def _indexes(connection: sa.Connection, model: ReadModel) -> Iterator[Checked]:
    """Compare the tables by which rows are found with the rows that they are of.

    They are those of rotations; SQLite has such of words and owners, too.
    """
    kept, dialect = [], connection.dialect.name
    if model.rotated:
        kept.append(rotated.kept(dialect, model.name, model.rotated))
    if model.search and dialect == "sqlite":
        kept.append(search.kept(model.name))
    if model.scope.owners and dialect == "sqlite":
        kept.append(owned.kept(model.name))
    for index, has, should in kept:
        try:
            ids = f"SELECT id FROM ({has} EXCEPT {should}) AS more"
            ids += f" UNION SELECT id FROM ({should} EXCEPT {has}) AS less"
            query = f"SELECT DISTINCT id FROM ({ids}) AS differing ORDER BY id"
            found = connection.exec_driver_sql(query).scalars().all()
            rows = connection.exec_driver_sql(f"SELECT count(*) FROM {index}").scalar() or 0
        except sa.exc.DBAPIError as error:
            yield unreadable(index, error)
            continue
        text = f"is not what the row in {model.name} says"
        findings = [Finding(index, id_, None, text) for id_ in found[:FEW]]
        yield Checked(index, rows, len(found), findings)


def _joined(tables: Iterable[Checked]) -> list[Checked]:
    """Return one result for each table."""
    found = dict[str, Checked]()
    for each in tables:
        if (other := found.get(each.table)) is not None:
            rows, differ = other.rows + each.rows, other.differ + each.differ
            each = Checked(each.table, rows, differ, [*other.findings, *each.findings])
        found[each.table] = each
    return list(found.values())
