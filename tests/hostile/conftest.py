"""Every row here is marked, so that the quick round can leave it out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.system import System, attacked


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder as hostile."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("hostile")


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A server with the settings that are default, for all rows that do not need others."""
    with attacked(tmp_path_factory.mktemp("hostile")) as found:
        yield found
