"""Working: the processes of a scaled-out system beside the API, each until it is stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from adapters.journal.journal import Journal
from adapters.settings import Settings
from adapters.storage.databases import connect
from api.cli.rebuild_jobs import bring_up_to_date, kafka_of
from api.kernel.terminal import Failure, until_stopped
from projections.kernel.rows.projector import Projector
from streams.followers.project_rows import JournalProjection, KafkaProjection
from streams.kafka.event_relay import Relay
from streams.kafka.operation_relay import OperationRelay
from streams.kernel.line import Line, News
from streams.kernel.worker import Worker

log = structlog.get_logger(__name__)


def publish(settings: Settings) -> None:
    """Publish the journal to Kafka until the process is stopped. Raises `Failure` without it."""
    kafka = kafka_of(settings)
    if kafka is None:
        raise Failure("KEYLINE_KAFKA names no Kafka cluster.", 2)
    journal = Journal(settings.journal_url)
    journal.create(settings.zone)
    logs = Worker("publish-operations", OperationRelay(journal, kafka).work)
    logs.start()
    work(Worker("publish", Relay(journal, kafka).work))
    logs.stop()
    journal.close()


def project(
    settings: Settings,
    line: Line | None = None,
    up: Callable[[], None] = lambda: None,
    name: str | None = None,
) -> None:
    """Keep the row read models up to date until the process is stopped.

    By a `line` the process that answers says what is appended and waited for, and is told what is
    visible and what is wrong; `up` is called once the work begins. `name` is its own among those
    that follow Kafka, if it keeps it over its restarts.
    """
    journal = Journal(settings.journal_url)
    journal.create(settings.zone)
    if line is None:
        bring_up_to_date(settings)
    rows = connect(settings.rows_url, "normal")
    projector, kafka = Projector(rows, histories=journal.history), kafka_of(settings)
    if kafka is not None:
        worker = Worker("project", KafkaProjection(kafka, projector, name).work)
    else:

        def tell(position: int = 0) -> None:
            if line is not None:
                line.tell(News(position, fault=worker.fault or ""))

        def hear(news: News) -> None:
            journal.heard(news.position)
            projector.want(news.wanted)

        worker = Worker("project", JournalProjection(journal, projector, tell).work)
        if line is not None:
            line.listen(hear)
            _repeat(tell)
    up()
    work(worker)
    rows.dispose()
    journal.close()


def _repeat(tell: Callable[[], None]) -> None:
    """Tell how it is every second, too: while the work fails it says nothing."""

    def repeat() -> None:
        while True:
            time.sleep(1)
            tell()

    threading.Thread(target=repeat, name="tell", daemon=True).start()


def work(worker: Worker) -> None:
    """Let a worker run in this thread until Ctrl-C or SIGTERM."""
    with until_stopped(worker.halt):
        log.info("worker.started", worker=worker.name)
        worker.run()
        log.info("worker.stopped", worker=worker.name)
