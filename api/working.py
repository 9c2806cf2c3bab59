"""Working: the processes of a scaled-out system beside the API, each until it is stopped."""

from __future__ import annotations

from adapters.databases import connect
from adapters.journal import Journal
from adapters.kafka import Kafka
from adapters.settings import Settings
from api.rebuilding import bring_up_to_date
from api.terminal import Failure, until_stopped
from projections.runner import Projector
from streams.project import JournalProjection, KafkaProjection
from streams.publish import Relay
from streams.worker import Worker


def cluster_of(settings: Settings) -> Kafka:
    """Return the Kafka cluster of the settings. Raises `Failure` when there is none."""
    if not settings.kafka:
        raise Failure("KEYLINE_KAFKA names no Kafka cluster.", 2)
    return Kafka(settings.kafka, settings.topics, settings.partitions, settings.replicas)


def publish(settings: Settings) -> None:
    """Publish the journal to Kafka until the process is stopped."""
    kafka = cluster_of(settings)
    journal = Journal(settings.journal_url)
    journal.create()
    work(Worker("publish", Relay(journal, kafka).work))
    journal.close()


def project(settings: Settings) -> None:
    """Keep the row read models up to date until the process is stopped."""
    journal = Journal(settings.journal_url)
    journal.create()
    bring_up_to_date(settings)
    rows = connect(settings.rows_url, "normal")
    projector = Projector(rows)
    projection: KafkaProjection | JournalProjection
    if settings.kafka:
        projection = KafkaProjection(cluster_of(settings), projector)
    else:
        projection = JournalProjection(journal, projector)
    work(Worker("project", projection.work))
    rows.dispose()
    journal.close()


def work(worker: Worker) -> None:
    """Let a worker run in this thread until Ctrl-C or SIGTERM."""
    with until_stopped(worker.halt):
        worker.run()
