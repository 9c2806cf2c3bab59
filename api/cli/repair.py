"""Repairing: what rows, policies and the warehouse have put aside, tried again or passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from adapters.commands.executor import Executor
from adapters.journal.journal import Journal
from adapters.privacy.person_keys import PersonKeys
from adapters.settings import Settings
from adapters.storage.databases import connect
from adapters.warehouse.warehouse import Warehouse, WarehouseInUse
from api.cli.rebuild_jobs import chosen, projector_of
from api.kernel.terminal import Failure
from projections.kernel.rows.projector import Projector
from streams.kernel.parking_lot import PREFIX, Postponed
from streams.kernel.policy import policies
from streams.kernel.policy_runner import Reactions

FACTS = "facts"
HISTORY = "history_"
"""How the warehouse names what it has put aside."""


def retry_parked(settings: Settings, model: str, stream: str, *, skip: bool = False) -> int:
    """Apply the parked events of a record again, or all but the first; return how many are left.

    Trying again takes back what was passed over before. `model` is a row read model,
    `policy:<name>`, `history_<read model>` or `facts`. Raises `Failure` when there is no such
    model, when nothing of that record is parked, and when a server has the warehouse open.
    """
    with _open(settings) as (journal, rows):
        if model.startswith(PREFIX):
            return _of_policy(journal, rows, settings, model.removeprefix(PREFIX), stream, skip)
        if model == FACTS or model.startswith(HISTORY):
            return _of_warehouse(journal, settings, model, stream, skip)
        chosen([model])
        projector = projector_of(settings, rows, journal)
        aside = [*projector.parked(), *([] if skip else projector.passed_over())]
        _require(any((each.model, each.stream) == (model, stream) for each in aside), model, stream)
        return (projector.skip if skip else projector.retry)(model, stream)


@contextmanager
def _open(settings: Settings) -> Iterator[tuple[Journal, sa.Engine]]:
    keys, rows = PersonKeys.of(settings), connect(settings.rows_url, "normal")
    journal = Journal(settings.journal_url, keys=keys)
    try:
        journal.create(settings.zone)
        yield journal, rows
    finally:
        rows.dispose()
        journal.close()
        keys.close()


def _of_policy(
    journal: Journal, rows: sa.Engine, settings: Settings, name: str, stream: str, skip: bool
) -> int:
    if name not in policies():
        known = ", ".join(f"{PREFIX}{each}" for each in sorted(policies()))
        raise Failure(f"There is no policy {name!r}; there are {known}.", 2)
    projector: Projector = projector_of(settings, rows, journal)
    _require(bool(Postponed(rows).of(name, stream)), PREFIX + name, stream)
    executor = Executor(journal, settings.queue)
    executor.start()
    try:
        reactions = Reactions(journal, executor, projector)
        return (reactions.skip if skip else reactions.retry)(name, stream)
    finally:
        executor.stop()


def _of_warehouse(journal: Journal, settings: Settings, model: str, stream: str, skip: bool) -> int:
    try:
        warehouse = Warehouse(
            settings.warehouse_path, memory=settings.warehouse_memory, histories=journal.history
        )
    except WarehouseInUse as error:
        verb = "skip" if skip else "retry"
        raise Failure(
            f"A running server has the warehouse; ask it: POST /parked/{model}/{stream}/{verb}"
        ) from error
    try:
        aside = [*warehouse.parked(), *([] if skip else warehouse.passed_over())]
        _require(_count(aside, model, stream) > 0, model, stream)
        (warehouse.skip if skip else warehouse.retry)(model, stream)
        return _count(warehouse.parked(), model, stream)
    finally:
        warehouse.close()


def _count(aside: Sequence[Mapping[str, Any]], model: str, stream: str) -> int:
    return [(each["model"], each["stream"]) for each in aside].count((model, stream))


def _require(parked: bool, model: str, stream: str) -> None:
    if not parked:
        raise Failure(f"{model} has parked nothing of {stream}.")
