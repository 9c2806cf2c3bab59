"""What is exported for somebody is what they may see, without what is masked for them."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from duckdb import DuckDBPyConnection

from domain.kernel.types.sensitive import sensitive_fields, without
from projections.kernel.exports.both_times import INTERVALS
from projections.kernel.exports.exports import export, exported
from projections.kernel.read_model import read_models
from projections.kernel.visibility.row_security import subject_of
from projections.kernel.visibility.visibility import Sight, View
from projections.kernel.warehouse.loader import Loader
from tests.projections.belongings import belongings, sight
from tests.projections.kernel.visibility.test_row_security import ROWS
from tests.projections.warehouses import raw

EVENTS = belongings(1)
MODELS = ("customers", "opportunities", "service_tickets", "campaigns")


@pytest.fixture(scope="module")
def cursor() -> Iterator[DuckDBPyConnection]:
    with duckdb.connect() as connection:
        loader = Loader(connection)
        loader.create()
        loader.load(map(raw, EVENTS))
        yield connection


def hidden(sights: dict[str, Sight]) -> dict[str, frozenset[str]]:
    """Return what is masked in each record in sight, by a plain look at it."""
    found = {}
    for name in MODELS:
        model = read_models()[name]
        for id_, row in ROWS[name].items():
            above = ROWS["customers"].get(row["customer_id"]) if model.scope.through else None
            subject, seen = subject_of(model, row, above), sights[model.aggregate]
            if seen.covers(subject):
                found[id_] = seen.masked(subject)
    return found


def rows(cursor: DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cursor.sql(query).to_arrow_table().to_pylist()
    return found


def test_an_export_has_the_facts_and_histories_in_sight(cursor: DuckDBPyConnection) -> None:
    chance = random.Random(11)
    kinds = [read_models()[name].aggregate for name in MODELS]
    whole = {name: rows(cursor, query) for name, query in exported(cursor, len(EVENTS))}
    for turn in range(6):
        sights = {kind: sight(chance) for kind in kinds}
        seen = hidden(sights)
        for name, query in exported(cursor, len(EVENTS), sights):
            if turn and not whole[name]:  # what is in no sight is once seen not to be
                continue
            found = rows(cursor, query)
            key = "id" if name.startswith("history_") else "stream"
            kept = [row for row in whole[name] if row[key] in seen]
            assert [row["position"] for row in found] == [row["position"] for row in kept]
            if key == "stream":
                fields = sensitive_fields(_type(name))
                assert found == [without(row, fields, seen[row["stream"]]) for row in kept]


def _type(name: str) -> str:
    (found,) = {
        event.type
        for event in EVENTS
        if "fact_" + event.type.replace(".", "_").replace("-", "_") == name
    } or {"none.at-all"}
    return found


def test_masked_columns_of_rows_are_empty_at_any_depth(cursor: DuckDBPyConnection) -> None:
    classes = frozenset({"phone", "amount", "revenue"})
    everyone = Sight((View("g", None, None, classes),))
    sights = {read_models()[name].aggregate: everyone for name in MODELS}
    queries = dict(exported(cursor, len(EVENTS), sights))
    for row in rows(cursor, queries["history_customers"]):
        assert row["annual_revenue"] is None
        assert row["it_budget"] is not None
        assert "123" not in row["contacts"]
        if row["contacts"] != "{}":
            assert '"phone":null' in row["contacts"]
            assert '"email":"a@b.cn"' in row["contacts"]
    for row in rows(cursor, queries["history_opportunities"]):
        assert row["amount"] is None
        assert '"monthly":null' in row["lines"]
        assert '"product":"x"' in row["lines"]


def test_a_secret_is_in_no_export(cursor: DuckDBPyConnection) -> None:
    queries = dict(exported(cursor, len(EVENTS)))
    for name in ("history_api_keys", "fact_api_key_issued"):
        cursor.execute(queries[name])
        assert "digest" not in [column[0] for column in cursor.description or ()]


def test_every_table_and_column_of_an_export_is_in_its_dictionary(
    cursor: DuckDBPyConnection, tmp_path: Path
) -> None:
    done = export(cursor, tmp_path, len(EVENTS), None)
    words = json.loads((tmp_path / "dictionary.json").read_text())
    assert words.keys() == done["rows"].keys() == {each.stem for each in tmp_path.glob("*.parquet")}
    for name, told in words.items():
        assert told["about"], name
        assert list(told["columns"]) == pq.read_schema(tmp_path / f"{name}.parquet").names
        assert all(each["type"] and each["about"] for each in told["columns"].values())
    grade = words["history_customers"]["columns"]["unit"]
    assert grade == {"type": "VARCHAR", "about": "unit", "names": "unit"}
    assert words["fact_customer_regraded"]["about"].startswith("{who} regraded the customer")


def test_what_only_keeps_and_finds_rows_is_in_no_export(cursor: DuckDBPyConnection) -> None:
    for name, query in exported(cursor, len(EVENTS)):
        columns = [column for column, *_ in cursor.execute(f"DESCRIBE {query}").fetchall()]
        assert not {"in_force", "search", "owned_by"}.intersection(columns)
        assert not [each for each in columns if each.endswith("_key")]
        if name.startswith("history_"):
            assert columns[-len(INTERVALS) :] == list(INTERVALS)


def test_an_export_says_of_which_moment_and_for_whom_it_is_and_what_was_masked(
    cursor: DuckDBPyConnection, tmp_path: Path
) -> None:
    some = Sight((View("g", None, None, frozenset({"phone"})),))
    done = export(cursor, tmp_path, 3, {"customer": some}, "li.wei")
    assert json.loads((tmp_path / "manifest.json").read_text()) == done
    assert (done["position"], done["employee"]) == (3, "li.wei")
    assert done["as_of"] == EVENTS[2].time.isoformat().replace("+00:00", "Z")
    assert done["masked"] == {"customer": ["phone"]}
