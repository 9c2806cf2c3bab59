"""Repairing: what rows, policies, deadlines and the warehouse put aside, tried or passed over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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
from projections.kernel.warehouse.parking_lot import FACTS, HISTORY
from streams.kernel import due_rows, policy_runner
from streams.kernel.deadline import deadlines
from streams.kernel.deadline_runner import Timekeeping
from streams.kernel.policy import policies
from streams.kernel.policy_runner import Reactions


def retry_parked(settings: Settings, model: str, stream: str, *, skip: bool = False) -> int:
    """Apply the parked events of a record again, or all but the first; return how many are left.

    Trying again takes back what was passed over before. `model` is a row read model,
    `policy:<name>`, `deadline:<name>`, `history_<read model>` or `facts`. Raises `Failure` when
    there is no such model, when nothing of that record is parked, and when a server has the
    warehouse open.
    """
    with _open(settings) as (journal, rows):
        if model == FACTS or model.startswith(HISTORY):
            return _of_warehouse(journal, settings, model, stream, skip)
        projector = projector_of(settings, rows, journal)
        if model.startswith((policy_runner.PREFIX, due_rows.PREFIX)):
            return _by_commands(journal, settings, projector, model, stream, skip)
        chosen([model])
        return _repair(projector, projector, model, stream, skip)


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


def _by_commands(
    journal: Journal,
    settings: Settings,
    projector: Projector,
    model: str,
    stream: str,
    skip: bool,
) -> int:
    places = [policy_runner.PREFIX + each for each in policies()]
    places += [due_rows.PREFIX + each for each in deadlines()]
    if model not in places:
        raise Failure(f"There is no {model!r}; there are {', '.join(sorted(places))}.", 2)
    runner = Reactions if model.startswith(policy_runner.PREFIX) else Timekeeping
    executor = Executor(journal, settings.queue)
    executor.start()
    try:
        return _repair(projector, runner(journal, executor, projector), model, stream, skip)
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
        return _repair(warehouse, warehouse, model, stream, skip)
    finally:
        warehouse.close()


def _repair(
    keeper: Projector | Warehouse,
    mender: Projector | Reactions | Timekeeping | Warehouse,
    model: str,
    stream: str,
    skip: bool,
) -> int:
    """Have what one keeps aside of a record mended; returns how many events are left."""
    aside = [*keeper.parked(), *([] if skip else keeper.passed_over())]
    if not any((each["model"], each["stream"]) == (model, stream) for each in aside):
        raise Failure(f"{model} has parked nothing of {stream}.")
    return (mender.skip if skip else mender.retry)(model, stream)
