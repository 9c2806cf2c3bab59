"""Facts: a typed table per event type, loaded by DuckDB from the raw rows of the journal."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from domain.kernel.aggregate import Aggregate, discover, from_stored
from domain.kernel.codec import fields_of
from domain.kernel.envelope import Unreadable
from domain.kernel.types.values import Personal

_NUMBERS = ("position", "version", "schema", "time_us")
RAW = pa.schema(
    (name, pa.int64() if name in _NUMBERS else pa.string())
    for name in (
        *("position", "stream", "version", "type", "schema", "time_us", "actor", "unit"),
        *("command_id", "on_behalf_of", "cause", "data", "on_behalf_kind", "actor_kind"),
    )
)
"""The columns of a raw row, in the order of the journal's table of events.

All have the kinds of their actors, whenever they were recorded."""

ENVELOPE = {
    "position": "BIGINT",
    "stream": "VARCHAR",
    "version": "BIGINT",
    "time": "TIMESTAMPTZ",
    "actor": "VARCHAR",
    "actor_kind": "VARCHAR",
    "actor_unit": "VARCHAR",
    "command_id": "VARCHAR",
    "on_behalf_of": "VARCHAR",
    "on_behalf_kind": "VARCHAR",
    "caused_by": "VARCHAR",
}
"""The columns that every fact has before those of its payload."""

EVENTS = "events"
"""The name of the view that has the envelope of every event, with its type."""

_ENVELOPE_OF_RAW = (
    "position, stream, version, make_timestamptz(time_us), actor, actor_kind, unit, "
    "command_id, on_behalf_of, on_behalf_kind, cause"
)
_RAW_SQL = {pa.int64(): "BIGINT", pa.string(): "VARCHAR"}
_SCALARS: dict[type, str] = {
    bool: "BOOLEAN",
    int: "BIGINT",
    float: "DOUBLE",
    str: "VARCHAR",
    datetime: "TIMESTAMPTZ",
    date: "DATE",
}

SETTLE = 10_000
"""How many events wait untyped before they are moved to their typed tables together."""

Shape = str | dict[str, "Shape"] | list["Shape"]
"""The structure of a value as DuckDB's `json_transform` takes it."""


def shape_of(hint: Any, marks: tuple[Any, ...] = ()) -> Shape:
    """Return the DuckDB structure of a field's type; what has no fixed structure is JSON."""
    origin, args = get_origin(hint), get_args(hint)
    if any(isinstance(mark, Personal) for mark in marks):
        return "VARCHAR"  # sealed, whatever it was
    if hasattr(hint, "__metadata__"):
        return shape_of(hint.__origin__, (*marks, *hint.__metadata__))
    if origin in (Union, types.UnionType):
        known = [arg for arg in args if arg is not type(None)]
        return shape_of(known[0], marks) if len(known) == 1 else "JSON"
    if origin is Literal:
        return "VARCHAR"
    if origin in (list, set, frozenset, Sequence) or (origin is tuple and args[1:] == (...,)):
        return [shape_of(args[0])]
    if not isinstance(hint, type):
        return "JSON"
    if issubclass(hint, Decimal):
        return f"DECIMAL({24 if (places := _places(marks)) > 2 else 18},{places})"
    if issubclass(hint, Enum) and not issubclass(hint, int):
        return "VARCHAR"
    for base, name in _SCALARS.items():
        if issubclass(hint, base):
            return name
    if issubclass(hint, BaseModel) or dataclasses.is_dataclass(hint):
        parts = get_type_hints(hint, include_extras=True)
        if issubclass(hint, BaseModel):
            parts = {name: parts[name] for name in hint.model_fields}
        return {name: shape_of(part) for name, part in parts.items()}
    return "JSON"


def _places(marks: tuple[Any, ...]) -> int:
    """Return how many decimals a decimal number is declared to have; amounts of money have two."""
    for mark in marks:
        for each in mark.metadata if isinstance(mark, FieldInfo) else [mark]:
            places = getattr(each, "decimal_places", None)
            if places is not None:
                return int(places)
    return 2


def sql_type(shape: Shape) -> str:
    """Return a structure as the type of a DuckDB column."""
    if isinstance(shape, str):
        return shape
    if isinstance(shape, list):
        return f"{sql_type(shape[0])}[]"
    return f"STRUCT({', '.join(f'{quote(name)} {sql_type(part)}' for name, part in shape.items())})"


def quote(name: str) -> str:
    """Return a name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Return a text as SQL takes it."""
    return "'" + value.replace("'", "''") + "'"


class Fact:
    """The table of one event type: the envelope, then the fields of the event."""

    def __init__(self, event_class: type[Aggregate.Event]) -> None:
        """Read the columns from an event class."""
        self.type = event_class.type
        self.name = "fact_" + self.type.replace(".", "_").replace("-", "_")
        self.shapes = {name: shape_of(hint) for name, hint in fields_of(event_class).items()}
        self.columns = ENVELOPE | {
            self._column(name): sql_type(shape) for name, shape in self.shapes.items()
        }
        self._defaults = {
            field.name: field.default
            for field in dataclasses.fields(event_class)  # type: ignore[arg-type]
            if isinstance(field.default, str | int | Decimal)
        }
        content = f"{event_class.schema} {self.columns} {self._defaults}"
        self.fingerprint = hashlib.sha256(content.encode()).hexdigest()[:32]

    @staticmethod
    def _column(name: str) -> str:
        return f"payload_{name}" if name in ENVELOPE else name

    def select(self, source: str) -> str:
        """Return the query that reads typed facts out of raw rows."""
        if not self.shapes:
            return f"SELECT {_ENVELOPE_OF_RAW} FROM {source}"
        # A field younger than the fact reads as its default.
        fields = ", ".join(
            f"coalesce(payload.{quote(name)}, {literal(str(self._defaults[name]))})"
            if name in self._defaults
            else f"payload.{quote(name)}"
            for name in self.shapes
        )
        transform = f"json_transform(data, {literal(json.dumps(self.shapes))}) AS payload"
        return f"SELECT {_ENVELOPE_OF_RAW}, {fields} FROM (SELECT *, {transform} FROM {source})"


@cache
def facts() -> dict[str, Fact]:
    """Return the fact of every event type, by the type."""
    return {type_: Fact(each) for type_, each in sorted(discover().events.items())}


def raw_table(rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Return raw rows as a table, payloads at the current schema where they can be brought there.

    Raises `pyarrow.ArrowInvalid`, `TypeError` or `IndexError` when they are not the journal's.
    """
    # Column by column: `zip` would go on in all rows by turns, which takes four times as long.
    arrays = [pa.array([row[at] for row in rows], each.type) for at, each in enumerate(RAW)]
    return _current(pa.table(arrays, schema=RAW))


def _current(table: pa.Table) -> pa.Table:
    """Bring the payloads of older schemas up to date: the one place where an event costs Python."""
    known = discover().events
    grown = {type_: each.schema for type_, each in known.items() if each.schema > 1}
    if not grown:
        return table
    data = table["data"].to_pylist()
    types_, schemas = table["type"].to_pylist(), table["schema"].to_pylist()
    for index, (type_, schema) in enumerate(zip(types_, schemas, strict=True)):
        if type_ in grown and schema != grown[type_]:
            payload = from_stored(type_, schema, data[index])
            if not isinstance(payload, Unreadable):
                data[index] = json.dumps(payload)
                schemas[index] = grown[type_]
    changed = {"data": data, "schema": schemas}
    for name, values in changed.items():
        place = RAW.get_field_index(name)
        table = table.set_column(place, RAW.field(place), pa.array(values, RAW.field(place).type))
    return table


def fact_tables() -> Iterator[str]:
    """Yield the SQL that makes the tables of facts not there yet."""
    raw = ", ".join(f"{field.name} {_RAW_SQL[field.type]}" for field in RAW)
    tables = {"recent": raw, "unknown": raw, "unreadable": f"{raw}, error VARCHAR"}
    tables |= {"envelopes": _declared(ENVELOPE | {"type": "VARCHAR"})}
    tables |= {fact.name: _declared(fact.columns) for fact in facts().values()}
    yield from (f"CREATE TABLE IF NOT EXISTS store.{n} ({c})" for n, c in tables.items())


def fact_statements(sealed: Mapping[str, Sequence[str]] | None = None) -> Iterator[str]:
    """Yield the SQL that makes the fact tables not there yet, and the views that complete them.

    `sealed` names the Parquet files of each fact's old history, which the views show as well.

    New events wait in one untyped table, so that a small batch costs one insert and not one for
    each type in it; the view `fact_<type>` shows both, typed. The envelopes of those that wait no
    more are in one table as well, for the view `events`: however many types there are, it names
    few tables.
    """
    yield from fact_tables()
    types_of_files = dict[str, str]()
    for fact in facts().values():
        recent = fact.select(f"(FROM store.recent WHERE type = {literal(fact.type)})")
        settled = [f"FROM store.{fact.name}"]
        if files := (sealed or {}).get(fact.name):
            settled.append(f"FROM ({_of_files(fact, files)})")
            types_of_files |= dict.fromkeys(files, fact.type)
        yield f"CREATE OR REPLACE VIEW {fact.name} AS {' UNION ALL '.join([*settled, recent])}"
    raw_envelopes = f"SELECT {_ENVELOPE_OF_RAW}, type FROM store"
    all_events = ["FROM store.envelopes"]
    all_events += [f"{raw_envelopes}.{name}" for name in ("recent", "unreadable")]
    if types_of_files:
        all_events.append(_envelopes_of_files(types_of_files))
    yield f"CREATE OR REPLACE VIEW {EVENTS} AS {' UNION ALL '.join(all_events)}"


def _declared(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{quote(name)} {type_}" for name, type_ in columns.items())


def _envelopes_of_files(types_of_files: Mapping[str, str]) -> str:
    """Return the query that reads the envelopes in files of many types, all in one scan."""
    types_ = {Path(file).name: type_ for file, type_ in types_of_files.items()}
    names, kinds = (", ".join(map(literal, each)) for each in (types_, types_.values()))
    return (
        f"SELECT {', '.join(ENVELOPE)}, kind.type "
        f"FROM read_parquet([{', '.join(map(literal, types_of_files))}], filename = '_file') "
        f"LEFT JOIN (SELECT unnest([{names}]) AS name, unnest([{kinds}]) AS type) AS kind "
        "ON kind.name = parse_filename(_file)"
    )


def _of_files(fact: Fact, files: Sequence[str]) -> str:
    columns = ", ".join(
        f"CAST({quote(name)} AS {type_}) AS {quote(name)}" for name, type_ in fact.columns.items()
    )
    return f"SELECT {columns} FROM read_parquet([{', '.join(map(literal, files))}])"


def append(connection: DuckDBPyConnection, table: pa.Table) -> None:
    """Add raw rows, all of them new, to the events that wait untyped."""
    insert(connection, "store.recent", table)


def settle_recent(connection: DuckDBPyConnection, upto: int, least: int = SETTLE) -> None:
    """Move the waiting events up to a position to their typed tables, when there are enough."""
    waiting = connection.sql("SELECT count(*) FROM store.recent").fetchall()[0][0]
    if waiting < least:
        return
    query = "SELECT * FROM store.recent WHERE position <= ? ORDER BY position"
    settle(connection, connection.sql(query, params=[upto]).to_arrow_table())
    connection.execute("DELETE FROM store.recent WHERE position <= ?", [upto])


def settle(connection: DuckDBPyConnection, table: pa.Table) -> None:
    """Add raw rows, all of them new, to the tables of their types, and their envelopes to one."""
    insert(connection, "store.envelopes", table, f"SELECT {_ENVELOPE_OF_RAW}, type FROM batch")
    for type_, rows in _by_type(table):
        fact = facts().get(type_)
        if fact is None:
            insert(connection, "store.unknown", rows)
        else:
            insert(connection, f"store.{fact.name}", rows, fact.select("batch"))


def _by_type(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Split a table by event type, each part in the order of the whole."""
    if not len(table):
        return
    coded = table["type"].combine_chunks().dictionary_encode()
    grouped = table.take(pc.sort_indices(coded.indices))
    counts = {each["values"]: each["counts"] for each in pc.value_counts(coded.indices).to_pylist()}
    start = 0
    for code, type_ in enumerate(coded.dictionary.to_pylist()):
        yield type_, grouped.slice(start, counts[code])
        start += counts[code]


def insert(
    connection: DuckDBPyConnection, into: str, rows: pa.Table, select: str = "FROM batch"
) -> int:
    """Insert a table's rows through a query that calls them `batch`; return how many they are."""
    # Chunks of DuckDB's vector size: it scans them on all its threads. It finds them by the name
    # of the variable; registering a name would change the catalogue, at six times the cost.
    chunks = rows.combine_chunks().to_batches(max_chunksize=2048)
    batch = pa.Table.from_batches(chunks, rows.schema)
    connection.execute(f"INSERT INTO {into} {select}")
    return len(batch)
