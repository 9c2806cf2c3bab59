"""Long lists of past versions: kept element by element, and told whole, as they were."""

import json
from typing import Any

import duckdb
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.kernel.columns import Json
from projections.kernel.read_model import ReadModel, Row, fold
from projections.kernel.warehouse import elements
from projections.kernel.warehouse.elements import MOST
from projections.kernel.warehouse.loader import Loader
from tests.projections.happenings import Ledger, Raw, recorded
from tests.volume import examples

albums = ReadModel(
    "albums",
    "album",
    sa.Column("pictures", Json, nullable=False, default=[]),
    sa.Column("people", Json, nullable=False, default={}),
)


@albums.on("album.arranged")
def _arranged(row: Row, event: Any) -> Row:
    return {name: event.data.get(name, row[name]) for name in ("pictures", "people")}


VALUES = st.sampled_from([0, 1, True, 1.0, "a", '",', {"x": [1]}, [None]])


@st.composite
def lives(draw: st.DrawFn) -> list[Raw]:
    """Draw how the lists of two albums change: by a piece at a time, whole, or not at all."""
    ledger = Ledger()
    pictures: dict[str, list[Any]] = {"a": [], "b": []}
    people: dict[str, dict[str, Any]] = {"a": {}, "b": {}}
    for version in range(1, draw(st.integers(3, 12))):
        for id_ in "ab":
            of, at = pictures[id_], draw(st.integers(0, len(pictures[id_])))
            more = draw(st.lists(VALUES, max_size=2 * MOST))
            pictures[id_] = [*of[:at], *more, *of[at + draw(st.integers(0, 9)) :]]
            names = [str(number) for number in draw(st.lists(st.integers(0, 40), max_size=30))]
            people[id_] = {n: v for n, v in people[id_].items() if n not in names[::3]}
            people[id_] |= dict.fromkeys(names[1::3], draw(VALUES))
            people[id_] |= dict.fromkeys(names[2::3], version)
            told = {"pictures": pictures[id_], "people": people[id_]}
            changed = draw(st.sampled_from([["pictures"], ["people"], ["pictures", "people"], []]))
            data = json.dumps({name: told[name] for name in changed})
            ledger.add(id_, version, "album.arranged", 1, data)
    return ledger.rows


@given(rows=lives(), size=st.integers(1, 30))
@settings(max_examples=examples(8), deadline=None)
def test_every_version_has_its_lists_as_they_were(rows: list[Raw], size: int) -> None:
    events = recorded(rows)
    versions = fold(albums, {}, events).versions
    with duckdb.connect() as connection:
        for start in range(0, len(rows), size):
            if not start or size > 5:  # one that knows nothing from before
                loader = Loader(connection, {"albums": albums})
                loader.create()
            loader.load(rows[start : start + size])
        told = "position, pictures, people"
        found = connection.execute(f"SELECT {told} FROM history_albums ORDER BY 1").fetchall()
        assert found == [_told(row) for row in versions]
        for position in (len(rows) // 2, len(rows)):
            then = fold(albums, {}, events[:position]).rows.values()
            query = f"SELECT {told} FROM albums_as_of({position}) ORDER BY 1"
            found = connection.execute(query).fetchall()
            assert found == sorted(_told(row) for row in then)


def _told(row: Row) -> tuple[int, str, str]:
    pictures, people = (
        json.dumps(row[name], separators=(",", ":")) for name in ("pictures", "people")
    )
    return row["position"], pictures, people


def test_a_list_that_grows_takes_a_row_for_each_element() -> None:
    ledger = Ledger()
    for version in range(1, 101):
        data = json.dumps({"pictures": list(range(version))})
        ledger.add("a", version, "album.arranged", 1, data)
    with duckdb.connect() as connection:
        loader = Loader(connection, {"albums": albums})
        loader.create()
        for row in ledger.rows:
            loader.load([row])
        kept = connection.execute("SELECT count(*) FROM store.elements_albums").fetchall()
        assert kept == [(99,)]  # the last version is not past yet, and is whole
        whole = "SELECT max(json_array_length(pictures)) FROM store.past_albums"
        assert connection.execute(whole).fetchall() == [(MOST,)]


def test_lists_by_which_rows_are_found_stay_with_them() -> None:
    from projections.kernel.read_model import read_models

    kept = {name: elements.growing(model) for name, model in read_models().items()}
    assert kept["customers"] == ["requirements", "contacts", "purchases"]
    assert kept["opportunities"] == ["lines", "stages", "competitors"]
    for name, model in read_models().items():
        assert not {"owned_by", *model.scope.columns} & set(kept[name])
