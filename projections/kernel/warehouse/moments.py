"""Moments: which rows of the tables of a history were so at a position, or true on a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import product

WHOLE = 2**62
"""The place, among what one event has told, of the row with all that is known."""

NEVER = 2**62
"""A position that no journal comes to: the end of what is so still."""

RETOLD = "retold_at"
"""The column with the position at which something was first told late of the record, or `NEVER`.

It stands for the record among those: an event is of one record, and a number is found sooner."""

LATEST = "latest"
"""The name for which the conditions of `parts` take the rows that `latest` gives."""

_WAS = "* EXCLUDE (valid_to_position, valid_to, next_in_force)"
_LAST = f"QUALIFY row_number() OVER (PARTITION BY {RETOLD} ORDER BY told DESC, place DESC) = 1"


def macros(model: str) -> Iterator[str]:
    """Yield the SQL of the macros that give the rows of a read model as of a moment.

    `<model>_as_of(position)` has those true at a position, `<model>_true_at(position, day)` those
    true on a day by what was known at a position.
    """
    past, present = f"store.ended_{model}", f"store.present_{model}"
    yield (
        f"CREATE OR REPLACE MACRO {model}_as_of(point) AS TABLE "
        f"SELECT {_WAS} FROM {past} WHERE position <= point AND valid_to_position > point "
        f"UNION ALL FROM {present} WHERE position <= point"
    )
    # Of a record that nothing was told late of, versions follow one another by day as well.
    # Of the others, what was told last about the time up to the day is what counts.
    true = f"position <= point AND in_force <= day AND {RETOLD} > point"
    told = f"position AS told, {WHOLE} AS place"
    yield (
        f"CREATE OR REPLACE MACRO {model}_true_at(point, day) AS TABLE "
        f"SELECT {_WAS} FROM {past} "
        f"WHERE {true} AND (valid_to_position > point OR next_in_force > day) UNION ALL "
        f"FROM {present} WHERE {true} UNION ALL "
        f"SELECT * EXCLUDE (told, place) FROM ("
        f"SELECT {_WAS}, {told} FROM {past} WHERE {RETOLD} <= point UNION ALL "
        f"SELECT *, {told} FROM {present} WHERE {RETOLD} <= point UNION ALL "
        f"FROM store.revised_{model}) WHERE told <= point AND in_force <= day {_LAST}"
    )


def parts(
    model: str, kept: Sequence[str], point: int, day: date | None = None, *, late: bool = False
) -> list[tuple[str, str]]:
    """Return the tables that have the rows of a moment, each with the condition for these.

    Args:
        model: The name of the read model.
        kept: The tables with versions that are past, as `past_customers`.
        point: The position.
        day: The day on which the rows were true; by default they are those of the position.
        late: Whether something was told late of any record: then there are also those that
            `latest` gives, for which the conditions have the name `LATEST`.
    """
    present, known = f"present_{model}", f"position <= {point}"
    if day is None:
        return [
            *((each, f"{known} AND valid_to_position > {point}") for each in kept),
            (present, known),
        ]
    true = f"{known} AND in_force <= {_date(day)} AND {RETOLD} > {point}"
    # Each for itself: what one `OR` is about, DuckDB looks at only when all else is read.
    still = f"{true} AND valid_to_position > {point}"
    ceded = f"{true} AND valid_to_position <= {point} AND next_in_force > {_date(day)}"
    found = [*product(kept, (still, ceded)), (present, true)]
    sources = (*kept, present, f"revised_{model}") if late else ()
    these = f"{RETOLD} <= {point} AND rowid IN (SELECT row FROM {LATEST} WHERE source = '{{}}')"
    return [*found, *((each, these.format(each)) for each in sources)]


def latest(model: str, kept: Sequence[str], point: int, day: date) -> str:
    """Return the SQL for where the states are, true on a day, of what something was told late of.

    It gives the `source`, which is one of the tables of `parts`, and its `row`.
    """
    place = (
        f"SELECT '{{0}}' AS source, rowid AS row, {RETOLD}, in_force, {{1}} AS told, {{2}} AS place"
    )
    states = [
        f"{place.format(each, 'position', WHOLE)} FROM store.{each} WHERE {RETOLD} <= {point}"
        for each in (*kept, f"present_{model}")
    ]
    revised = f"revised_{model}"
    states.append(f"{place.format(revised, 'told', 'place')} FROM store.{revised}")
    return (
        f"SELECT source, row FROM ({' UNION ALL '.join(states)}) "
        f"WHERE told <= {point} AND in_force <= {_date(day)} {_LAST}"
    )


def _date(day: date) -> str:
    return f"DATE '{day:%Y-%m-%d}'"
