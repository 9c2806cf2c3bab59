"""Rotations: an index of texts from each of their words on, where those nearest to one are found.

A rotation has the words from one on, and behind them those before it. Two texts that differ in one
place have a rotation each that begins behind it and is alike up to it: they are neighbours in the
order of all rotations, however many texts begin alike, or end. Words stand apart by spaces.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

import orjson
import sqlalchemy as sa

from projections.kernel.rows.statements import first_row

UPTO = 64
"""Characters at the beginning of a text in which rotations begin."""

MOST = 12
"""Rotations of a text whose neighbours are looked up."""

NEAR = 5
"""Neighbours of a rotation on either side of it."""

_BEGIN = 2
"""Characters at the beginning of a rotation that its neighbours share."""

_LAST = "\U0010ffff"

Rotation = tuple[str, str, int]
"""The text, the id of its record, and where the first of its words began in the original."""


def rotations(text: str) -> Iterator[tuple[str, int]]:
    """Yield each rotation of a text, with the place in the text at which it begins."""
    if text:
        yield text, 0
    for at, character in enumerate(text[: UPTO - 1], 1):
        if character == " ":
            yield f"{text[at:]} {text[: at - 1]}", at


def original(rotation: str, at: int) -> str:
    """Return the text of which a rotation begins at a place."""
    return f"{rotation[1 - at :] if at > 1 else ''} {rotation[:-at]}" if at else rotation


class Rotations:
    """The rotations of some texts in memory."""

    def __init__(self, texts: Iterable[tuple[str, str]] = ()) -> None:
        """Take texts with the ids of their records."""
        self._all: list[Rotation] = sorted(
            (rotation, id_, at) for id_, text in texts for rotation, at in rotations(text)
        )

    def add(self, id_: str, text: str) -> None:
        """Take one more text, by the id of its record."""
        for rotation, at in rotations(text):
            insort(self._all, (rotation, id_, at))

    def remove(self, id_: str, text: str) -> None:
        """Take a text back."""
        for rotation, at in rotations(text):
            del self._all[bisect_left(self._all, (rotation, id_, at))]

    def near(self, text: str) -> dict[str, str]:
        """Return the texts that are neighbours of one, by the ids of their records."""
        found = dict[str, str]()
        for rotation, _ in islice(rotations(text), MOST):
            here = bisect_left(self._all, (rotation,))
            begin = rotation[:_BEGIN]
            for each, id_, at in self._all[max(0, here - NEAR) : here + NEAR]:
                if each.startswith(begin):
                    found[id_] = original(each, at)
        return found


def near(connection: sa.Connection, table: str, text: str) -> dict[str, str]:
    """Return the texts of a table's rows that are neighbours of one, by the ids of the rows."""
    wanted = list[str]()
    for rotation, _ in islice(rotations(text), MOST):
        begin = rotation[:_BEGIN]
        wanted += (begin, rotation, rotation, begin + _LAST)
    if not wanted:
        return {}
    query = _neighbours(table, len(wanted) // 4, connection.dialect.name)
    (found,) = first_row(connection, query, wanted)
    rows = orjson.loads(found) if isinstance(found, str) else found or ()
    return {id_: original(rotation, at) for rotation, id_, at in rows}


@cache
def _neighbours(table: str, count: int, dialect: str) -> str:
    """Return the query for the neighbours of so many rotations, each found by the index alone.

    They come as one JSON array: dozens of rows one by one would take longer than to find them.
    """
    mark, array, group = (
        ("%s", "json_build_array", "json_agg")
        if dialect == "postgresql"
        else ("?", "json_array", "json_group_array")
    )
    neighbours = " UNION ALL ".join(
        f"SELECT * FROM (SELECT rotation, id, place FROM {_index(table)}"
        f" WHERE rotation >= {mark} AND rotation < {mark}"
        f" ORDER BY rotation {order}, id {order}, place {order} LIMIT {NEAR}) AS {order}_{number}"
        for number in range(count)
        for order in ("DESC", "ASC")
    )
    return f"SELECT {group}({array}(rotation, id, place)) FROM ({neighbours}) AS neighbours"


def _index(name: str) -> str:
    return f"{name}_rotations"


def _select(dialect: str, column: str, row: str, table: str = "") -> str:
    """Return the query for the rotations, the id and the places of a row, or of all of a table."""
    text = f"{row}.{column}"
    if dialect == "postgresql":
        places = f"generate_series(0, least({UPTO}, length({text})) - 1) AS each (place)"
    else:
        numbers = ",".join(map(str, range(UPTO)))
        places = f"(SELECT value AS place FROM json_each('[{numbers}]')) AS each"
    rest = f"CASE each.place WHEN 0 THEN '' ELSE ' ' || substr({text}, 1, each.place - 1) END"
    begins = f"CASE each.place WHEN 0 THEN true ELSE substr({text}, each.place, 1) = ' ' END"
    return (
        f"SELECT substr({text}, each.place + 1) || {rest} AS rotation, {row}.id, each.place"
        f" FROM {f'{table}, ' if table else ''}{places}"
        f" WHERE each.place < length({text}) AND {begins}"
    )


def index_statements(dialect: str, name: str, column: str, suffix: str) -> list[str]:
    """Return the statements that make the index of the rotations of a column of a table.

    The database keeps it up to date by itself. `suffix` makes its names unique.
    """
    index = _index(name)
    text = 'text COLLATE "C"' if dialect == "postgresql" else "text"
    rowless = " WITHOUT ROWID" if dialect == "sqlite" else ""
    return [
        f"CREATE TABLE {index} (rotation {text} NOT NULL, id {text} NOT NULL,"
        f" place integer NOT NULL, PRIMARY KEY (rotation, id, place)){rowless}",
        f"INSERT INTO {index} {_select(dialect, column, name, name)} ORDER BY 1, 2, 3",
        *(_kept_by if dialect == "postgresql" else _kept_row_by_row)(name, column, suffix),
    ]


def _kept_row_by_row(name: str, column: str, suffix: str) -> list[str]:
    """Return the triggers of SQLite."""
    index = _index(name)
    add = f"INSERT INTO {index} {_select('sqlite', column, 'new')};"
    old = _select("sqlite", column, "old")
    gone = f"DELETE FROM {index} WHERE (rotation, id, place) IN ({old});"
    changed = f"UPDATE OF {column} ON {name} WHEN new.{column} IS NOT old.{column}"
    return [
        f"CREATE TRIGGER {index}_insert_{suffix} AFTER INSERT ON {name} BEGIN {add} END",
        f"CREATE TRIGGER {index}_update_{suffix} AFTER {changed} BEGIN {gone} {add} END",
        f"CREATE TRIGGER {index}_delete_{suffix} AFTER DELETE ON {name} BEGIN {gone} END",
    ]


def _kept_by(name: str, column: str, suffix: str) -> list[str]:
    """Return the triggers of PostgreSQL, by the statement, and the function that they call.

    It goes by the name that the table has at the time, which may become another's.
    """
    index = _index(name)
    tables = {"INSERT": "NEW TABLE AS now", "DELETE": "OLD TABLE AS was"}
    tables["UPDATE"] = f"{tables['DELETE']} {tables['INSERT']}"
    return [
        _FUNCTION,
        *(
            f"CREATE TRIGGER {index}_{event.lower()}_{suffix} AFTER {event} ON {name} "
            f"REFERENCING {which} FOR EACH STATEMENT EXECUTE FUNCTION keep_rotations('{column}')"
            for event, which in tables.items()
        ),
        f"ANALYZE {index}",
    ]


def _function() -> str:
    was = _select("postgresql", "{column}", "was", "was")
    now = _select("postgresql", "{column}", "now", "now")
    same = (
        " AND NOT EXISTS (SELECT 1 FROM {} AS other"
        " WHERE other.id = {}.id AND other.{{column}} = {}.{{column}})"
    )
    gone = "DELETE FROM {{index}} WHERE (rotation, id, place) IN ({})".format
    add = "INSERT INTO {{index}} {}".format
    update = [
        gone(was + same.format("now", "was", "was")),
        add(now + same.format("was", "now", "now")),
    ]
    done = {"INSERT": [add(now)], "DELETE": [gone(was)], "UPDATE": update}
    branches = "".join(
        f" IF TG_OP = '{event}' THEN "
        + "".join(
            f"EXECUTE replace(replace($sql${statement}$sql$, '{{index}}',"
            " quote_ident(TG_TABLE_NAME || '_rotations')), '{column}', quote_ident(TG_ARGV[0])); "
            for statement in statements
        )
        + "END IF;"
        for event, statements in done.items()
    )
    return (
        "CREATE OR REPLACE FUNCTION keep_rotations() RETURNS trigger LANGUAGE plpgsql AS $body$ "
        f"BEGIN{branches} RETURN NULL; END $body$"
    )


_FUNCTION = _function()


def kept(dialect: str, name: str, column: str) -> tuple[str, str, str]:
    """Return the index of a table, what it has, and what by the table it should have."""
    made = f"({_select(dialect, column, name, name)}) AS made"
    columns = "SELECT id, rotation, place FROM"
    return _index(name), f"{columns} {_index(name)}", f"{columns} {made}"


def drop_index(connection: sa.Connection, name: str) -> None:
    """Remove what is left of the index of a table that was dropped."""
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_index(name)}")


def rename(old: str, new: str) -> tuple[str, str]:
    """Return the names of the index when its table is renamed: it follows."""
    return _index(old), _index(new)
