"""Exports: every fact and every row with its history, all of it or what somebody may see."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from duckdb import DuckDBPyConnection

from domain.kernel.time.business_day import counted_in
from domain.kernel.types.sensitive import SECRET, sensitive_fields
from projections.kernel.exports.both_times import INTERVALS, both_times
from projections.kernel.exports.dictionary import dictionary
from projections.kernel.lists.duckdb_queries import compiled, past
from projections.kernel.read_model import ReadModel, models_by_kind
from projections.kernel.visibility.column_masks import sensitive, shown
from projections.kernel.visibility.row_security import Lens
from projections.kernel.visibility.visibility import Sight
from projections.kernel.warehouse.facts import ENVELOPE, Fact, Shape, facts, literal, quote

Sights = Mapping[str, Sight]
"""What is seen of each kind of record, as in `customer`."""

_HIDDEN = "list_contains(seen.hidden, {})"


def exported(
    cursor: DuckDBPyConnection, position: int, sights: Sights | None = None
) -> Iterator[tuple[str, str]]:
    """Yield the name of each table to export and the query for its rows up to a position.

    A history has the states of rows with when each was known and of which days (`INTERVALS`).

    With `sights` only what belongs to records that are in sight at that position, without what is
    masked in each. Secrets are left out for everybody.
    """
    models = models_by_kind()
    if sights is not None:
        for kind, model in models.items():
            _look(cursor, model, sights.get(kind, Sight()), position)
    for fact in facts().values():
        kind = fact.type.partition(".")[0]
        if sights is None or kind in models:
            seen = None if sights is None else models[kind]
            yield fact.name, _of_fact(fact, position, seen)
    for model in models.values():
        yield f"history_{model.name}", _of_history(cursor, model, position, all_=sights is None)


def _look(cursor: DuckDBPyConnection, model: ReadModel, sight: Sight, position: int) -> None:
    """Note which records are in sight, and what is masked in each."""
    tables = past(position)
    lens = Lens(model, sight, "duckdb", tables)
    query = lens.narrow(sa.select(tables(model).c.id, *lens.marks))
    text, values = compiled(query)
    seen, hidden = _seen(model), "VARCHAR[]"
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {seen} (id VARCHAR, hidden {hidden})")
    rows = cursor.execute(text, values).fetchall()
    names = ["id", *(mark.name for mark in lens.marks)]
    found = [dict(zip(names, row, strict=True)) for row in rows]
    ids = [row["id"] for row in found]
    masks = [sorted(lens.hidden(row)) for row in found]
    if ids:
        arrays = f"unnest($ids::VARCHAR[]), unnest($masks::{hidden}[])"
        cursor.execute(f"INSERT INTO {seen} SELECT {arrays}", {"ids": ids, "masks": masks})


def _seen(model: ReadModel) -> str:
    return f"exported_{model.name}"


def _of_fact(fact: Fact, position: int, model: ReadModel | None) -> str:
    fields = sensitive_fields(fact.type)
    columns = [f"fact.{quote(name)}" for name in ENVELOPE]
    own = list(fact.columns)[len(ENVELOPE) :]
    for column, (name, shape) in zip(own, fact.shapes.items(), strict=True):
        if fields.get(name) == SECRET:
            continue
        value = f"fact.{quote(column)}"
        if model is not None:
            value = _without(value, name, shape, fields)
        columns.append(f"{value} AS {quote(column)}")
    join = "" if model is None else f"JOIN {_seen(model)} AS seen ON seen.id = fact.stream"
    return (
        f"SELECT {', '.join(columns)} FROM {fact.name} AS fact {join} "
        f"WHERE fact.position <= {position} ORDER BY fact.position"
    )


def _without(value: str, name: str, shape: Shape, fields: Mapping[str, str]) -> str:
    """Return the SQL of a value without what is masked in it, at any depth."""
    if name in fields:
        return f"CASE WHEN {_HIDDEN.format(literal(fields[name]))} THEN NULL ELSE {value} END"
    if isinstance(shape, list):
        inner = _without("each", name, shape[0], fields)
        return value if inner == "each" else f"list_transform({value}, lambda each: {inner})"
    if isinstance(shape, dict) and fields.keys() & shape.keys():
        parts = ", ".join(
            f"{quote(part)} := {_without(f'{value}.{quote(part)}', part, inner, fields)}"
            for part, inner in shape.items()
        )
        return f"CASE WHEN {value} IS NULL THEN NULL ELSE struct_pack({parts}) END"
    return value


def _of_history(cursor: DuckDBPyConnection, model: ReadModel, position: int, *, all_: bool) -> str:
    columns = []
    for name in shown(model):
        if name.endswith("_key"):  # only finds rows
            continue
        of = sensitive(model).get(name)
        value = f"kept.{quote(name)}"
        if all_ or of is None:
            pass
        elif isinstance(of, str):
            value = f"CASE WHEN {_HIDDEN.format(literal(of))} THEN NULL ELSE {value} END"
        else:
            value = _without_json(value, of)
        columns.append(f"{value} AS {quote(name)}")
    columns += [f"kept.{name}" for name in INTERVALS]
    join = "" if all_ else f"JOIN {_seen(model)} AS seen ON seen.id = kept.id"
    return (
        f"SELECT {', '.join(columns)} FROM ({both_times(cursor, model, position)}) AS kept {join} "
        f"ORDER BY kept.known_from_position, kept.valid_from, kept.position"
    )


def written(cursor: DuckDBPyConnection, query: str, file: Path) -> int:
    """Write the rows of a query to a Parquet file; return how many they are.

    A file that is there is another one afterwards, with the permissions of a new one.
    """
    file.unlink(missing_ok=True)
    into = literal(str(file))
    count = cursor.execute(f"COPY ({query}) TO {into} (FORMAT parquet, COMPRESSION zstd)")
    return int(count.fetchall()[0][0])


def _without_json(value: str, fields: Mapping[str, str]) -> str:
    """Return the SQL of a JSON text without the values of some fields, at any depth.

    The text is as our folds write it: without spaces, and with quotation marks in values escaped,
    so that nothing but the field itself looks like it.
    """
    for name, of in fields.items():
        pattern = literal(rf'"{name}":("(?:[^"\\]|\\.)*"|[^",\[\]{{}}]+)')
        emptied = f"""regexp_replace({value}, {pattern}, '"{name}":null', 'g')"""
        value = f"CASE WHEN {_HIDDEN.format(literal(of))} THEN {emptied} ELSE {value} END"
    return value


def export(
    cursor: DuckDBPyConnection,
    folder: Path,
    position: int,
    sights: Sights | None,
    employee: str | None = None,
) -> dict[str, Any]:
    """Write all facts and histories to Parquet files in a folder, as they were at a position.

    Beside them is `dictionary.json`, which tells what each table and column is, and, written last,
    `manifest.json`, whose content is returned: the `position`, the moment at which its event was
    recorded (`as_of`) and at which this was made; the time `zone` in which days are counted; the
    `employee` for whom, if not everything was
    exported, and, by kind of record, the classes of what was `masked` in some; the `rows` of each
    table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest, described = folder / "manifest.json", folder / "dictionary.json"
    manifest.unlink(missing_ok=True)
    tables = list(exported(cursor, position, sights))
    rows = {name: written(cursor, query, folder / f"{name}.parquet") for name, query in tables}
    _write(described, dictionary(cursor, tables))
    query = "SELECT max(time) FROM events WHERE position = ?"
    ((last,),) = cursor.execute(query, [position]).fetchall()
    masked = {kind: sorted(sight.masked_somewhere()) for kind, sight in (sights or {}).items()}
    content = {
        "position": position,
        "as_of": _moment(last),
        "made_at": _moment(datetime.now(UTC)),
        "zone": counted_in()[0],
        "employee": employee,
        "masked": {kind: classes for kind, classes in masked.items() if classes},
        "rows": rows,
    }
    _write(manifest, content)
    return content


def _moment(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _write(file: Path, content: dict[str, Any]) -> None:
    file.unlink(missing_ok=True)
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
