"""Relay and projectors against bare Kafka clients in the same run; from save to visible."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer

from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.kafka.cloudevents import Encoder
from adapters.kafka.cluster import IN_ONE_POLL, LARGEST, Kafka, partition_of
from adapters.local.kafka import LocalKafka
from adapters.local.postgres import LocalPostgres
from adapters.storage.checkpoints import Checkpoint
from adapters.storage.databases import connect
from domain.kernel.aggregate import Origin, discover, new_id
from projections.kernel.rows.projector import Projector
from streams.followers.project_rows import sources
from streams.kafka.event_relay import Relay
from streams.kernel.worker import Worker
from tests.bench.bulk import fill
from tests.bench.figure import Figure, best, percentile, rate
from tests.organisation import organise

CUSTOMERS, OPPORTUNITIES = 12_000, 24_000
RUNS = 3
SAVES = 300


def measure() -> Iterator[Figure]:
    """Measure with PostgreSQL and a broker, each in its own process on this machine."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        postgres = stack.enter_context(LocalPostgres(folder / "postgres"))
        broker = stack.enter_context(LocalKafka(folder / "kafka"))
        url = postgres.create_database("bench")
        journal = Journal(url)
        journal.create()
        count = fill(journal, CUSTOMERS, OPPORTUNITIES)
        bare, relay, poll, projection = [], [], [], []
        for run in range(RUNS):
            kafka = Kafka(broker.bootstrap, f"bench{run}")
            bare.append(_bare_send(journal, Kafka(broker.bootstrap, f"bare{run}"), count))
            with _relayed(journal, kafka, count) as value:
                relay.append(value)
                poll.append(_bare_poll(kafka, count))
                rows = postgres.create_database(f"rows{run}")
                projection.append(_project(kafka, url, rows, count))
        yield Figure("relay", best(*relay), "/s", best(*bare), "/s bare producer", at_least=0.8)
        yield Figure(
            "projectors", best(*projection), "/s", best(*poll), "/s bare poll", at_least=0.5
        )
        seen = _seen(journal, kafka, url)
        journal.close()
        yield Figure("save → Kafka → visible, p50", percentile(seen, 50) * 1000, "ms")
        yield Figure("save → Kafka → visible, p99", percentile(seen, 99) * 1000, "ms")


def _bare_send(journal: Journal, kafka: Kafka, count: int) -> float:
    """Return what a producer alone does with records that are ready."""
    kafka.ensure(discover().aggregates)
    encoder = Encoder(kafka.source)
    records: list[dict[str, Any]] = [
        {
            "topic": kafka.topic(row[3].partition(".")[0]),
            "value": row[11].encode(),
            "key": row[1].encode(),
            "headers": encoder.event(row),
            "partition": partition_of(row[1], kafka.partitions),
        }
        for row in journal.raw(0, count)
    ]
    producer = kafka.producer()

    def send() -> None:
        for record in records:
            producer.send(**record)
        producer.flush()

    value = rate(count, send)
    producer.close()
    return value


@contextmanager
def _relayed(journal: Journal, kafka: Kafka, count: int) -> Iterator[float]:
    kafka.ensure(discover().aggregates)
    checkpoint = Checkpoint(journal.engine, "publish")
    checkpoint.set(0)
    with _working(Relay(journal, kafka).work):
        _until(lambda: checkpoint.get() > 0)  # connected, with topics and lease
        began, first = time.perf_counter(), checkpoint.get()
        _until(lambda: checkpoint.get() == count)
        yield (count - first) / (time.perf_counter() - began)


def _bare_poll(kafka: Kafka, count: int) -> float:
    """Return what the library's consumer alone does: poll all partitions to the end."""
    consumer = KafkaConsumer(
        bootstrap_servers=kafka.bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=IN_ONE_POLL,
        max_partition_fetch_bytes=LARGEST,
        metrics_enabled=False,
    )
    places = kafka.places(discover().aggregates)
    consumer.assign(places)
    ends = consumer.end_offsets(places)

    def poll() -> None:
        left = sum(ends.values())
        while left > 0:
            left -= sum(map(len, consumer.poll(timeout_ms=500).values()))

    value = rate(count, poll)
    consumer.close()
    return value


def _project(kafka: Kafka, journal: str, rows: str, count: int) -> float:
    """Return what `keyline project` does, in as many processes as suit the machine."""
    engine = connect(rows, "normal")
    projector = Projector(engine)
    projector.create(sources(kafka, projector))
    with _running("project", kafka, journal, KEYLINE_ROWS=rows):
        _until(lambda: _applied(projector) > count / 4)  # all have their share of the partitions
        began, first = time.perf_counter(), _applied(projector)
        _until(lambda: projector.position() == count)
        value = (count - first) / (time.perf_counter() - began)
    engine.dispose()
    return value


@contextmanager
def _running(part: str, kafka: Kafka, journal: str, **settings: str) -> Iterator[None]:
    """Run one of our processes within the block."""
    with tempfile.TemporaryDirectory() as data:
        settings |= {
            "KEYLINE_DATA": data,
            "KEYLINE_JOURNAL": journal,
            "KEYLINE_KAFKA": kafka.bootstrap,
            "KEYLINE_TOPICS": kafka.prefix,
            "KEYLINE_LOG": "json",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli.main", part],
            env=os.environ | settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def _seen(journal: Journal, kafka: Kafka, url: str) -> list[float]:
    """Return the seconds from a command to its visible row, relay and projector apart."""
    engine = connect(url, "normal")
    projector, executor = Projector(engine), Executor(journal)
    projector.create(sources(kafka, projector))
    executor.start()
    organise(executor, units=["group"])
    with _running("publish", kafka, url), _running("project", kafka, url):
        body = {"name": "客户", "unit": "group"}
        seen = []
        for number in range(SAVES + 1):
            began = time.perf_counter()
            call = Call("customer.register", None, body, Origin("bench", "gd-gz", new_id()))
            projector.wait(executor.execute(call).position, 120)
            if number:  # the first one waits until everything has started
                seen.append(time.perf_counter() - began)
    executor.stop()
    engine.dispose()
    return seen


def _applied(projector: Projector) -> int:
    """Return how many events are in the rows already: the sum of their versions."""
    with projector.engine.connect() as connection:
        return sum(
            connection.exec_driver_sql(f"SELECT coalesce(sum(version), 0) FROM {name}").scalar_one()
            for name in projector.models
        )


@contextmanager
def _working(work: Any) -> Iterator[None]:
    worker = Worker("bench", work)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


def _until(condition: Any) -> None:
    while not condition():
        time.sleep(0.05)
