"""Search by words: names are cut into pairs of Chinese characters and whole Latin words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from operator import add
from typing import Any
from zlib import crc32

import sqlalchemy as sa

from domain.kernel.types.chinese_characters import simplified

# Writing without spaces between words: Han and kana.
_HAN = (
    r"\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
_RUNS = re.compile(rf"([{_HAN}]+)|([^\W_{_HAN}]+)")


_ACCENTS = re.compile("[\u0300-\u036f]+")


def fold_text(text: str) -> str:
    """Return text in which variants of a letter are alike: width, case, accents.

    Traditional characters are simplified. Marks of other scripts, as of kana, stay.
    """
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    if (apart := unicodedata.normalize("NFD", folded)) != folded:
        folded = unicodedata.normalize("NFC", _ACCENTS.sub("", apart))
    return simplified(folded)


def runs(text: str) -> Iterator[tuple[str, str]]:
    """Yield each run of Chinese characters, as the first, or word, as the second of two."""
    yield from _RUNS.findall(fold_text(text))


def bigrams(*texts: str | None) -> str:
    """Return the words by which texts are found, separated by spaces.

    A run of Chinese characters gives each pair of neighbours and then its last character, so
    that one character finds it by prefix wherever it stands: `中国电信` gives `中国 国电 电信 信`.
    """
    words: list[str] = []
    for text in texts:
        for chinese, word in runs(text or ""):
            if chinese:
                words += map(add, chinese, chinese[1:])
                words.append(chinese[-1])
            else:
                words.append(word)
    return " ".join(words)


def _phrases(query: str) -> list[tuple[list[str], bool]]:
    """Return what a query asks for, all of it: words in a row, the last one whole or a prefix."""
    found = []
    for chinese, word in runs(query):
        if len(chinese) > 1:
            found.append(([chinese[i : i + 2] for i in range(len(chinese) - 1)], False))
        else:
            found.append(([chinese or word], True))
    return found


SIGNATURE = "search_signature"
"""The column of the warehouse with the signatures of the words in `search`."""


def signature(words: str) -> int:
    """Return the bits of words, 63 at most, among which are those of every query that they meet.

    Who looks for rows with some words passes over nearly all others by one comparison of numbers
    (superimposed coding: Mooers 1948; Knuth, The Art of Computer Programming 3, 6.5).
    """
    found = 0
    for word in words.split():
        found |= _bits(word)
    return found


@lru_cache(maxsize=65_536)
def _bits(word: str) -> int:
    """Return a bit for the first character and one for the first two: a query may be a prefix."""
    one, two = (crc32(start.encode()) % 63 for start in (word[:1], word[:2]))
    return 1 << one | 1 << two


def matches(table: sa.FromClause, query: str, dialect: str) -> sa.ColumnElement[bool]:
    """Return the condition that a row of `table` has every word of a query.

    Chinese characters must stand together as in the query; other words may be the beginning of
    the row's. A query without a letter or digit finds nothing. `dialect` is the database's name;
    SQLite and PostgreSQL use their full-text index, DuckDB the signatures of words, and
    `sqlite-plain` looks at the words of every row.
    """
    phrases = _phrases(query)
    if not phrases:
        return sa.false()
    if dialect == "sqlite":
        return table.c.id.in_(_found_in_index(table, query))
    if dialect == "postgresql":
        asked = " & ".join(
            "(" + " <-> ".join(f"'{word}'" for word in words) + (":*)" if prefix else ")")
            for words, prefix in phrases
        )
        return _vector(table.c.search).op("@@", return_type=sa.Boolean())(
            sa.func.to_tsquery(sa.text("'simple'::regconfig"), asked)
        )
    padded = sa.literal(" ") + table.c.search + " "
    wanted = [f" {' '.join(words)}{'' if prefix else ' '}" for words, prefix in phrases]
    if dialect == "duckdb":
        bits = signature(" ".join(wanted))
        may = table.c[SIGNATURE].bitwise_and(bits) == bits
        return sa.and_(may, *(sa.func.contains(padded, each) for each in wanted))
    return sa.and_(*(padded.contains(each, autoescape=True) for each in wanted))


def frequent(connection: sa.Connection, table: sa.FromClause, query: str, many: int) -> bool:
    """Tell whether SQLite would find at least so many rows for a query."""
    if connection.dialect.name != "sqlite" or not _phrases(query):
        return False
    found = _found_in_index(table, query).limit(many).subquery()
    return connection.scalar(sa.select(sa.func.count()).select_from(found)) == many


def _found_in_index(table: sa.FromClause, query: str) -> sa.Select[Any]:
    # No quotation mark can be in a word, so quoting is safe.
    wanted = " AND ".join(
        f'"{" ".join(words)}"{"*" if prefix else ""}' for words, prefix in _phrases(query)
    )
    index = sa.table(f"{table.name}_search", sa.column("id"), sa.column("words"))  # type: ignore[attr-defined]
    return sa.select(index.c.id).where(index.c.words.op("MATCH")(wanted))


def _vector(search: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    return sa.func.to_tsvector(sa.text("'simple'::regconfig"), search)


def index_statements(dialect: str, name: str, suffix: str) -> list[str]:
    """Return the statements that make the full-text index of a table with a column `search`.

    The database keeps the index up to date by itself. `suffix` makes its names unique.
    """
    index = f"{name}_search"
    if dialect == "postgresql":
        return [
            f"CREATE INDEX {index}_{suffix} ON {name}"
            " USING gin (to_tsvector('simple'::regconfig, search))"
        ]
    # The index holds the id as a word of its own: the row numbers of SQLite may change when the
    # file is compacted, ids do not.
    return [
        f"CREATE VIRTUAL TABLE {index} USING fts5(id, words, tokenize = \"ascii tokenchars '-'\")",
        f"INSERT INTO {index} (id, words) SELECT id, search FROM {name}",
        f"CREATE TRIGGER {index}_insert_{suffix} AFTER INSERT ON {name} BEGIN"
        f" INSERT INTO {index} (id, words) VALUES (new.id, new.search); END",
        f"CREATE TRIGGER {index}_update_{suffix} AFTER UPDATE OF search ON {name}"
        " WHEN new.search IS NOT old.search BEGIN"
        f" UPDATE {index} SET words = new.search"
        f" WHERE rowid = (SELECT rowid FROM {index}"
        " WHERE id MATCH '\"' || new.id || '\"'); END",
    ]


def kept(name: str) -> tuple[str, str, str]:
    """Return SQLite's index of a table, what it has, and what by the table it should have."""
    index = f"{name}_search"
    return index, f"SELECT id, words FROM {index}", f"SELECT id, search FROM {name}"


def drop_index(connection: sa.Connection, name: str) -> None:
    """Remove what is left of the index of a table that was dropped."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}_search")


def remove_row(connection: sa.Connection, name: str, id_: str) -> None:
    """Remove a row from the index of a table, if there is one, before it goes from the table."""
    index = f"{name}_search"
    if connection.dialect.name == "sqlite" and sa.inspect(connection).has_table(index):
        connection.exec_driver_sql(f"DELETE FROM {index} WHERE id MATCH ?", (f'"{id_}"',))


def rename_index(connection: sa.Connection, old: str, new: str) -> None:
    """Let the index of SQLite follow a table to its new name."""
    connection.exec_driver_sql(f"ALTER TABLE {old}_search RENAME TO {new}_search")
