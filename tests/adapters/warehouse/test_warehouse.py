"""The warehouse file: consistent readers, atomic loads, rebuilds beside it, exports, kills."""

import json
import random
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from adapters.refusals import WarehouseOutdated
from adapters.warehouse.warehouse import Warehouse, WarehouseBroken, WarehouseInUse
from projections.kernel.read_model import fold, read_models
from projections.kernel.warehouse.facts import facts
from projections.kernel.warehouse.loader import RebuildRequired
from tests.api.warm import script
from tests.projections.happenings import Raw, golden_rows, recorded
from tests.projections.happenings import told as known


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "warehouse.duckdb"


@pytest.fixture
def warehouse(path: Path) -> Iterator[Warehouse]:
    opened = Warehouse(path, histories=known(golden_rows()))
    yield opened
    opened.close()


def batches(rows: list[Raw], size: int = 10) -> Iterable[list[Raw]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def count(warehouse: Warehouse, table: str = "events") -> int:
    with warehouse.reader() as cursor:
        return int(cursor.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def content(warehouse: Warehouse) -> list[list[tuple[object, ...]]]:
    names = [fact.name for fact in facts().values()]
    names += [f"history_{name}" for name in read_models()]
    with warehouse.reader() as cursor:
        return [cursor.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in names]


def test_what_was_loaded_is_there_when_the_file_is_opened_again(path: Path) -> None:
    rows = golden_rows()
    first = Warehouse(path, histories=known(golden_rows()))
    first.load(rows)
    before = content(first)
    first.close()
    second = Warehouse(path, histories=known(golden_rows()))
    assert second.position() == len(rows)
    assert content(second) == before
    assert second.load(rows) == 0
    second.close()


def test_a_reader_sees_one_state_while_others_load(warehouse: Warehouse) -> None:
    rows = golden_rows()
    warehouse.load(rows[:30])
    with warehouse.reader() as cursor:
        warehouse.load(rows[30:])
        assert cursor.execute("SELECT count(*) FROM events").fetchall() == [(30,)]
        assert cursor.execute("SELECT position FROM store.progress").fetchall() == [(30,)]
    assert count(warehouse) == len(rows)


def test_readers_on_many_threads_see_facts_histories_and_position_agree(
    warehouse: Warehouse,
) -> None:
    rows = golden_rows()
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            with warehouse.reader() as cursor:
                events, position, versions = cursor.execute(
                    "SELECT (SELECT count(*) FROM events), (FROM store.progress), ("
                    + " + ".join(f"(SELECT count(*) FROM history_{m})" for m in read_models())
                    + ")"
                ).fetchall()[0]
            if not events == position == versions:
                wrong.append((events, position, versions))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for batch in batches(rows):
        warehouse.load(batch)
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_a_position_is_told_when_readers_see_it_and_not_before(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, bool]] = []

    def before_the_commit(*_: object) -> None:
        with warehouse.reader() as cursor:
            assert cursor.execute("FROM store.progress").fetchall() == [(0,)]
        seen.append((warehouse.position(), warehouse.wait(40, timeout=0)))

    monkeypatch.setattr("projections.kernel.warehouse.loader.settle_recent", before_the_commit)
    warehouse.load(golden_rows()[:40])
    assert seen == [(0, False)]
    assert warehouse.wait(40, timeout=0)


def test_waiting_ends_when_the_position_is_reached(warehouse: Warehouse) -> None:
    rows = golden_rows()
    loading = threading.Timer(0.05, warehouse.load, [rows])
    loading.start()
    assert warehouse.wait(len(rows), timeout=30)
    loading.join()
    assert not warehouse.wait(len(rows) + 1, timeout=0)


def test_a_rebuild_gives_the_same_and_takes_in_what_came_meanwhile(warehouse: Warehouse) -> None:
    rows = golden_rows()
    warehouse.load(rows[:50])

    def read(after: int) -> Iterator[list[Raw]]:
        if after:  # the second look, for what came meanwhile
            yield rows[after:]
        else:
            yield from batches(rows[:50])
            warehouse.load(rows[50:])

    told: list[int] = []
    warehouse.rebuild(read, told.append)
    assert warehouse.position() == len(rows)
    assert told == [10, 20, 30, 40, 50]
    rebuilt = content(warehouse)
    assert list(warehouse.path.parent.glob("*.rebuilding*")) == []
    fresh = Warehouse(warehouse.path.parent / "other.duckdb", histories=known(golden_rows()))
    fresh.load(rows)
    assert content(fresh) == rebuilt
    fresh.close()


def test_the_old_file_answers_until_the_new_one_is_in_its_place(warehouse: Warehouse) -> None:
    rows = golden_rows()
    warehouse.load(rows)
    counts = []

    def read(after: int) -> Iterator[list[Raw]]:
        if not after:
            counts.append(count(warehouse))
            yield rows

    with warehouse.reader() as cursor:
        rebuilding = threading.Thread(target=warehouse.rebuild, args=(read,))
        rebuilding.start()
        assert cursor.execute("SELECT count(*) FROM events").fetchall() == [(len(rows),)]
    rebuilding.join()
    assert [*counts, count(warehouse)] == [len(rows), len(rows)]


def test_a_rebuild_that_fails_leaves_the_old_file(warehouse: Warehouse) -> None:
    rows = golden_rows()
    warehouse.load(rows)

    def read(after: int) -> Iterator[list[Raw]]:
        yield rows[:10]
        raise ConnectionError("the journal went away")

    with pytest.raises(ConnectionError):
        warehouse.rebuild(read)
    assert count(warehouse) == len(rows)
    assert list(warehouse.path.parent.glob("*.rebuilding*")) == []


def test_an_outdated_file_answers_but_loads_only_after_a_rebuild(path: Path) -> None:
    rows = golden_rows()
    first = Warehouse(path, histories=known(golden_rows()))
    first.load(rows[:40])
    first.close()
    with duckdb.connect(path) as connection:
        connection.execute("UPDATE store.shapes SET fingerprint = 'x' WHERE name LIKE '%customers'")
        connection.execute("DROP VIEW history_customers")
    warehouse = Warehouse(path, histories=known(golden_rows()))
    assert warehouse.outdated == "history_customers"
    assert count(warehouse) == warehouse.position() == 40
    websites = "SELECT website FROM history_customers"
    with pytest.raises(WarehouseOutdated), warehouse.reader() as cursor:
        cursor.execute(websites)
    with pytest.raises(RebuildRequired):
        warehouse.load(rows)
    warehouse.rebuild(lambda after: batches(rows[after:]))
    assert not warehouse.outdated
    assert count(warehouse) == len(rows)
    with warehouse.reader() as cursor:
        assert cursor.execute(websites).fetchall()
    with pytest.raises(duckdb.BinderException), warehouse.reader() as cursor:
        cursor.execute("SELECT nothing FROM history_customers")  # a fault, and told as one
    warehouse.close()


def test_a_second_process_is_told_that_the_file_is_in_use(warehouse: Warehouse) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from adapters.warehouse.warehouse import Warehouse, WarehouseInUse\n"
        "try: Warehouse(Path(sys.argv[1]))\n"
        "except WarehouseInUse as error: print(error)\n"
    )
    with script(program, str(warehouse.path)) as (_, printed):
        assert "is open in another process" in printed.read()


def test_a_file_that_is_no_warehouse_is_refused_in_words(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 2000)
    with pytest.raises(WarehouseBroken, match="remove the file"):
        Warehouse(path, histories=known(golden_rows()))
    assert issubclass(WarehouseInUse, Exception)


def test_an_export_is_the_state_at_a_position_in_parquet(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = golden_rows()
    warehouse.load(rows)
    at = 45
    folder = tmp_path / "export"
    manifest = warehouse.export(folder, at)
    assert json.loads((folder / "manifest.json").read_text()) == manifest
    assert manifest["position"] == at
    exported = {name: pq.read_table(folder / f"{name}.parquet") for name in manifest["rows"]}
    assert {name: len(table) for name, table in exported.items()} == manifest["rows"]
    found = sum(len(exported[fact.name]) for fact in facts().values())
    assert found == at
    for name, model in read_models().items():
        expected = fold(model, {}, recorded(rows[:at])).rows
        table = exported[f"history_{name}"].to_pylist()
        present = {
            row["id"]: row
            for row in table
            if row["known_to_position"] is None and row["valid_to"] is None
        }
        assert {id_: row["version"] for id_, row in present.items()} == {
            id_: row["version"] for id_, row in expected.items()
        }


LOADING = """
import sys; from pathlib import Path
from adapters.warehouse.warehouse import Warehouse
from tests.projections.happenings import golden_rows, told
warehouse = Warehouse(Path(sys.argv[1]), histories=told(golden_rows()))
for row in golden_rows():
    warehouse.load([row])
    print(warehouse.position(), flush=True)
"""


def test_a_killed_loader_has_lost_nothing_it_told_and_loads_on(path: Path) -> None:
    rows = golden_rows()
    chance = random.Random(7)
    told = 0
    for _ in range(3):
        with script(LOADING, str(path)) as (_, printed):
            for _ in range(chance.randrange(3, 12)):
                told = max(told, int(printed.readline()))
        warehouse = Warehouse(path, histories=known(golden_rows()))
        position = warehouse.position()
        assert position >= told
        assert count(warehouse) == position
        fresh = Warehouse(path.with_name("fresh.duckdb"), histories=known(golden_rows()))
        fresh.load(rows[:position])
        assert content(warehouse) == content(fresh)
        warehouse.close()
        fresh.close()
        fresh.path.unlink()
