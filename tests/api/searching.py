"""Searching: texts in every file of a folder, in what is packed in some of them, and in dumps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import sqlalchemy as sa


def found_in(folder: Path, texts: Iterable[str]) -> dict[str, set[str]]:
    """Return in which files, by name, which of some texts stand, however they are packed."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (hits := _within([path.read_bytes(), *_unpacked(path)], texts)):
            found[path.name] = hits
    return found


def found_in_tables(url: str, texts: Iterable[str]) -> dict[str, set[str]]:
    """Return in which tables of a database, of all its schemas, which of some texts stand."""
    engine, found = sa.create_engine(url), {}
    with engine.connect() as connection:
        there = sa.inspect(connection)
        for schema in there.get_schema_names():
            if schema in ("information_schema", "pg_catalog"):
                continue
            for table in there.get_table_names(schema):
                rows = connection.exec_driver_sql(f'SELECT * FROM "{schema}"."{table}"').all()
                if hits := _within([repr(rows).encode()], texts):
                    found[f"{schema}.{table}"] = hits
    engine.dispose()
    return found


def _unpacked(path: Path) -> Iterator[bytes]:
    """Yield the rows of files that keep texts compressed."""
    if path.suffix == ".parquet":
        yield repr(duckdb.execute(f"FROM '{path}'").fetchall()).encode()
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as database:
            query = "SELECT schema_name, table_name FROM duckdb_tables()"
            for schema, table in database.execute(query).fetchall():
                rows = database.execute(f'FROM "{schema}"."{table}"').fetchall()
                yield repr(rows).encode()


def _within(contents: Iterable[bytes], texts: Iterable[str]) -> set[str]:
    """Return those of some texts that stand in bytes, also as JSON and in UTF-16 have them."""
    whole = list(contents)
    return {
        text
        for text in texts
        for form in (text.encode(), json.dumps(text)[1:-1].encode(), text.encode("utf-16-le"))
        if any(form in content for content in whole)
    }
