"""Signing: the heads of the logs, signed and exported at intervals and when the server ends."""

from __future__ import annotations

from pathlib import Path

import orjson
import structlog
from kafka.errors import KafkaError

from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from adapters.proofs.signed_heads import Signer, export, mark_published, unpublished
from streams.kernel.worker import Worker

log = structlog.get_logger(__name__)

TOPIC = "heads"
"""The topic of heads, after the prefix: keyed by the log, a head as JSON each."""

PATIENCE = 10.0
"""Seconds that the broker has to acknowledge heads; later they are sent again."""


class HeadSigning:
    """Signs the heads of a journal, and carries them to a file and to Kafka."""

    def __init__(
        self, journal: Journal, key_file: Path, file: Path, minutes: int, kafka: Kafka | None
    ) -> None:
        """Sign every so many minutes what is new, with the key of a file."""
        self._engine = journal.engine
        self._signer = Signer(journal.engine, key_file)
        self._file = file
        self._seconds = 60 * minutes
        self._kafka = kafka

    def work(self, worker: Worker) -> None:
        """Sign at intervals until the worker is to end."""
        while not worker.stopping:
            self.sign()
            worker.well()
            worker.pause(self._seconds)

    def sign(self) -> None:
        """Sign what is new now, and export it."""
        for head in self._signer.sign():
            log.info("head.signed", of=head.log, size=head.size, root=head.root, key=head.key)
        export(self._engine, self._file)
        if self._kafka is not None:
            try:
                self._publish(self._kafka)
            except KafkaError as error:
                # The heads are safe, and are sent with the next: commands need no broker either.
                log.warning("head.unpublished", error=str(error))

    def finish(self) -> None:
        """Sign a last time; whatever comes in the way is logged, as the server ends anyway."""
        try:
            self.sign()
        except Exception:
            log.exception("head.signing_failed")

    def _publish(self, kafka: Kafka) -> None:
        with self._engine.connect() as connection:
            waiting = unpublished(connection)
        if not waiting:
            return
        kafka.ensure([TOPIC])
        producer = kafka.producer(linger_ms=0)
        try:
            sent = [
                producer.send(
                    kafka.topic(TOPIC),
                    value=orjson.dumps(head._asdict()),
                    key=head.log.encode(),
                )
                for head in waiting
            ]
            for future in sent:
                future.get(timeout=PATIENCE)
        finally:
            producer.close(timeout=1)
        mark_published(self._engine, waiting)
