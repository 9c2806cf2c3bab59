"""Import files: a file and what its columns mean, checked; then its rows are imported."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from adapters.commands.access_cache import Guard
from adapters.commands.bootstrap import lay
from adapters.commands.dry_run import Rehearsal
from adapters.commands.executor import Executor
from adapters.journal.aggregate_cache import Cache
from adapters.journal.journal import Journal
from adapters.journal.unit_of_work import Transaction
from adapters.privacy.person_keys import PersonKeys
from adapters.settings import Settings
from adapters.storage.databases import connect
from adapters.storage.private_files import make_folder
from api.imports import control_totals
from api.imports.files.sheets import Reading, SheetError, read_sheet
from api.imports.files.unpacking import Bounds
from api.imports.importer import Commands, Importer
from api.imports.mapping import MappingError, SheetMapping
from api.imports.notes import import_notes
from api.imports.on_behalf import Behalf
from api.imports.result import Result
from api.imports.row_commands import Plan, kinds
from api.imports.rows import Work
from domain.billing.billing_terms import Month


class Unfit(Exception):
    """A file, or what was said of it in a `field`, cannot be used; the text says why."""

    def __init__(self, text: str, field: str = "file") -> None:
        """Say why."""
        super().__init__(text)
        self.field = field


@dataclasses.dataclass(frozen=True)
class Wish:
    """What is to be made of a file.

    `kind` is the collection that its records go to, `source` tells files apart whose keys are the
    same but mean others; with `update` rows that came in before with other values change their
    records; of a `dry_run` nothing is kept. Bills are of the month of a `run`.
    """

    kind: str
    mapping: SheetMapping = dataclasses.field(default_factory=SheetMapping)
    reading: Reading = dataclasses.field(default_factory=Reading)
    dry_run: bool = False
    source: str = ""
    update: bool = False
    run: str | None = None

    def check(self) -> None:
        """Raise `Unfit` for what is wrong whatever the file has."""
        if self.kind not in kinds():
            raise Unfit(
                f"There is nothing called {self.kind!r}; there are {', '.join(kinds())}.", "kind"
            )
        if self.update and not self.mapping.key:
            raise Unfit("--update goes by a key: name the column that has it by --key.", "key")
        if self.run is not None:
            if kinds()[self.kind].kind != control_totals.KIND:
                raise Unfit("--run is the month of a run of bills: of others there is none.", "run")
            try:
                TypeAdapter(Month).validate_python(self.run)
            except ValidationError:
                raise Unfit(
                    f"--run is a month that has begun, as 2026-03, not {self.run!r}.", "run"
                ) from None

    @property
    def expected(self) -> SheetMapping:
        """The mapping, with what is expected of every row."""
        expected = {} if self.run is None else {"month": self.run}
        return dataclasses.replace(self.mapping, expected=expected)


class ImportFile:
    """A file whose rows can be imported."""

    def __init__(self, settings: Settings, file: Path, wish: Wish) -> None:
        """Read a file and fit the mapping to it. Raises `Unfit`; nothing was done then."""
        wish.check()
        try:
            self.sheet = read_sheet(file, wish.reading, Bounds.of(settings))
            self._plan = Plan(kinds()[wish.kind].kind, wish.expected, self.sheet)
        except (SheetError, MappingError) as error:
            raise Unfit(str(error)) from error
        self._settings, self._wish = settings, wish
        with file.open("rb") as content:
            self.digest = hashlib.file_digest(content, "sha256").hexdigest()
        """The SHA-256 of the file, as `sha256sum` prints it."""

    def notes(self) -> Iterator[str]:
        """Yield what a person should know of how the file is understood."""
        return import_notes(self._plan, self.sheet)

    def run(
        self,
        behalf: Callable[[Journal, Guard], Behalf],
        advance: Callable[[Sequence[Work]], None] = lambda _: None,
        after: int | None = None,
        end: Callable[[Journal, Result], None] = lambda *_: None,
    ) -> Result:
        """Import the rows; returns what became of them.

        `behalf` tells on whose, `advance` hears which rows are done and `end` the result, while the
        journal is open. One that was interrupted goes on `after` an entry of the operation log.
        """
        settings, wish = self._settings, self._wish
        make_folder(settings.data)
        keys, rows = PersonKeys.of(settings), connect(settings.rows_url, "normal")
        journal = Journal(settings.journal_url, keys=keys)
        try:
            journal.create(settings.zone)
            guard = Guard(journal, rows)
            with executing(journal, guard, settings.record_events, wish.dry_run) as executor:
                its = behalf(journal, guard)
                importer = Importer(
                    self._plan,
                    journal,
                    executor,
                    behalf=its,
                    source=wish.source,
                    rows=rows,
                    update=wish.update,
                    after=after,
                )
                result = importer.run(self.sheet, advance)
                if self._plan.kind == control_totals.KIND:
                    with _looking(journal, executor) as now:
                        result.runs = control_totals.control_totals(
                            now, importer.work, guard, its.party
                        )
            end(journal, result)
        finally:
            journal.close()
            rows.dispose()
            keys.close()
        return result

    def failed(self, result: Result) -> Iterator[str]:
        """Yield the rows that failed as a CSV file: as they were, with their lines and reasons."""
        cells = {row.line: row.cells for row in self.sheet.rows}
        # With a byte order mark, so that spreadsheets take it for what it is.
        yield "\ufeff" + _csv(["line", "reason", *self.sheet.columns])
        for fault in result.faults:
            yield _csv([fault.line, fault.reason, *cells[fault.line].values()])


@contextmanager
def executing(journal: Journal, guard: Guard, longest: int, dry_run: bool) -> Iterator[Commands]:
    """Yield what takes commands at this machine and, in a dry run, keeps nothing of them."""
    executor = Executor(journal, guard=guard, longest=longest)
    executor.start()
    try:
        lay(executor)
        if dry_run:
            with Rehearsal(journal, guard, longest) as rehearsal:
                yield rehearsal
        else:
            yield executor
    finally:
        executor.stop()


@contextmanager
def _looking(journal: Journal, executor: Commands) -> Iterator[Transaction]:
    """Yield what has the records as commands that were given left them, in a dry run too."""
    if isinstance(executor, Rehearsal):
        yield executor.transaction
        return
    with journal.engine.connect() as connection:
        yield Transaction(connection, Cache(100), lock=False, keys=journal.keys)


def _csv(values: Sequence[object]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(values)
    return line.getvalue()
