"""A standpoint: what of a report's rows is in sight, and where in the organisation they count."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

import pyarrow as pa
import sqlalchemy as sa

from projections.kernel.lists.duckdb_queries import compiled, past
from projections.kernel.lists.list_query import Under, alone
from projections.kernel.read_model import ReadModel, Row, read_models
from projections.kernel.reports.periods import Span
from projections.kernel.visibility.column_masks import classes
from projections.kernel.visibility.row_security import narrowed
from projections.kernel.visibility.unit_tree import Organisation
from projections.kernel.visibility.visibility import Sight

_SHAPE = pa.schema([(name, pa.string()) for name in ("code", "current", "province", "network")])
_SEEN = re.compile(r"\b(?:seen|hidden|then)_(\w+)")
_ON = re.compile(r"\bon_(\w+)")


@dataclass(frozen=True, slots=True)
class Standpoint:
    """From where figures are looked at.

    `sight` is what of the rows is seen, `None` for all; `under` gives what is below a unit;
    `places` where each unit counts, asked for only when a report needs it; `now` whether figures
    of a unit that has ended count to what succeeded it; `valid_at` the day by which what counts
    was true of the business, by default any; `day` the last one of a period that is given no other,
    by default `valid_at`, else today; `narrowed` the classes of fields that figures are made
    of and that are masked in some rows: only rows that show them count; `attributes` whether what
    a row belongs to is told as it was on the day of the row, or as it is.
    """

    sight: Sight | None = None
    under: Under = alone
    places: Callable[[], pa.Table] = _SHAPE.empty_table
    now: bool = False
    valid_at: date | None = None
    narrowed: tuple[str, ...] = ()
    day: date | None = None
    attributes: Literal["then", "now"] = "then"

    @property
    def masked(self) -> frozenset[str]:
        """The classes of what is masked in some rows, so that no figure is made of all."""
        return frozenset() if self.sight is None else self.sight.masked_somewhere()

    def relations(
        self,
        sql: str,
        position: int,
        spans: Sequence[Span] = (),
        days: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[str, dict[str, Any]]:
        """Return the SQL that defines the rows in sight that a query speaks of, and its values.

        Args:
            sql: The query; it speaks of `seen_<read model>`, and of `hidden_<read model>`: the
                rows that are there, but out of sight; and, if there are spans, of `spans`, with
                `first` and `last`, and of `then_<read model>`: the rows of each of these, as true
                on its last day.
            position: The rows are those of then.
            spans: The first and last day of each.
            days: By read model the query of ids, and of days on which records are asked for: it
                may speak of `on_<read model>`, which has those in sight with the day `as_on`.
        """
        clauses, values = list[str](), dict[str, Any]()
        if spans:
            each = ", ".join(f"(DATE '{first}', DATE '{last}')" for first, last in spans)
            clauses.append(f"spans(first, last) AS (VALUES {each})")

        def visible(model: ReadModel, day: date | str | None) -> tuple[str, sa.FromClause]:
            tables = past(position, day)
            query = sa.select(*tables(model).c)
            sights = self._sights(model)
            text, given = compiled(narrowed(query, model, sights, "duckdb", tables))
            for value in given:
                key = f"seen_{len(values)}"
                values[key] = value
                text = text.replace("?", f"${key}", 1)
            return text, tables(model)

        dated = [name for name in dict.fromkeys(_ON.findall(sql)) if name in days]
        whole = " ".join([sql, *(f"{days[name]} {seen(name)}" for name in dated)])
        for name in dict.fromkeys(_SEEN.findall(whole)):
            model = read_models()[name]
            if then(name) in whole:
                last = (
                    f"least(spans.last, DATE '{self.valid_at}')" if self.valid_at else "spans.last"
                )
                text, _ = visible(model, last)
                clauses.append(f"{then(name)} AS (FROM spans, LATERAL ({text}) AS each)")
            text, source = visible(model, self.valid_at)
            columns = source.c
            clauses.append(f"{seen(name)} AS NOT MATERIALIZED ({text})")
            if hidden(name) in whole:
                every, _ = compiled(sa.select(*columns))
                none = " LIMIT 0" if text == every else ""  # then no row is looked at
                apart = f"SELECT * FROM ({every}) ANTI JOIN {seen(name)} USING (id){none}"
                clauses.append(f"{hidden(name)} AS ({apart})")
        clauses += (self._dated(name, days[name], position) for name in dated)
        return f"WITH {', '.join(clauses)} " if clauses else "", values

    def _dated(self, name: str, days: str, position: int) -> str:
        """Return the SQL that defines the records in sight as they were on each of their days.

        One that was not there yet on such a day is as it is now.
        """
        day = "asked.day" if self.valid_at is None else f"least(asked.day, DATE '{self.valid_at}')"
        source = past(position, day)(read_models()[name])
        then, _ = compiled(sa.select(*source.c))
        now = f"SELECT * FROM {seen(name)}"
        if self.attributes == "now":
            found = f"FROM asked JOIN ({now}) AS each USING (id)"
            return f"on_{name} AS (WITH asked AS ({days}) SELECT each.*, day AS as_on {found})"
        return f"""on_{name} AS (
            WITH asked AS MATERIALIZED ({days}),
            shown AS (FROM asked SEMI JOIN {seen(name)} USING (id)),
            there AS (
                SELECT each.*, asked.day AS as_on FROM shown AS asked,
                LATERAL (SELECT * FROM ({then}) AS every WHERE every.id = asked.id) AS each
            )
            FROM there UNION ALL BY NAME
            SELECT each.*, asked.day AS as_on FROM asked JOIN ({now}) AS each USING (id)
            WHERE NOT EXISTS (
                SELECT 1 FROM there WHERE there.id = asked.id AND there.as_on = asked.day
            )
        )"""

    def _sights(self, model: ReadModel) -> tuple[Sight | None, ...]:
        """Return the sights of which each has to show a row."""
        touched = classes(model).intersection(self.narrowed)
        if self.sight is None or not touched:
            return (self.sight,)
        return tuple(self.sight.showing(each) for each in sorted(touched))


def seen(model: str) -> str:
    """Return the relation, for a FROM clause, of the rows of a read model that are in sight.

    Its name alone: reports are declared while read models are.
    """
    return f"seen_{model}"


def then(model: str) -> str:
    """Return the relation of the rows in sight on the last day of each span, with that."""
    return f"then_{model}"


def on(model: str) -> str:
    """Return the relation of the rows in sight on the days of what names them, `as_on` each."""
    return f"on_{model}"


def hidden(model: str) -> str:
    """Return the relation, for a FROM clause, of the rows that are there, but out of sight."""
    return f"hidden_{model}"


def places(units: Iterable[Row], organisation: Organisation, *, now: bool) -> pa.Table:
    """Return where figures of each unit count: its present unit, province and local network.

    Args:
        units: The rows of the units.
        organisation: The tree that they make.
        now: Whether a unit that has ended counts to what succeeded it, where that stands now; else
            it counts for itself, where it stood when it ended.
    """
    rows = {row["code"]: row for row in units}

    def found() -> Iterator[dict[str, str | None]]:
        for code in rows:
            path = organisation.above(code) if now else tuple(_stood(rows, code))
            by_level = {rows[each]["level"]: each for each in reversed(path) if each in rows}
            current = path[0] if now and path else code
            yield {
                "code": code,
                "current": current,
                "province": by_level.get("province"),
                "network": by_level.get("network"),
            }

    return pa.Table.from_pylist(list(found()), schema=_SHAPE)


def _stood(rows: Mapping[str, Row], code: str) -> Iterator[str]:
    """Yield a unit and those that it stood below, whatever became of them."""
    passed: set[str] = set()
    up: str | None = code
    while up is not None and up in rows and up not in passed:
        passed.add(up)
        yield up
        up = rows[up]["parent"]
