"""A database of each kind for all tests of a file that only read."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from adapters.local.postgres import LocalPostgres

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@contextmanager
def database(request: pytest.FixtureRequest, folders: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of an empty database of the kind that is the fixture's parameter."""
    if request.param == "sqlite":
        yield f"sqlite:///{folders.mktemp('rows') / 'rows.db'}"
        return
    server: LocalPostgres = request.getfixturevalue("postgres")
    name = f"test_{uuid4().hex}"
    yield server.create_database(name)
    server.drop_database(name)
