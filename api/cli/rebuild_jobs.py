"""Rebuilding and checking: rows and warehouse made anew from the journal, and compared with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
import structlog

from adapters.journal import tally_recount
from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from adapters.privacy.person_keys import PersonKeys
from adapters.settings import Settings, SettingsError
from adapters.storage.databases import connect
from adapters.storage.leases import Lease, LeaseLost
from adapters.warehouse.segments import Source
from api.kernel.terminal import Failure, notes, out, progress_to
from domain.kernel.aggregate import Recorded
from projections.kernel.findings import Report
from projections.kernel.listed import Listed
from projections.kernel.rows.checking import STORE as ROWS
from projections.kernel.rows.checking import check
from projections.kernel.rows.projector import JOURNAL, Projector
from projections.kernel.rows.rebuild import Rebuilt, rebuild, stale
from projections.kernel.rows.shadow_tables import Batches
from projections.kernel.rows.tables import fingerprints, positions
from projections.kernel.summary import listed
from projections.kernel.warehouse.loader import WEIGHT
from streams.followers.erase_persons import STORE as PERSONS
from streams.followers.erase_persons import Erasing
from streams.followers.project_rows import sources
from streams.kafka.topic_history import KafkaHistory

log = structlog.get_logger(__name__)

AT_ONCE = 5000
"""Events that are read from the journal together."""

LEASE = 60
"""Seconds for which a rebuild keeps others off, should it be killed."""


class Busy(Failure):
    """Another process is at the same work, in tables of the same names."""


@contextmanager
def alone(journal: Journal, work: str) -> Iterator[None]:
    """Do some work that only one process may do at a time. Raises `Busy`."""
    lease = Lease(journal.engine, work, seconds=LEASE)
    if not lease.acquire():
        raise Busy(
            f"Another {work} is going on; wait until it is done. "
            f"One that was killed is forgotten after {LEASE} seconds."
        )
    done = threading.Event()

    def renew() -> None:
        with suppress(LeaseLost):
            while not done.wait(LEASE / 3):
                lease.renew()

    thread = threading.Thread(target=renew, name=f"lease-{work}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        lease.release()


def batches_of(journal: Journal) -> Batches:
    """Return a journal as rebuilds read it."""

    def batches(after: int) -> Iterator[Sequence[Recorded]]:
        while events := journal.read(after, AT_ONCE):
            yield events
            after = events[-1].position

    return batches


def kafka_of(settings: Settings) -> Kafka | None:
    """Return the Kafka cluster of the settings, if there is one."""
    s = settings
    return Kafka(s.kafka, s.topics, s.partitions, s.replicas) if s.kafka else None


def projector_of(settings: Settings, rows: sa.Engine, journal: Journal) -> Projector:
    """Return a projector with its tables made, and the sources from which the settings feed it."""
    projector, kafka = Projector(rows, histories=journal.history), kafka_of(settings)
    projector.create(sources(kafka, projector) if kafka else [JOURNAL])
    return projector


def chosen(names: Sequence[str]) -> dict[str, Listed]:
    """Return the read models of these names, all of them for none. Raises `Failure`."""
    models = listed()
    for name in names:
        if name not in models:
            known = ", ".join(sorted(models))
            raise Failure(f"There is no read model {name!r}; there are {known}.", 2)
    return {name: models[name] for name in names or models}


def rebuild_rows(
    settings: Settings, models: Mapping[str, Listed], from_kafka: bool = False
) -> Rebuilt:
    """Rebuild row read models beside those in use, with a progress bar.

    From the journal, or from all that Kafka holds. Raises `Failure` when there is no Kafka, `Busy`
    when somebody else rebuilds.
    """
    kafka = kafka_of(settings)
    if from_kafka and kafka is None:
        raise Failure("KEYLINE_KAFKA names no Kafka cluster.", 2)
    journal, rows = Journal(settings.journal_url), connect(settings.rows_url, "normal")
    try:
        journal.create(settings.zone)
        projector_of(settings, rows, journal)
        title = f"Rebuilding {', '.join(models)}"
        with alone(journal, "rebuild"), progress_to(title, journal.head().position) as reach:
            kinds = {kind for model in models.values() for kind in model.kinds}
            history = KafkaHistory(kafka, kinds) if from_kafka and kafka else batches_of(journal)
            return rebuild(rows, models, history, reach, journal.history)
    finally:
        rows.dispose()
        journal.close()


def print_rebuilt(built: Rebuilt) -> None:
    """Print what a rebuild of rows did, and where it found something else than was in use."""
    out.print(
        f"Rebuilt up to position {built.position:,}; {built.parked:,} events are parked, "
        f"{built.passed:,} passed over; switched in {built.switch * 1000:.1f} ms."
    )
    print_compared(built.compared.rows, built.compared.differ, built.compared.examples)


def print_compared(
    compared: int, differ: Mapping[str, int], examples: Mapping[str, Sequence[str]]
) -> None:
    """Print how many rows are not as they were in use, and which for example, by table."""
    out.print(f"Compared {compared:,} rows with those in use: {sum(differ.values()):,} differ.")
    for name, some in examples.items():
        text = f"[yellow]differed[/] {name}: {differ[name]:,}, as {'; '.join(some)}"
        out.print(text, highlight=False, soft_wrap=True)


def check_rows(settings: Settings, models: Mapping[str, Listed]) -> Report:
    """Fold the journal anew and compare it with the rows in use, unless other code made them.

    Raises `Busy` when somebody else checks.
    """
    journal, rows = Journal(settings.journal_url), connect(settings.rows_url, "normal")
    try:
        journal.create(settings.zone)
        projector_of(settings, rows, journal)
        if others := stale(rows, models):
            return Report(ROWS, None, why=f"another version made {', '.join(others)}")
        title = f"Replaying {', '.join(models)}"
        with alone(journal, "check"), progress_to(title, journal.head().position) as reach:
            return check(rows, models, batches_of(journal), reach, journal.history)
    finally:
        rows.dispose()
        journal.close()


@contextmanager
def persons_of(settings: Settings, title: str) -> Iterator[tuple[Erasing, Callable[[int], None]]]:
    """Give what follows the persons of the journal, alone, and whom to tell how far it came.

    Raises `SettingsError` without the right master key, `Busy` when somebody else is at it.
    """
    keys = PersonKeys.of(settings)
    journal = Journal(settings.journal_url, keys=keys)
    try:
        journal.create(settings.zone)
        with alone(journal, title), progress_to(title, journal.head().position) as reach:
            yield Erasing(journal, keys), reach
    finally:
        journal.close()
        keys.close()


def check_persons(settings: Settings) -> Report:
    """Compare by what persons are found with what the journal has sealed."""
    try:
        with persons_of(settings, "check of persons") as (persons, reach):
            return persons.check(reach)
    except SettingsError as error:
        return Report(PERSONS, None, why=str(error))


def rebuild_persons(settings: Settings) -> int:
    """Make anew by what persons are found; return how many traces there are."""
    with persons_of(settings, "rebuild of persons") as (persons, _):
        return persons.renew()


@contextmanager
def tallied(settings: Settings) -> Iterator[tuple[Journal, Callable[[int], None]]]:
    """Give the journal whose tallies are counted, and whom to tell how far it came."""
    journal = Journal(settings.journal_url)
    try:
        journal.create(settings.zone)
        with progress_to("Counting what is tallied", journal.head().position) as reach:
            yield journal, reach
    finally:
        journal.close()


def check_tallies(settings: Settings) -> Report:
    """Compare what runs are balanced by with a recount."""
    with tallied(settings) as (journal, reach):
        return tally_recount.check(journal, reach)


def rebuild_tallies(settings: Settings) -> int:
    """Count anew what is tallied; return how many tallies there are."""
    with tallied(settings) as (journal, reach):
        return tally_recount.rebuild(journal, reach)


def rows_of(journal: Journal) -> Source:
    """Return a journal as the warehouse reads it."""

    def read(after: int) -> Iterator[Sequence[Any]]:
        while rows := journal.raw(after, AT_ONCE, most=WEIGHT):
            yield rows
            after = rows[-1][0]

    return read


def bring_up_to_date(settings: Settings) -> None:
    """Rebuild the row read models that another version of the code has made.

    And those that are further than the journal, of which somebody has put an older copy back. Of
    several processes that start together one does it, and the others wait. Where it finds
    something else than was in use, the log says so, as nobody looks at what a start prints.
    """
    while models := _stale(settings):
        notes.print(f"Made by another version, or from a later journal: {', '.join(models)}.")
        try:
            compared = rebuild_rows(settings, models).compared
        except Busy:
            time.sleep(1)
            continue
        for name, number in compared.differ.items():
            log.warning("rows.differed", model=name, rows=number, ids=compared.examples[name])


def _stale(settings: Settings) -> dict[str, Listed]:
    journal, rows = Journal(settings.journal_url), connect(settings.rows_url, "normal")
    try:
        if not sa.inspect(rows).has_table(fingerprints.name):
            return {}
        journal.create(settings.zone)
        known = listed()
        with rows.connect() as connection:  # before the journal, which goes on meanwhile
            ours = positions.c.source == JOURNAL
            reached = connection.execute(sa.select(positions).where(ours)).all()
        head = journal.head().position
        ahead = [row.model for row in reached if row.position > head and row.model in known]
        return {name: known[name] for name in dict.fromkeys([*stale(rows, known), *ahead])}
    finally:
        rows.dispose()
        journal.close()
