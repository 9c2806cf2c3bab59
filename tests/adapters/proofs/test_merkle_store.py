"""Hashes are kept with the head that stands for them, in as few statements as may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.proofs.audit import audit
from adapters.proofs.merkle import Frontier
from adapters.proofs.merkle_store import IN_ONE_ROW, LOGS, leaf_hashes, root_at
from adapters.storage.journal_tables import event_hashes, operation_hashes
from tests.adapters.recorded_logs import record


@pytest.fixture
def journal(journal_url: str) -> Iterator[Journal]:
    journal = Journal(journal_url)
    journal.create()
    yield journal
    journal.close()


def test_the_hashes_of_a_small_commit_need_no_round_trip_of_their_own(journal: Journal) -> None:
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    sa.event.listen(journal.engine, "before_cursor_execute", note)
    record(journal, 2, each_commit=2)
    sa.event.remove(journal.engine, "before_cursor_execute", note)
    keeping = [each for each in sent if "_hashes" in each]
    if journal.engine.dialect.name == "postgresql":
        assert [each.count("INSERT INTO") for each in keeping] == [2]
        assert "UPDATE head" in keeping[0]
    else:
        assert len(keeping) == 2


def test_commits_of_every_size_are_kept_and_verified(journal: Journal) -> None:
    for size in (1, 2, IN_ONE_ROW, IN_ONE_ROW + 1, 9 * IN_ONE_ROW, 1):
        record(journal, size, each_commit=size)
    with journal.engine.connect() as connection:
        assert audit(connection) == []
        for table in (event_hashes, operation_hashes):
            count = connection.scalar(sa.select(sa.func.count()).select_from(table))
            assert count == 1 + 1 + 1 + 2 + 9 + 1


def test_the_root_that_a_log_had_at_any_size_is_made_of_what_is_kept(journal: Journal) -> None:
    for size in (1, 2, IN_ONE_ROW + 1, 3):
        record(journal, size, each_commit=size)
    log = LOGS["events"]
    with journal.engine.connect() as connection:
        rows = connection.execute(sa.select(log.table).order_by(log.key)).all()
        leaves = leaf_hashes([tuple(row) for row in rows])
        for size in range(1, len(leaves) + 1):
            tree = Frontier()
            tree.extend(leaves[:size])
            assert root_at(connection, log, size) == tree.root()
