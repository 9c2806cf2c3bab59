"""Facts: every event type a typed table, complete at once, the same whatever way it was loaded."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import duckdb
import pytest
from duckdb import DuckDBPyConnection
from pydantic import BaseModel, Field

from domain.kernel.aggregate import registry
from domain.service.service_ticket import ServiceTicket
from projections.kernel.warehouse.facts import ENVELOPE, facts, quote, shape_of, sql_type
from projections.kernel.warehouse.loader import Loader
from tests.projections.happenings import Raw, altered, golden_rows


@pytest.fixture
def connection() -> Iterator[DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def loader(connection: DuckDBPyConnection) -> Loader:
    made = Loader(connection)
    made.create()
    return made


def everything(connection: DuckDBPyConnection) -> dict[str, list[Any]]:
    names = ["events", *(fact.name for fact in facts().values())]
    return {name: connection.sql(f"FROM {name} ORDER BY ALL").fetchall() for name in names}


def as_stored(value: Any, shape: Any) -> Any:
    """Return a value of a fact as the payload has it."""
    if value is None:
        return None
    if isinstance(shape, list):
        return [as_stored(each, shape[0]) for each in value]
    if isinstance(shape, dict):
        return {name: as_stored(value[name], part) for name, part in shape.items()}
    if shape == "JSON":
        return json.loads(value)
    if isinstance(value, Decimal):
        return value
    return value.isoformat() if isinstance(value, date) else value


def as_typed(value: Any, shape: Any) -> Any:
    """Return a value of a payload so that it compares: amounts as numbers, moments as UTC."""
    if value is None:
        return None
    if isinstance(shape, list):
        return [as_typed(each, shape[0]) for each in value]
    if isinstance(shape, dict):
        return {name: as_typed(value.get(name), part) for name, part in shape.items()}
    if str(shape).startswith("DECIMAL"):
        return Decimal(value)
    if shape == "TIMESTAMPTZ":
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return value


def test_every_event_is_found_typed_in_the_table_of_its_type(
    connection: DuckDBPyConnection,
) -> None:
    rows = golden_rows()
    loader(connection).load(rows)
    seen = set()
    for row in rows:
        fact = facts()[row[3]]
        seen.add(row[3])
        columns = ", ".join(map(quote, fact.columns))
        found = connection.execute(
            f"SELECT {columns} FROM {fact.name} WHERE position = ?", [row[0]]
        ).fetchall()
        assert len(found) == 1
        time = datetime.fromtimestamp(row[5] / 1_000_000, UTC)
        did, had = (row[6], row[13]), (row[9], row[12])
        assert found[0][: len(ENVELOPE)] == (*row[:3], time, *did, *row[7:9], *had, row[10])
        payload = json.loads(row[11])
        values = found[0][len(ENVELOPE) :]
        for (name, shape), value in zip(fact.shapes.items(), values, strict=True):
            assert as_stored(value, shape) == as_typed(payload.get(name), shape), (row[3], name)
    assert seen == set(registry.events) & set(facts())


def test_facts_are_the_same_whether_they_wait_untyped_or_are_settled(
    connection: DuckDBPyConnection,
) -> None:
    rows = golden_rows()
    loader(connection).load(rows)
    with duckdb.connect() as other:
        loader(other).load_all([rows[:30], rows[30:]])
        assert other.sql("SELECT count(*) FROM store.recent").fetchall() == [(0,)]
        assert everything(other) == everything(connection)


def test_no_column_of_a_payload_hides_one_of_the_envelope() -> None:
    for fact in facts().values():
        assert len(fact.columns) == len(ENVELOPE) + len(fact.shapes)


def test_an_event_of_an_unknown_type_is_kept_as_it_came(connection: DuckDBPyConnection) -> None:
    strange = altered(golden_rows()[0], type="lease.signed", data={"a": 1})
    made = loader(connection)
    made.load_all([[strange]])
    assert connection.sql("SELECT type, data FROM store.unknown").fetchall() == [
        ("lease.signed", '{"a": 1}')
    ]
    assert connection.sql("SELECT position, type FROM events").fetchall() == [(1, "lease.signed")]
    assert made.position == 1


def test_an_event_of_an_older_schema_is_brought_up_to_date(
    connection: DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def upcast(data: dict[str, Any]) -> None:
        data["action"] = data.pop("remedy")

    resolved = next(row for row in golden_rows() if row[3] == "service-ticket.resolved")
    monkeypatch.setattr(ServiceTicket.Resolved, "schema", 2)
    monkeypatch.setattr(ServiceTicket.Resolved, "upcast_v1_v2", staticmethod(upcast), raising=False)
    facts.cache_clear()
    try:
        made = loader(connection)
        old: Raw = altered(resolved, position=1, data={"cause": "dust", "remedy": "cleaned"})
        made.load([old])
        found = connection.sql("SELECT cause, action FROM fact_service_ticket_resolved").fetchall()
        assert found == [("dust", "cleaned")]
    finally:
        facts.cache_clear()


def test_a_field_younger_than_the_fact_reads_as_its_default(
    connection: DuckDBPyConnection,
) -> None:
    recorded = next(row for row in golden_rows() if row[3] == "customer.purchase-recorded")
    loader(connection).load([altered(recorded, data={"competitor": "Unicom", "product": "DIA"})])
    found = connection.sql("SELECT currency, monthly FROM fact_customer_purchase_recorded")
    assert found.fetchall() == [("CNY", None)]


class Colour(StrEnum):
    RED = "red"


class Box(BaseModel):
    side: Decimal
    colours: list[Colour]


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (str, "VARCHAR"),
        (Colour | None, "VARCHAR"),
        (bool, "BOOLEAN"),
        (Annotated[int, Field(ge=0)], "BIGINT"),
        (Decimal | None, "DECIMAL(18,2)"),
        (Annotated[Decimal, Field(decimal_places=4)] | None, "DECIMAL(24,4)"),
        (date, "DATE"),
        (datetime, "TIMESTAMPTZ"),
        (tuple[str, ...], "VARCHAR[]"),
        (list[Box], 'STRUCT("side" DECIMAL(18,2), "colours" VARCHAR[])[]'),
        (dict[str, int], "JSON"),
        (int | str, "JSON"),
    ],
)
def test_a_type_has_its_natural_column(hint: Any, expected: str) -> None:
    assert sql_type(shape_of(hint)) == expected
