"""Memory: what processes share, and what goes back, as the system counts it."""

import gc

import psutil  # type: ignore[import-untyped]
import pyarrow as pa

from api.cli.processes.memory import share


def test_of_the_libraries_the_pages_go_that_only_loading_them_has_looked_at() -> None:
    before = _of_files()

    share()

    try:
        assert _of_files() < before / 2
        assert pa.array([1, 2]).sum().as_py() == 3, "what is needed again is there"
        assert gc.get_freeze_count() > 100_000
    finally:
        gc.unfreeze()


def _of_files() -> int:
    """Return the bytes of files in memory that were mapped and not changed."""
    found = psutil.Process().memory_maps(grouped=False)
    return sum(each.rss - each.anonymous for each in found if each.path.startswith("/"))
