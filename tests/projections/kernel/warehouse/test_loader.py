"""The loader of the warehouse: any order, any repeats, always the fold of the history."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import orjson
import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.aggregate import discover
from domain.service.service_ticket import ServiceTicket
from projections.kernel.columns import Json
from projections.kernel.read_model import ReadModel, Row, fold, read_models
from projections.kernel.warehouse.facts import facts
from projections.kernel.warehouse.loader import Loader, RebuildRequired
from projections.kernel.warehouse.parking_lot import parked
from tests.domain.play import plays
from tests.projections.happenings import KINDS, Raw, altered, golden_rows, played, recorded, told
from tests.volume import examples

LIVES = st.tuples(
    *(
        st.tuples(st.just(aggregate), plays(aggregate))
        for kind, aggregate in sorted(discover().aggregates.items())
        if kind in KINDS
    )
)


@pytest.fixture
def connection() -> Iterator[DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def loader(connection: DuckDBPyConnection, rows: Sequence[Raw] | None = None) -> Loader:
    made = Loader(connection, told=told(golden_rows() if rows is None else rows))
    made.create()
    return made


def content(connection: DuckDBPyConnection) -> dict[str, list[Any]]:
    names = [fact.name for fact in facts().values()]
    names += ["events", *(f"history_{name}" for name in read_models())]
    return {name: connection.sql(f"FROM {name} ORDER BY ALL").fetchall() for name in names}


def rows_of(connection: DuckDBPyConnection, model: ReadModel, relation: str) -> list[Row]:
    """Return rows as the fold has them."""
    columns = list(model.table.columns)
    names = ", ".join(f'"{column.name}"' for column in columns)
    found = connection.execute(f"SELECT {names} FROM {relation} ORDER BY position").fetchall()
    return [
        {
            column.name: orjson.loads(value)
            if isinstance(column.type, Json) and value is not None
            else value
            for column, value in zip(columns, values, strict=True)
        }
        for values in found
    ]


def rows_at(connection: DuckDBPyConnection, model: ReadModel, position: int) -> dict[str, Row]:
    relation = f"{model.name}_as_of({position})"
    return {row["id"]: row for row in rows_of(connection, model, relation)}


@given(lives=LIVES, seed=st.integers(0, 99))
@settings(max_examples=examples(3), deadline=None)
def test_rows_as_of_any_position_equal_the_fold_up_to_it(lives: Any, seed: int) -> None:
    rows = played(lives)
    events = recorded(rows)
    chance = random.Random(seed)
    deliveries = chance.sample(rows, len(rows)) + rows[::3]
    size = -(-len(deliveries) // chance.randint(2, 6))
    with duckdb.connect() as connection:
        made = loader(connection, rows)
        for start in range(0, len(deliveries), size):
            made.load(deliveries[start : start + size])
        assert made.position == len(rows)
        for model in read_models().values():
            position = chance.randint(0, len(rows))
            expected = fold(model, {}, events[:position]).rows
            assert rows_at(connection, model, position) == expected
            # Its versions in turn are the rows at every other position.
            versions = rows_of(connection, model, f"history_{model.name}")
            assert versions == fold(model, {}, events).versions


def test_a_version_ends_where_the_next_begins(connection: DuckDBPyConnection) -> None:
    loader(connection).load(golden_rows())
    for name in read_models():
        broken = connection.sql(
            f"""SELECT * FROM (SELECT *, lead(valid_from_position) OVER next AS next_position,
                lead(valid_from) OVER next AS next_time FROM history_{name}
                WINDOW next AS (PARTITION BY id ORDER BY version))
            WHERE next_position IS DISTINCT FROM valid_to_position
                OR next_time IS DISTINCT FROM valid_to"""
        ).fetchall()
        assert broken == []


def test_a_repeated_load_changes_nothing(connection: DuckDBPyConnection) -> None:
    rows = golden_rows()
    made = loader(connection)
    assert made.load(rows[:50]) == 50
    before = content(connection)
    assert made.load(rows[:50]) == 0
    made.load_all([rows[:20], rows[10:50]])
    assert content(connection) == before
    assert made.load(rows[40:]) == len(rows) - 50


def test_the_position_stops_at_a_gap_and_jumps_when_it_closes(
    connection: DuckDBPyConnection,
) -> None:
    rows = golden_rows()
    made = loader(connection)
    made.load([*rows[:10], *rows[11:30]])
    assert made.position == 10
    made.load_all([rows[30:40]])
    assert made.position == 10
    made.load([rows[10]])
    assert made.position == 40


def test_a_new_loader_goes_on_where_the_last_one_stopped(connection: DuckDBPyConnection) -> None:
    rows = golden_rows()
    loader(connection).load([*rows[:20], *rows[25:30]])
    second = loader(connection)
    assert second.position == 20
    assert second.load(rows) == len(rows) - 25
    with duckdb.connect() as other:
        loader(other).load(rows)
        assert content(connection) == content(other)


def test_a_failed_load_leaves_no_trace(connection: DuckDBPyConnection) -> None:
    rows = golden_rows()
    made = loader(connection)
    made.load(rows[:20])
    before = content(connection)
    with pytest.raises(TypeError):
        made.load([*rows[20:40], altered(rows[40], stream=7)])
    assert content(connection) == before
    assert made.position == 20
    assert made.load(rows) == len(rows) - 20


def test_a_poison_event_parks_its_stream_and_the_others_go_on(
    connection: DuckDBPyConnection,
) -> None:
    rows = golden_rows()
    bad = next(index for index, row in enumerate(rows) if row[3] == "opportunity.advanced")
    poisoned = [*rows[:bad], altered(rows[bad], data={"nothing": 1}), *rows[bad + 1 :]]
    made = loader(connection)
    made.load(poisoned)
    assert made.position == len(rows)
    stream = rows[bad][1]
    of_stream = [row[2] for row in rows if row[1] == stream and row[2] >= rows[bad][2]]
    assert [each["version"] for each in parked(connection)] == of_stream
    assert "KeyError" in parked(connection)[0]["error"]
    assert made.repairs.retry("history_opportunities", stream) == len(of_stream)
    tickets = read_models()["service_tickets"]
    expected = fold(tickets, {}, recorded(rows)).rows
    assert rows_at(connection, tickets, len(rows)) == expected


def test_a_value_that_no_column_takes_parks_its_stream(connection: DuckDBPyConnection) -> None:
    rows: list[Raw] = [
        altered(row, data={"satisfaction": 2**70, "at": None})
        if row[3] == "service-ticket.confirmed"
        else row
        for row in golden_rows()
    ]
    made = loader(connection)
    made.load(rows)
    assert {each["model"] for each in parked(connection)} == {"history_service_tickets"}
    customers = read_models()["customers"]
    assert rows_at(connection, customers, len(rows)) == fold(customers, {}, recorded(rows)).rows


def test_an_event_that_cannot_be_read_is_kept_apart_until_the_program_is_mended(
    connection: DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(data: dict[str, Any]) -> None:
        raise LookupError("no such field")

    monkeypatch.setattr(ServiceTicket.Resolved, "schema", 2)
    monkeypatch.setattr(ServiceTicket.Resolved, "upcast_v1_v2", staticmethod(fail), raising=False)
    facts.cache_clear()
    try:
        rows = golden_rows()
        made = loader(connection)
        half = next(i for i, row in enumerate(rows) if row[3] == "service-ticket.resolved") + 1
        made.load(rows[:half])
        made.load_all([rows[half:]])
        assert made.position == len(rows)
        resolved = [row[0] for row in rows if row[3] == "service-ticket.resolved"]
        aside = [each for each in parked(connection) if each["model"] == "facts"]
        assert [each["position"] for each in aside] == resolved
        assert all("no such field" in each["error"] for each in aside)
        assert "history_service_tickets" in {each["model"] for each in parked(connection)}
        assert connection.sql("SELECT count(*) FROM events").fetchall() == [(len(rows),)]
        assert connection.sql("FROM fact_service_ticket_resolved").fetchall() == []
        customers = read_models()["customers"]
        assert rows_at(connection, customers, len(rows)) == fold(customers, {}, recorded(rows)).rows

        monkeypatch.setattr(ServiceTicket.Resolved, "upcast_v1_v2", staticmethod(lambda data: None))
        repairs = loader(connection).repairs
        places = {(each["model"], each["stream"]) for each in parked(connection)}
        assert {repairs.retry(*place) for place in sorted(places)} == {0}
        with duckdb.connect() as other:
            loader(other).load(rows)
            assert content(connection) == content(other)
    finally:
        facts.cache_clear()


@pytest.mark.parametrize(
    ("schema", "data"), [(1, "no JSON"), (1, '["a"]'), (1, '{"a":"\\ud800"}'), (7, "{}"), (1, "")]
)
def test_a_payload_that_no_program_can_read_stops_nobody_and_is_passed_over(
    connection: DuckDBPyConnection, schema: int, data: str
) -> None:
    rows = golden_rows()
    bad = next(index for index, row in enumerate(rows) if row[3] == "customer.regraded")
    rows[bad] = (*rows[bad][:4], schema, *rows[bad][5:11], data, *rows[bad][12:])
    made = loader(connection, rows)
    made.load_all([rows])
    with duckdb.connect() as other:
        loader(other, rows).load(rows)
        assert content(connection) == content(other)
    assert made.position == len(rows)
    assert connection.sql("SELECT position, data FROM store.unreadable").fetchall() == [
        (rows[bad][0], data)
    ]
    behind = [row[2] for row in rows if row[1] == rows[bad][1] and row[2] >= rows[bad][2]]
    histories = [each for each in parked(connection) if each["model"] == "history_customers"]
    assert [each["version"] for each in histories] == behind
    assert made.repairs.retry("facts", rows[bad][1]) == 1
    assert made.repairs.retry("history_customers", rows[bad][1]) == len(behind)
    assert made.repairs.skip("history_customers", rows[bad][1]) == 0
    assert {each["model"] for each in parked(connection)} == {"facts"}
    customer = rows_at(connection, read_models()["customers"], len(rows))[rows[bad][1]]
    assert customer["version"] == behind[-1]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE store.shapes SET fingerprint = 'other'", "fact_customer_registered"),
        ("DELETE FROM store.shapes", "events"),
    ],
)
def test_what_another_version_of_the_code_made_asks_for_a_rebuild(
    connection: DuckDBPyConnection, change: str, named: str
) -> None:
    loader(connection).load(golden_rows())
    connection.execute(f"{change} WHERE name = '{named}'")
    with pytest.raises(RebuildRequired, match=f"^{named}$"):
        Loader(connection).create()


def test_an_unknown_type_that_has_become_known_asks_for_a_rebuild(
    connection: DuckDBPyConnection,
) -> None:
    made = loader(connection)
    made.load_all([[altered(golden_rows()[0], type="lease.signed")]])
    connection.execute("UPDATE store.unknown SET type = 'customer.registered'")
    with pytest.raises(RebuildRequired, match="fact_customer_registered"):
        Loader(connection).create()
