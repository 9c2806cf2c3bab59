"""What tests of streams share: a journal with accounts, and a plain reader of topics."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import TopicPartition

from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from domain.kernel.aggregate import Origin, Stored, new_id
from projections.kernel.read_model import Row, fold
from streams.kernel.worker import Worker
from tests.projections.accounts import accounts

SOON = 2000
"""Milliseconds of patience with who is gone, where that is what is waited for."""


def happen(journal: Journal, facts: Sequence[Stored], cause: str | None = None) -> int:
    """Append facts in one commit and return the last position."""
    origin = Origin("王伟", "gd-gz", new_id(), on_behalf_of="e-7", cause=cause)
    with journal.transaction() as transaction:
        transaction.append(facts, origin)
        transaction.end_unit()
    return transaction.position


class Accounts:
    """A growing set of accounts in a journal, with what their rows should be."""

    def __init__(self, journal: Journal, seed: int = 1) -> None:
        self.journal = journal
        self.random = random.Random(seed)
        self.versions: dict[str, int] = {}

    def grow(self, events: int) -> int:
        """Append some events, some of new accounts, some of old ones; return the position."""
        facts = []
        for _ in range(events):
            known = list(self.versions)
            if not known or self.random.random() < 0.3:
                stream, type_, data = new_id(), "account.opened", '{"name":"客户 A"}'
            else:
                stream, type_ = self.random.choice(known), "account.paid"
                data = f'{{"amount":"{self.random.randrange(1000)}.00"}}'
            version = self.versions[stream] = self.versions.get(stream, 0) + 1
            facts.append(Stored(stream, version, type_, 1, data.encode()))
        return happen(self.journal, facts)

    def folded(self) -> dict[str, Row]:
        """Return the rows that the whole history folds to."""
        return fold(accounts, {}, self.journal.read(0, 1_000_000)).rows


@contextmanager
def working(*work: Callable[[Worker], None]) -> Iterator[list[Worker]]:
    """Run some work in threads within a block."""
    workers = [Worker(f"worker-{number}", each) for number, each in enumerate(work)]
    for worker in workers:
        worker.start()
    try:
        yield workers
    finally:
        for worker in workers:
            worker.halt()
        for worker in workers:
            worker.stop()


def until(condition: Callable[[], object], timeout: float = 300) -> None:
    """Wait until a condition holds; fail when it takes for ever."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def records(
    kafka: Kafka, kinds: Iterable[str], enough: Callable[[list[Any]], object]
) -> dict[TopicPartition, list[Any]]:
    """Read topics from the start until there is enough; return the records by partition."""
    consumer = kafka.consumer(None)
    places = kafka.places(kinds)
    consumer.assign(places)
    consumer.seek_to_beginning()
    found: dict[TopicPartition, list[Any]] = {place: [] for place in places}
    deadline = time.monotonic() + 300
    while not enough([record for each in found.values() for record in each]):
        assert time.monotonic() < deadline, "not enough came"
        for place, new in consumer.poll(timeout_ms=200).items():
            found[place] += new
    consumer.close()
    return found


def header(record: Any, name: str) -> str:
    """Return a header of a record as text; empty when there is none."""
    value: bytes = dict(record.headers).get(name, b"")
    return value.decode()


def positions(found: Iterable[Any]) -> list[int]:
    """Return the positions of those records that are events."""
    return [
        int(header(record, "ce_position"))
        for record in found
        if header(record, "ce_type") != "keyline.watermark"
    ]


def once(events: Iterable[int]) -> list[int]:
    """Return each value where it came first."""
    return list(dict.fromkeys(events))
