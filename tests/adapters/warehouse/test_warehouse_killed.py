"""A warehouse killed with SIGKILL in the middle of its rebuild holds the fold of the history."""

import random
import shutil
import signal
from pathlib import Path

import pytest

from adapters.warehouse.warehouse import Warehouse
from projections.kernel.read_model import read_models
from projections.kernel.warehouse.facts import facts
from tests.api.warm import script
from tests.projections.happenings import golden_rows, told
from tests.volume import some

REBUILDING = """
import sys; from pathlib import Path
from adapters.warehouse.warehouse import Warehouse
from tests.projections.happenings import golden_rows, told
def read(after):
    rows = golden_rows()[after:]
    for start in range(0, len(rows), 50):
        print(after + start, flush=True)
        yield rows[start : start + 50]
warehouse = Warehouse(Path(sys.argv[1]), histories=told(golden_rows()))
warehouse.rebuild(read)
print("done", flush=True)
warehouse.close()
"""


SWITCHING = """
import os, signal, sys; from pathlib import Path
from adapters.warehouse.blue_green import Generations
from adapters.warehouse.warehouse import Warehouse
from tests.projections.happenings import golden_rows, told
rows, moment = golden_rows(), sys.argv[2]
read = lambda after: iter([rows[after:]])
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
warehouse = Warehouse(Path(sys.argv[1]), histories=told(golden_rows()))
switch = Generations.switch
if moment == "before":
    Generations.switch = die
elif moment == "half":
    Generations.switch = lambda *given: (setattr(Path, "replace", die), switch(*given))
elif moment == "after":
    Generations.switch = lambda *given: (switch(*given), die())
elif moment == "discarding":
    Warehouse._discard = die
warehouse.rebuild(read)
"""


def content(warehouse: Warehouse) -> list[object]:
    names = [fact.name for fact in facts().values()]
    names += [f"history_{name}" for name in read_models()]
    with warehouse.reader() as cursor:
        return [cursor.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in names]


def test_a_rebuild_killed_anywhere_leaves_a_whole_warehouse(tmp_path: Path) -> None:
    rows = golden_rows()
    old = len(rows) // 2
    fresh = Warehouse(tmp_path / "fresh.duckdb", histories=told(golden_rows()))
    fresh.load(rows)
    expected = content(fresh)
    fresh.close()
    batches = -(-len(rows) // 50)
    half = Warehouse(tmp_path / "half" / "warehouse.duckdb", histories=told(golden_rows()))
    half.load(rows[:old])
    half.close()
    chance = random.Random(11)
    # Within the pass, at its end, in the switch, and after it.
    for lines in (1, chance.randrange(2, batches), batches, batches + 1):
        path = shutil.copytree(tmp_path / "half", tmp_path / f"{lines}") / "warehouse.duckdb"
        with script(REBUILDING, str(path)) as (_, printed):
            for _ in range(lines):
                assert printed.readline()
        warehouse = Warehouse(path, histories=told(golden_rows()))
        assert warehouse.position() in (old, len(rows))
        warehouse.load(rows)
        assert content(warehouse) == expected
        warehouse.rebuild(lambda after: iter([rows[after:]]))  # what was left lying is no obstacle
        assert content(warehouse) == expected
        warehouse.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[object]]:
    """A folder with a warehouse of all events and their segments, and what is in it."""
    rows, folder = golden_rows(), tmp_path_factory.mktemp("whole")
    warehouse = Warehouse(folder / "warehouse.duckdb", histories=told(rows))
    warehouse.load(rows)
    list(warehouse.segments.seal(lambda after: iter([rows[after:]]), len(rows), size=200))
    found = content(warehouse)
    warehouse.close()
    return folder, found


@pytest.mark.parametrize("moment", some(["half", "before", "discarding", "after"], 2))
def test_a_switch_killed_at_any_step_leaves_one_whole_warehouse(
    tmp_path: Path, whole: tuple[Path, list[object]], moment: str
) -> None:
    laid, before = whole
    shutil.copytree(laid, tmp_path, dirs_exist_ok=True)
    rows, path = golden_rows(), tmp_path / "warehouse.duckdb"
    with script(SWITCHING, str(path), moment) as (switching, _):
        assert switching.wait(600) == -signal.SIGKILL
    warehouse = Warehouse(path, histories=told(golden_rows()))
    assert warehouse.outdated is None
    assert content(warehouse) == before
    name = "warehouse.duckdb" if moment in ("before", "half") else "warehouse.1.duckdb"
    assert [file.name for file in tmp_path.glob("*.duckdb")] == [name]
    remade = warehouse.rebuild(lambda after: iter([rows[after:]]))
    assert remade.compared.differ == {}
    assert content(warehouse) == before
    warehouse.close()
