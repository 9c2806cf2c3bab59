"""One server for all tests of the console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.settings import Settings
from tests.api.conftest import KEY, serving
from tests.api.console.staff import Staff


@pytest.fixture(scope="session")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staff]:
    """A world with people who can sign in, and no one else's records."""
    folder = tmp_path_factory.mktemp("console")
    with serving(Settings(data=folder, port=0, admin_key=KEY)) as address:
        found = Staff(address)
        yield found
        found.close()
