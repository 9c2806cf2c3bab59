"""Sealed history: what is in it, and that nothing damaged, missing or foreign is believed."""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.warehouse.segments import Segments
from adapters.warehouse.warehouse import Warehouse
from projections.kernel.read_model import read_models
from projections.kernel.warehouse.facts import facts
from tests.api.warm import script
from tests.projections.happenings import Raw, altered, golden_rows, told
from tests.volume import some

ROWS = golden_rows()
SIZE = len(ROWS) // 3


def read(after: int) -> Iterator[list[Raw]]:
    for start in range(after, len(ROWS), 60):
        yield ROWS[start : start + 60]


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse of all events and three segments, to be copied."""
    folder = tmp_path_factory.mktemp("laid")
    made = Segments(folder / "segments")
    assert len(list(made.seal(read, len(ROWS), size=SIZE, least=SIZE))) == 3
    opened = Warehouse(folder / "warehouse.duckdb", histories=told(ROWS))
    opened.load(ROWS)
    opened.close()
    return folder


@pytest.fixture
def segments(laid: Path, tmp_path: Path) -> Segments:
    shutil.copytree(laid, tmp_path, dirs_exist_ok=True)
    return Segments(tmp_path / "segments")


@pytest.fixture
def warehouse(segments: Segments) -> Iterator[Warehouse]:
    opened = Warehouse(segments.folder.parent / "warehouse.duckdb", histories=told(ROWS))
    yield opened
    opened.close()


def content(warehouse: Warehouse) -> list[object]:
    names = [fact.name for fact in facts().values()]
    names += ["events", *(f"history_{name}" for name in read_models())]
    with warehouse.reader() as cursor:
        return [cursor.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in names]


def test_every_event_is_sealed_once_and_the_rest_is_left_for_later(segments: Segments) -> None:
    line = segments.all()
    assert [(each.first, each.last) for each in line] == [
        (1, SIZE),
        (SIZE + 1, 2 * SIZE),
        (2 * SIZE + 1, 3 * SIZE),
    ]
    assert sum(part.rows for each in line for part in each.parts.values()) == 3 * SIZE
    assert list(segments.seal(read, len(ROWS), size=SIZE)) == []
    assert segments.sound(read) == line


def test_a_warehouse_made_from_segments_is_the_one_made_from_the_journal(
    warehouse: Warehouse,
) -> None:
    before = content(warehouse)
    remade = warehouse.rebuild(read)
    assert remade.sealed == 3 * SIZE
    assert remade.position == len(ROWS)
    assert remade.compared.differ == {}
    assert sum(remade.compared.rows.values()) >= 2 * len(ROWS)  # as facts, and as versions
    assert content(warehouse) == before
    with warehouse.reader() as cursor:
        ((_, plan),) = cursor.execute("EXPLAIN FROM events").fetchall()
    assert plan.count("READ_PARQUET") == 1, "all files of all types are read in one scan"
    reopened = warehouse.path
    warehouse.close()
    again = Warehouse(reopened, histories=told(ROWS))
    assert content(again) == before
    assert again.outdated is None
    again.close()


def test_a_data_folder_may_be_moved(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.rebuild(read)
    before = content(warehouse)
    warehouse.close()
    shutil.copytree(tmp_path, tmp_path / "elsewhere", dirs_exist_ok=False)
    shutil.rmtree(tmp_path / "segments")
    moved = Warehouse(tmp_path / "elsewhere" / "warehouse.duckdb", histories=told(ROWS))
    assert content(moved) == before
    moved.close()
    warehouse.__init__(warehouse.path, histories=told(ROWS))  # type: ignore[misc]
    assert warehouse.outdated is not None
    assert warehouse.outdated.startswith("segments: ")
    warehouse.rebuild(read)
    assert content(warehouse) == before


def flipped(segments: Segments) -> None:
    segment = segments.all()[1]
    path = segment.folder / next(iter(segment.parts.values())).file
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


def cut(segments: Segments) -> None:
    segment = segments.all()[0]
    path = segment.folder / next(iter(segment.parts.values())).file
    path.write_bytes(path.read_bytes()[:-7])


def missing(segments: Segments) -> None:
    segment = segments.all()[2]
    (segment.folder / next(iter(segment.parts.values())).file).unlink()


def reshaped(segments: Segments) -> None:
    """As if the code that sealed had other fields."""
    segment = segments.all()[0]
    manifest = segment.folder / "manifest.json"
    said = json.loads(manifest.read_text())
    part = next(iter(said["parts"].values()))
    (segment.folder / part["file"]).rename(segment.folder / "fact_of_old.parquet")
    part["file"] = "fact_of_old.parquet"
    manifest.write_text(json.dumps(said))


def renamed(segments: Segments) -> None:
    """As if an event type of old were no more known to the code."""
    segment = segments.all()[0]
    manifest = segment.folder / "manifest.json"
    said = json.loads(manifest.read_text())
    name, part = said["parts"].popitem()
    said["parts"][f"{name}_of_old"] = part
    manifest.write_text(json.dumps(said))


def no_manifest(segments: Segments) -> None:
    (segments.all()[1].folder / "manifest.json").write_text("{")


HARMS = [flipped, cut, missing, reshaped, renamed, no_manifest]


@pytest.mark.parametrize("harm", some(HARMS, 3))
def test_a_segment_that_is_not_sound_is_made_again(
    warehouse: Warehouse, segments: Segments, harm: Callable[[Segments], None]
) -> None:
    before, line = content(warehouse), segments.all()
    harm(segments)
    warehouse.rebuild(read)
    assert content(warehouse) == before
    list(segments.seal(read, len(ROWS), size=SIZE))
    assert [(each.first, each.last) for each in segments.all()] == [
        (each.first, each.last) for each in line
    ]
    assert not any(each.faults(thorough=True) for each in segments.all())
    segments.sweep()
    kept = {file.name for each in segments.all() for file in each.folder.iterdir()}
    assert "fact_of_old.parquet" not in kept


def test_damage_done_while_it_is_in_use_is_found_and_mended(
    warehouse: Warehouse, segments: Segments
) -> None:
    warehouse.rebuild(read)
    before = content(warehouse)
    assert warehouse.inspect() == []
    flipped(segments)
    assert len(warehouse.inspect()) == 1
    assert str(warehouse.outdated).startswith("segments: ")
    warehouse.rebuild(read)
    assert warehouse.outdated is None
    assert content(warehouse) == before


def test_segments_of_another_journal_are_not_believed(segments: Segments) -> None:
    def other(after: int) -> Iterator[list[Raw]]:
        yield [altered(row, actor="somebody") for row in ROWS[after:]]

    assert segments.sound(other) == []
    assert segments.all() == []


SEALING = """
import sys; from pathlib import Path
from adapters.warehouse.segments import Segments
from tests.api.warm import script
from tests.projections.happenings import golden_rows, told
def read(after):
    rows = golden_rows()[after:]
    for start in range(0, len(rows), 10):
        print(after + start, flush=True)
        yield rows[start : start + 10]
for each in Segments(Path(sys.argv[1])).seal(read, len(golden_rows()), size=20, least=1):
    print(each.last, flush=True)
print("done", flush=True)
"""


def test_a_sealing_killed_anywhere_leaves_whole_segments_and_goes_on(tmp_path: Path) -> None:
    segments, chance = Segments(tmp_path / "segments"), random.Random(5)
    while segments.last() < len(ROWS):
        before = segments.last()
        with script(SEALING, str(segments.folder)) as (_, printed):
            for _ in range(chance.randrange(4, 40)):
                if not printed.readline():
                    break
        assert segments.last() > before
        assert segments.sound(read) == segments.all()
    segments.sweep()
    assert list(segments.folder.glob("new-*")) == []
