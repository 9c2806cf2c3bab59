"""What the last verification found, and what a start sees, is told until it is put right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.proofs.audit import audit
from adapters.proofs.last_verification import at_a_glance, found, note
from adapters.proofs.signed_heads import Signer, heads
from adapters.storage.databases import writing
from adapters.storage.journal_tables import event_hashes, events, head
from api.server.alarms import alarms
from tests.adapters.recorded_logs import record, unlock


@pytest.fixture
def journal(journal_url: str, tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(journal_url)
    journal.create()
    record(journal, 200, each_commit=50)
    Signer(journal.engine, tmp_path / "head.key").sign()
    record(journal, 7)
    unlock(journal.engine)
    yield journal
    journal.close()


def glance(journal: Journal) -> list[str]:
    with journal.engine.connect() as connection:
        return at_a_glance(connection)


def lose_the_last_event(connection: sa.Connection) -> None:
    connection.execute(events.delete().where(events.c.position == 207))


def go_back_before_the_signed_head(connection: sa.Connection) -> None:
    tree = connection.scalar(sa.select(head.c.event_tree)) or b""
    connection.execute(head.update().values(event_tree=tree[:0]))


def rewrite_the_hashes(connection: sa.Connection) -> None:
    connection.execute(event_hashes.update().values(hashes=b"\0" * 32 * 99))


def rewrite_the_signed_head(connection: sa.Connection) -> None:
    connection.execute(heads.update().values(root="00" * 32))


def test_an_intact_journal_has_nothing_to_tell(journal: Journal) -> None:
    assert glance(journal) == []


@pytest.mark.parametrize(
    "alter",
    [
        lose_the_last_event,
        go_back_before_the_signed_head,
        rewrite_the_hashes,
        rewrite_the_signed_head,
    ],
)
def test_what_a_start_can_see_is_seen(
    journal: Journal, alter: Callable[[sa.Connection], None]
) -> None:
    with writing(journal.engine).begin() as connection:
        alter(connection)
    assert any(each.startswith("events: ") for each in glance(journal))


def test_what_a_verification_found_is_an_alarm_until_the_next(journal: Journal) -> None:
    counts = {"events": 207, "operations": 207}

    def told() -> str | None:
        with journal.engine.connect() as connection:
            status = {"faults": [], "parts": {}, "altered": found(connection)}
        return alarms(status, 2**40).get("altered")

    assert told() is None
    changed = events.update().where(events.c.position == 100).values(actor="nobody")
    with writing(journal.engine).begin() as connection:
        connection.execute(changed)
    with journal.engine.connect() as connection:
        faults = audit(connection)
    note(journal.engine, faults, counts)
    assert "found 1 faults, first: events 100 to 100 are altered" in str(told())
    note(journal.engine, [], counts)
    assert told() is None
