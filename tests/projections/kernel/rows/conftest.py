"""A projector of the read models that a module of tests names, on each database."""

from collections.abc import Iterator

import pytest

from adapters.storage.databases import connect
from projections.kernel.rows.projector import Projector


@pytest.fixture
def projector(database_url: str, request: pytest.FixtureRequest) -> Iterator[Projector]:
    """Project the `MODELS` of the module into new tables."""
    engine = connect(database_url, "normal")
    projector = Projector(engine, request.module.MODELS)
    projector.create()
    yield projector
    engine.dispose()
