"""Both times of rows: of any position and day there is one state, as the plain fold has it."""

from datetime import date
from typing import Any

import duckdb
import orjson
from hypothesis import given, settings

from domain.kernel.aggregate import Recorded
from projections.kernel.exports.both_times import INTERVALS, both_times
from projections.kernel.warehouse.parking_lot import PARKING
from projections.kernel.warehouse.row_history import History
from tests.projections.accounts import accounts
from tests.projections.kernel.history.test_fold_at import day, plainly, stories, told
from tests.volume import examples


@given(story=stories())
@settings(max_examples=examples(8), deadline=None)
def test_of_every_position_and_day_there_is_the_state_that_was_known_and_true(
    story: list[Recorded],
) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE SCHEMA store")
        connection.execute(PARKING)
        history = History(accounts, told(story))
        for statement in history.statements():
            connection.execute(statement)
        history.load(connection, story)
        for last in {len(story), len(story) // 2}:
            query = both_times(connection, accounts, last)
            states = connection.sql(query).to_arrow_table().to_pylist()
            times = {each.position: each.time for each in story}
            for state in states:
                assert state["known_from"] == times[state["known_from_position"]]
                assert state["known_to"] == times.get(state["known_to_position"])
            for position in range(1, last + 1):
                for on in [day(ago) for ago in range(-1, 11)]:
                    assert on is not None
                    expected = plainly(story, position, on)
                    found = [_row(state) for state in states if _so(state, position, on)]
                    assert len(found) == len(expected)
                    assert {row["id"]: row for row in found} == expected


def _so(state: dict[str, Any], position: int, on: date) -> bool:
    until, last = state["known_to_position"], state["valid_to"]
    known = state["known_from_position"] <= position and (until is None or position < until)
    return known and state["valid_from"] <= on and (last is None or on <= last)


def _row(state: dict[str, Any]) -> dict[str, Any]:
    row = {name: value for name, value in state.items() if name not in INTERVALS}
    return row | {"notes": orjson.loads(row["notes"])}
