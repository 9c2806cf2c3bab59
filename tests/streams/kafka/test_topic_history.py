"""Rows rebuilt from a real broker equal those rebuilt from the journal."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from adapters.local.kafka import LocalKafka
from adapters.storage.databases import connect
from projections.kernel.rows.rebuild import rebuild
from projections.kernel.rows.store import RowStore
from projections.kernel.rows.tables import books
from streams.kafka import topic_history as history
from streams.kafka.event_relay import Relay
from streams.kafka.topic_history import KafkaHistory
from tests.projections.accounts import accounts
from tests.streams.flow import Accounts, until, working

MODELS = {accounts.name: accounts}


def test_every_event_comes_once_and_in_order_then_what_came_since(
    kafka: LocalKafka, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "AHEAD", 50)
    monkeypatch.setattr(history, "AT_ONCE", 100)
    cluster = Kafka(kafka.bootstrap, topic_prefix.rstrip("."), partitions=3)
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    journal.create()
    happening = Accounts(journal)
    relay = Relay(journal, cluster)
    rows = connect(f"sqlite:///{tmp_path / 'rows.db'}", "normal")
    books.create_all(rows)
    read = KafkaHistory(cluster, ["account"])

    def published() -> bool:
        return relay.checkpoint.get() == journal.head().position

    with working(relay.work):
        happening.grow(1500)
        until(published)
        events = list(itertools.chain.from_iterable(read(0)))
        assert events == journal.read(0, 10_000)

        happening.grow(20)
        until(published)
        events = list(itertools.chain.from_iterable(read(1500)))
        assert events == journal.read(1500, 10_000)
        assert list(read(1520)) == []

    rebuild(rows, MODELS, KafkaHistory(cluster, ["account"]))
    expected = happening.folded()
    with rows.connect() as connection:
        assert RowStore(accounts.table, rows.dialect).load(connection, list(expected)) == expected
    rows.dispose()
    journal.close()
