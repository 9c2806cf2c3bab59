"""Unreadable events in the warehouse: set aside with the reason, and read again when told to."""

from __future__ import annotations

import pyarrow as pa
from duckdb import DuckDBPyConnection

from domain.kernel.aggregate import discover, from_stored
from domain.kernel.envelope import Unreadable
from projections.kernel.warehouse.facts import RAW, append, literal, raw_table


def set_aside(connection: DuckDBPyConnection, batch: pa.Table) -> pa.Table:
    """Keep raw rows that cannot be read, with the reason, apart; return the others."""
    known = discover().events
    schemas = connection.sql("SELECT DISTINCT type, schema FROM batch").fetchall()
    broken = "TRY(json_type(data)) IS DISTINCT FROM 'OBJECT'"
    for type_, schema in schemas:
        if type_ in known and known[type_].schema != schema:
            broken += f" OR (type = {literal(type_)} AND schema = {schema})"
    found = connection.sql(f"FROM batch WHERE {broken}").fetchall()
    if not found:
        return batch
    for row in found:
        payload = from_stored(row[3], row[4], row[11])
        error = payload.error if isinstance(payload, Unreadable) else "the payload is no JSON here"
        marks = ", ".join("?" for _ in (*row, error))
        connection.execute(f"INSERT INTO store.unreadable VALUES ({marks})", [*row, error])
    return connection.sql(f"FROM batch WHERE NOT ({broken}) ORDER BY position").to_arrow_table()


def read_again(connection: DuckDBPyConnection) -> None:
    """Try again to read what was set aside."""
    names = ", ".join(RAW.names)
    rows = connection.sql(f"SELECT {names} FROM store.unreadable ORDER BY position").fetchall()
    if rows:
        connection.execute("DELETE FROM store.unreadable")
        append(connection, set_aside(connection, raw_table(rows)))
