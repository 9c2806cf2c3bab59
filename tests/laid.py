"""Databases that are laid once and then copied, which takes a tenth of the time."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from adapters.warehouse.blue_green import Generation
from adapters.warehouse.warehouse import Warehouse
from projections.kernel.read_model import ReadModel
from projections.kernel.warehouse.facts import facts
from projections.kernel.warehouse.row_history import History


@contextmanager
def copied_warehouses(folder: Path) -> Iterator[None]:
    """Let each new file of a warehouse in this process be a copy of an empty one.

    Laid ones are kept in the folder, one for all that the code says of the tables at the time.
    """
    opened = Warehouse._generation

    def generation(warehouse: Warehouse, file: Path) -> Generation:
        if not file.exists():
            laid = folder / f"{_shape(warehouse._models.values())}.duckdb"
            if not laid.exists():
                empty = opened(warehouse, laid)
                empty.loader.create()
                empty.close()
            shutil.copyfile(laid, file)
        return opened(warehouse, file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Warehouse, "_generation", generation)
        yield


def _shape(models: Iterable[ReadModel]) -> str:
    tables = [(fact.name, fact.fingerprint) for fact in facts().values()]
    tables += [(history.name, history.fingerprint) for history in map(History, models)]
    return sha256(repr(tables).encode()).hexdigest()
