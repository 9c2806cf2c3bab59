"""Heads are signed while the server runs, carried to a file and to Kafka, each once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from adapters.local.kafka import LocalKafka
from adapters.proofs.audit import audit
from adapters.proofs.signed_heads import BadHead, Head, heads, public_keys, read_heads, signed
from adapters.settings import SettingsError
from streams.followers.sign_heads import TOPIC, HeadSigning
from tests.adapters.recorded_logs import record
from tests.streams.flow import records, until, working


@pytest.fixture
def journal(journal_url: str) -> Iterator[Journal]:
    journal = Journal(journal_url)
    journal.create()
    yield journal
    journal.close()


def signing(
    journal: Journal, folder: Path, kafka: Kafka | None = None, key: str = "head.key"
) -> HeadSigning:
    return HeadSigning(journal, folder / key, folder / "heads.jsonl", 10, kafka)


def sizes(journal: Journal) -> list[tuple[str, int]]:
    with journal.engine.connect() as connection:
        return [(head.log, head.size) for head in signed(connection)]


def test_only_what_is_new_is_signed_and_exported(journal: Journal, tmp_path: Path) -> None:
    work = signing(journal, tmp_path)
    work.sign()
    assert sizes(journal) == []
    for count in (2, 3):
        record(journal, count)
        work.sign()
        work.finish()
    assert sizes(journal) == [("events", 2), ("operations", 2), ("events", 5), ("operations", 5)]
    with journal.engine.connect() as connection:
        kept, keys = signed(connection), public_keys(connection)
    assert read_heads(tmp_path / "heads.jsonl") == kept
    for head in kept:
        head.check(keys)
        with pytest.raises(BadHead, match="forged"):
            head._replace(size=head.size + 1).check(keys)


def test_a_file_that_was_carried_away_is_written_anew(journal: Journal, tmp_path: Path) -> None:
    record(journal, 2)
    work = signing(journal, tmp_path)
    work.sign()
    (tmp_path / "heads.jsonl").rename(tmp_path / "carried-away.jsonl")
    work.sign()
    again = read_heads(tmp_path / "heads.jsonl")
    assert again == read_heads(tmp_path / "carried-away.jsonl")


def test_a_new_key_signs_on_and_the_old_heads_stay_good(journal: Journal, tmp_path: Path) -> None:
    for key in ("head.key", "next.key"):
        record(journal, 2)
        signing(journal, tmp_path, key=key).sign()
    with journal.engine.connect() as connection:
        used = {head.key for head in signed(connection)}
        assert used == public_keys(connection).keys()
        assert len(used) == 2
        assert audit(connection, read_heads(tmp_path / "heads.jsonl")) == []


@pytest.mark.parametrize("left", [-1, -100, 10, 0])
def test_a_line_of_the_file_that_a_full_disk_has_cut_short_is_written_again(
    journal: Journal, tmp_path: Path, left: int
) -> None:
    record(journal, 2)
    work = signing(journal, tmp_path)
    work.sign()
    file = tmp_path / "heads.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:left])
    work.sign()
    assert file.read_bytes() == whole


@pytest.mark.parametrize(
    "wrong",
    [{"log": "evnets"}, {"log": ["events"]}, {"size": -1}, {"size": "2"}, {"root": None}, None],
)
def test_a_file_without_usable_heads_is_not_passed_over(
    journal: Journal, tmp_path: Path, wrong: dict[str, Any] | None
) -> None:
    record(journal, 2)
    signing(journal, tmp_path).sign()
    file = tmp_path / "heads.jsonl"
    first = json.loads(file.read_text().splitlines()[0])
    file.write_text("" if wrong is None else json.dumps({**first, **wrong}))
    with pytest.raises(BadHead, match="head"):
        read_heads(file)


def test_a_key_that_cannot_be_used_is_named(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "head.key").write_text("no key")
    with pytest.raises(SettingsError, match=r"head\.key"):
        signing(journal, tmp_path)


def test_several_processes_sign_a_head_once(journal_url: str, tmp_path: Path) -> None:
    journals = [Journal(journal_url) for _ in range(3)]
    journals[0].create()
    works = [signing(each, tmp_path) for each in journals]

    def write_and_sign(number: int) -> None:
        record(journals[number], 20, 1)
        works[number].sign()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write_and_sign, range(3)))
    works[0].finish()
    assert {("events", 60), ("operations", 60)} <= set(sizes(journals[0]))
    with journals[0].engine.connect() as connection:
        assert audit(connection) == []
    for each in journals:
        each.close()


def test_the_broker_gets_every_head(
    journal: Journal, tmp_path: Path, kafka: LocalKafka, topic_prefix: str
) -> None:
    cluster = Kafka(kafka.bootstrap, topic_prefix.rstrip("."), partitions=2)
    record(journal, 2)
    signing(journal, tmp_path).sign()  # while there was no broker
    record(journal, 2)
    work = signing(journal, tmp_path, cluster)
    unsent = sa.select(sa.func.count()).select_from(heads).where(~heads.c.published)

    def all_sent() -> bool:
        with journal.engine.connect() as connection:
            return len(signed(connection)) == 4 and connection.scalar(unsent) == 0

    with working(work.work):
        until(all_sent)
    found = records(cluster, [TOPIC], lambda got: len(got) == 4)
    got = [each for partition in found.values() for each in partition]
    with journal.engine.connect() as connection:
        sent = sorted(Head(**json.loads(each.value)) for each in got)
        assert sent == sorted(signed(connection))
    assert {each.key.decode() for each in got} == {"events", "operations"}
