"""Readers in a crowd while the warehouse is rebuilt and switched: none fails, none waits."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

from adapters.warehouse.warehouse import Warehouse
from projections.kernel.read_model import read_models
from tests.projections.happenings import Raw, golden_rows, told

ROWS = golden_rows()
READERS = 3
SWITCHES = 2


class Crowd:
    """Readers on threads of their own: each asks whether facts, versions and position agree."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.reads, self.longest = 0, 0.0
        self.failed: list[str] = []
        self.inconsistent: list[object] = []
        self.positions: set[int] = set()
        self._warehouse = warehouse
        self._counting = threading.Lock()
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._read) for _ in range(READERS)]
        versions = " + ".join(f"(SELECT count(*) FROM history_{name})" for name in read_models())
        self._query = f"SELECT (SELECT count(*) FROM events), (FROM store.progress), ({versions})"

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _read(self) -> None:
        last = 0
        while not self._done.is_set():
            try:
                began = time.perf_counter()
                with self._warehouse.reader() as cursor:
                    waited = time.perf_counter() - began
                    first = cursor.execute(self._query).fetchall()[0]
                    again = cursor.execute(self._query).fetchall()[0]
            except Exception as error:
                self.failed.append(f"{type(error).__name__}: {error}")
                continue
            events, position, versions = first
            with self._counting:
                self.reads += 1
                self.longest = max(self.longest, waited)
                self.positions.add(position)
                if first != again or not events == position == versions or position < last:
                    self.inconsistent.append((first, again, last))
            last = position


def test_readers_in_a_crowd_notice_nothing_of_rebuilds_and_switches(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", histories=told(ROWS))
    warehouse.load(ROWS[:60])
    known = 60

    def read(after: int) -> Iterator[list[Raw]]:
        for start in range(after, known, 10):
            yield ROWS[start : min(start + 10, known)]

    size = 20
    switches = []
    with Crowd(warehouse) as crowd:
        for _ in range(SWITCHES):
            list(warehouse.segments.seal(read, known, size=size))
            known = min(known + 10, len(ROWS))  # what comes while it is rebuilt
            warehouse.load(ROWS[:known])
            remade = warehouse.rebuild(read)
            assert remade.compared.differ == {}
            switches.append(remade)
            reads = crowd.reads
            while crowd.reads < reads + READERS and not crowd.failed:
                time.sleep(0.01)
    print(
        f"{crowd.reads} reads, {len(crowd.failed)} failed, {len(crowd.inconsistent)} inconsistent, "
        f"at {len(crowd.positions)} positions; {len(switches)} switches of at most "
        f"{max(each.switch for each in switches) * 1000:.2f} ms; "
        f"{sum(switches[-1].compared.rows.values())} rows compared, none differed; "
        f"longest time to the first look {crowd.longest * 1000:.1f} ms"
    )
    assert crowd.failed == []
    assert crowd.inconsistent == []
    assert [each.position for each in switches][-1] == known
    assert len(list(tmp_path.glob("*.duckdb"))) == 1  # the others went with their last readers
    warehouse.close()


def test_who_reads_at_the_switch_keeps_the_old_file_until_leaving(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", histories=told(ROWS))
    warehouse.load(ROWS[:30])
    with warehouse.reader() as cursor:
        warehouse.rebuild(lambda after: iter([ROWS[after:]]))
        assert cursor.execute("SELECT count(*) FROM events").fetchall() == [(30,)]
        with warehouse.reader() as other:
            assert other.execute("SELECT count(*) FROM events").fetchall() == [(len(ROWS),)]
        assert {file.name for file in tmp_path.glob("*.duckdb")} == {
            "warehouse.duckdb",
            "warehouse.1.duckdb",
        }
    assert [file.name for file in tmp_path.glob("*.duckdb")] == ["warehouse.1.duckdb"]
    warehouse.close()


def test_one_history_alone_is_made_anew_and_all_else_is_copied(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", histories=told(ROWS))
    warehouse.load(ROWS)
    asked: list[int] = []

    def read(after: int) -> Iterator[list[Raw]]:
        asked.append(after)
        yield ROWS[after:]

    with warehouse.reader() as cursor:
        tables = ["events", "fact_customer_registered", *(f"history_{m}" for m in read_models())]
        before = [cursor.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in tables]
    remade = warehouse.rebuild(read, names=["history_customers"])
    assert remade.made == ["history_customers"]
    assert list(remade.compared.rows) == ["history_customers"]
    assert remade.compared.differ == {}
    with warehouse.reader() as cursor:
        assert before == [cursor.execute(f"FROM {t} ORDER BY ALL").fetchall() for t in tables]
    assert warehouse.load(ROWS) == 0
    assert warehouse.rebuild(read, names=["facts"]).made == ["facts"]
    warehouse.close()


def test_what_is_not_as_the_journal_says_is_counted_and_named(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", histories=told(ROWS))
    warehouse.load(ROWS)
    with warehouse.reader() as cursor:
        query = "SELECT id, version, position FROM history_customers ORDER BY position LIMIT 1"
        id_, version, position = cursor.execute(query).fetchall()[0]
    warehouse._current.connection.execute(
        "UPDATE store.past_customers SET name = 'Somebody' WHERE position = ?", [position]
    )
    remade = warehouse.rebuild(lambda after: iter([ROWS[after:]]))
    assert remade.compared.differ == {"history_customers": 1}
    assert remade.compared.examples == {
        "history_customers": [f"{id_} version {version} at position {position}"]
    }
    warehouse._current.connection.execute(
        "UPDATE store.envelopes SET actor = 'somebody' WHERE position = ?", [position]
    )
    remade = warehouse.rebuild(lambda after: iter([ROWS[after:]]), names=["facts"])
    assert remade.compared.differ == {"events": 1}
    with warehouse.reader() as cursor:
        assert cursor.execute("FROM events WHERE actor = 'somebody'").fetchall() == []
    warehouse.close()


class _Busy:
    """A connection that another thread is using: DuckDB refuses whoever else does."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"the connection is busy with another call, not {name}")


def test_a_rebuild_leaves_the_connection_by_which_others_load_alone(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", histories=told(ROWS))
    warehouse.load(ROWS)
    loading = warehouse._current.loader
    loading._connection = _Busy()  # type: ignore[assignment]
    remade = warehouse.rebuild(lambda after: iter([ROWS[after:]]), names=["history_customers"])
    assert (remade.made, remade.position) == (["history_customers"], len(ROWS))
    assert not any(remade.compared.differ.values())
    warehouse.close()


def test_indexes_of_the_past_that_former_versions_kept_are_removed(tmp_path: Path) -> None:
    former = [f"warehouse{number}.lookback{end}" for number in ("", ".3") for end in ("", "-wal")]
    for name in (*former, "rows.db"):
        (tmp_path / name).write_text("", encoding="utf-8")
    Warehouse(tmp_path / "warehouse.duckdb", {}).close()
    assert {each.name for each in tmp_path.iterdir()} == {"rows.db", "warehouse.duckdb"}
