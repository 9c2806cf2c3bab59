"""The terminal: what the commands of `keyline` print, their progress, and how they fail."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

out = Console()
"""For what was asked for."""

notes = Console(stderr=True, soft_wrap=True)
"""For what goes on meanwhile, so that it does not get into files and pipes."""


class Failure(Exception):
    """A command cannot do what it was asked; the text says why, in a line."""

    def __init__(self, text: str, status: int = 1) -> None:
        """Fail with an exit status: 1 for what was found, 2 for what was asked wrongly."""
        super().__init__(text)
        self.status = status


def explained(error: Exception) -> tuple[str, int] | None:
    """Return the line that explains an error and the exit status, `None` if it is a fault of ours.

    What errors there are is looked up only now, so that a command that goes well starts quickly.
    """
    import duckdb
    from sqlalchemy.exc import DBAPIError

    from adapters.settings import SettingsError
    from adapters.storage.migrations import NewerJournal
    from adapters.storage.zones import OtherZone
    from adapters.warehouse.warehouse import WarehouseBroken, WarehouseInUse

    if isinstance(error, Failure):
        return str(error), error.status
    if isinstance(error, SettingsError):
        return str(error), 2
    if isinstance(error, WarehouseBroken | WarehouseInUse | NewerJournal | OtherZone):
        return str(error), 1
    if isinstance(error, DBAPIError):
        return f"The database does not answer: {str(error.orig).strip()}", 1
    if isinstance(error, OSError | duckdb.OperationalError):  # a full disk, a folder of others
        return str(error).strip(), 1
    return None


def ending_status(work: Callable[[], Any]) -> int:
    """Do some work to its end and return the exit status of the process that did it.

    What goes wrong in a known way is said in one line; what else is raised goes on.
    """
    try:
        work()
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        known = explained(error)
        if known is None:
            raise
        text, status = known
        notes.print(f"[bold red]keyline:[/bold red] {escape(text)}", highlight=False)
        return status
    return 0


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far some work of a known size is; yields what is told how much more is done."""
    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes) as bar:
        task = bar.add_task(title, total=total)

        def advance(done: int) -> None:
            bar.update(task, advance=done)

        yield advance


@contextmanager
def progress_to(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show progress as `progress` does; what it yields is told how much is done by now."""
    with progress(title, total) as advance:
        before = 0

        def reach(done: int) -> None:
            nonlocal before
            advance(done - before)
            before = done

        yield reach


@contextmanager
def until_stopped(stop: Callable[[], Any]) -> Iterator[None]:
    """Call `stop` on Ctrl-C and on SIGTERM while the block runs."""

    def handle(*_: Any) -> None:
        stop()

    before = {each: signal.signal(each, handle) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
