"""Status: how far every part of the system has come, and what is in its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import duckdb
import orjson
import sqlalchemy as sa
from rich.table import Table

from adapters.identity.https_get import Unanswered, ask
from adapters.journal.journal import Journal
from adapters.proofs import last_verification as verified
from adapters.settings import Settings
from adapters.storage.databases import connect
from adapters.storage.journal_tables import checkpoints
from adapters.storage.lookalikes import awkward
from adapters.storage.private_files import open_to_others
from adapters.warehouse.blue_green import current_file
from api.kernel.process_book import ProcessBook
from projections.kernel import parking_lot as parking
from projections.kernel.rows.rebuild import stale
from projections.kernel.rows.tables import create_books, parked, positions
from projections.kernel.summary import listed
from projections.kernel.warehouse.loader import Loader, position
from streams.kafka.operation_relay import NAME as OPERATIONS


def status(settings: Settings) -> dict[str, Any]:
    """Return the journal's head and, for each part that there is, its position and lag.

    `parked` are the events that the rows could not take, `passed_over` those of them that operators
    have decided to go on without; `stale` the read models, and the facts and histories of the
    warehouse, to be rebuilt; `warehouse_memory` the `bytes` that it takes of the `limit` that a
    running server gives it; `processes` those of such a server or of `keyline project`, with what
    each takes; `altered` what is seen to be wrong with the journal, or was found so by the last
    verification;
    `open_to_others` what others of this machine may read, and the command that closes it;
    `rename` the codes and names in use that would be refused today.
    """
    journal, rows = Journal(settings.journal_url), connect(settings.rows_url, "normal")
    try:
        journal.create(settings.zone)
        head = journal.head()
        warehouse, outdated, memory = _warehouse(settings)
        reached = _rows(rows) | warehouse | _checkpoints(journal)
        rebuild = stale(rows, listed()) if _has(rows, positions.name) else []
        ends = {OPERATIONS: head.operation}  # numbers of entries, not positions
        return {
            "position": head.position,
            "time": head.time.isoformat().replace("+00:00", "Z") if head.position else None,
            "operations": head.operation,
            "parts": {
                name: {"position": at, "lag": max(0, ends.get(name, head.position) - at)}
                for name, at in reached.items()
            },
            "parked": _aside(rows, passed=False),
            "passed_over": _aside(rows, passed=True),
            "stale": rebuild + outdated,
            "warehouse_memory": memory,
            "processes": ProcessBook(settings.data).read(),
            "altered": _altered(journal),
            "open_to_others": {str(path): mend for path, mend in open_to_others(settings)},
            "rename": _awkward(journal),
        }
    finally:
        rows.dispose()
        journal.close()


def _checkpoints(journal: Journal) -> dict[str, int]:
    with journal.engine.connect() as connection:
        query = sa.select(checkpoints.c.name, checkpoints.c.position).order_by(checkpoints.c.name)
        return {row.name: row.position for row in connection.execute(query)}


def _awkward(journal: Journal) -> list[dict[str, str]]:
    with journal.engine.connect() as connection:
        return [each._asdict() for each in awkward(connection)]


def _altered(journal: Journal) -> list[str]:
    with journal.engine.connect() as connection:
        return verified.at_a_glance(connection) + verified.found(connection)


def _rows(engine: sa.Engine) -> dict[str, int]:
    if not _has(engine, positions.name):
        return {}
    least = sa.func.min(positions.c.position)
    query = sa.select(positions.c.model, least).group_by(positions.c.model)
    with engine.connect() as connection:
        found = connection.execute(query.order_by(positions.c.model)).all()
    return {f"rows: {model}": at for model, at in found}


def _warehouse(settings: Settings) -> tuple[dict[str, int], list[str], dict[str, int] | None]:
    """Return the position of the warehouse: from its file or, in use, from the process that has it.

    With what of it another version of the code made, and what it takes of that process's memory.
    Nothing when there is no file, and nobody to ask either.
    """
    file = current_file(settings.warehouse_path)
    if not settings.warehouse and file.exists():
        try:
            with duckdb.connect(file, read_only=True) as connection:
                loader = Loader(connection, segments=settings.warehouse_path.parent / "segments")
                gone = ["segments"] if loader.faults(thorough=False) else []
                return {"warehouse": position(connection)}, [*loader.differing(), *gone], None
        except duckdb.IOException:
            pass  # in use
        except duckdb.Error:
            return {}, [], None  # not made yet, or broken
    url = settings.warehouse or f"http://{settings.host}:{settings.port}"
    try:
        _, body = ask(f"{url}/readyz", 10)
        answer = orjson.loads(body)
        reached = {"warehouse": int(answer["parts"]["warehouse"]["position"])}
        return reached, answer["stale"], answer["warehouse_memory"]
    except (Unanswered, ValueError, KeyError, TypeError):
        return {}, [], None


def _aside(engine: sa.Engine, *, passed: bool) -> list[dict[str, Any]]:
    if not _has(engine, parked.name):
        return []
    with engine.execution_options(writes=True).begin() as connection:
        create_books(connection)  # of a former version, they may be of another form
        aside = parking.listed(parking.in_rows(connection), passed=passed)
    wanted = ("model", "stream", "version", "position", "error")
    found = sorted(aside, key=itemgetter("position"))
    return [{name: each[name] for name in wanted} for each in found]


def _has(engine: sa.Engine, table: str) -> bool:
    return sa.inspect(engine).has_table(table)


def status_table(found: Mapping[str, Any]) -> Table:
    """Return a status as a table for people."""
    table = Table(title=f"Journal at {found['position']:,}, {found['operations']:,} operations")
    table.add_column("part")
    table.add_column("position", justify="right")
    table.add_column("lag", justify="right")
    for name, part in found["parts"].items():
        style = "yellow" if part["lag"] else None
        table.add_row(name, f"{part['position']:,}", f"{part['lag']:,}", style=style)
    if memory := found["warehouse_memory"]:
        used, limit = (f"{memory[name] / 1e6:,.0f}" for name in ("bytes", "limit"))
        table.caption = f"The warehouse takes {used} MB of the {limit} MB of memory that it has."
    return table


def process_table(processes: Sequence[Mapping[str, Any]]) -> Table:
    """Return the processes of a server as a table for people."""
    table = Table(title="Processes of the server, or of the projector")
    table.add_column("process")
    for name in ("number", "started again", "memory", "of a processor", "state"):
        table.add_column(name, justify="right")
    for each in processes:
        alive = "memory" in each
        memory = f"{each['memory'] / 1e6:,.0f} MB" if alive else ""
        share = each["cpu_seconds"] / max(each["seconds"], 0.1) if alive else 0.0
        state = "works" if alive and each["up"] else "is being started" if alive else "has ended"
        told = (str(each["pid"]), str(each["restarts"]), memory, f"{share:.1%}", state)
        table.add_row(each["name"], *told, style=None if state == "works" else "yellow")
    total = sum(each.get("memory", 0) for each in processes) / 1e6
    table.caption = f"{total:,.0f} MB in all; what several share is counted in parts."
    return table
