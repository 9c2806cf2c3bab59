"""The audit finds and locates every alteration of the logs, whoever makes it with raw SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.proofs.audit import CHUNK, Fault, audit
from adapters.proofs.merkle import Frontier, leaf_hash
from adapters.proofs.merkle_store import LOGS, Log, backfill, leaf_of, unhashed
from adapters.proofs.signed_heads import Signer, export, heads, public_keys, read_heads, signed
from adapters.storage.databases import writing
from adapters.storage.journal_tables import event_hashes, events, head, operation_hashes, operations
from tests.adapters.recorded_logs import attacked, record, unlock
from tests.volume import FULL, seed, volume

SMALL = 11
ALTERATIONS = volume("AUDIT_ALTERATIONS", 600, 5000)
"""Random alterations in each kind of database: in full 10,000 in both."""
SEED = seed("AUDIT_SEED", 20261123)


@pytest.fixture
def journal(journal_url: str) -> Iterator[Journal]:
    journal = Journal(journal_url)
    journal.create()
    yield journal
    journal.close()


@pytest.fixture
def small(journal: Journal, tmp_path: Path) -> Journal:
    """A log of eleven rows, signed after seven and at its end, without its triggers."""
    signer = Signer(journal.engine, tmp_path / "head.key")
    record(journal, 7)
    signer.sign()
    record(journal, SMALL - 7)
    signer.sign()
    unlock(journal.engine)
    return journal


def found(connection: sa.Connection, **options: Any) -> set[tuple[str, str, int, int]]:
    return {fault[:4] for fault in audit(connection, **options)}


def run(connection: sa.Connection, statement: str, **values: Any) -> None:
    connection.execute(sa.text(statement), values)


def changed(column: sa.Column[Any], value: Any, bit: int) -> Any:
    """Return a value of a column with one bit turned, or what was nothing made something."""
    if value is None:
        return bit if column.type.python_type is int else ("", "x")[bit % 2]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value ^ (1 << bit % 15)
    place = bit // 2 % len(value) if value else 0
    turned = chr(ord(value[place]) ^ (1, 2)[bit % 2]) if value else "x"
    return value[:place] + turned + value[place + 1 :]


def test_logs_that_nobody_altered_are_intact(small: Journal) -> None:
    with small.engine.connect() as connection:
        seen: list[int] = []
        assert audit(connection, signed(connection), advance=seen.append) == []
        assert sum(seen) == 2 * SMALL
        assert len(signed(connection)) == 4


def test_an_empty_journal_is_intact(journal: Journal) -> None:
    with journal.engine.connect() as connection:
        assert audit(connection) == []


@pytest.mark.parametrize("table", [events, operations], ids=str)
def test_every_column_of_every_row_is_held_against_its_hash(
    small: Journal, table: sa.Table
) -> None:
    key = next(iter(table.primary_key.columns))
    with small.engine.connect() as connection:
        rows = connection.execute(sa.select(table).order_by(key)).mappings().all()
    bits = (0, 1, 2, 9)
    for row in rows:
        for number, column in enumerate(table.columns):
            if column is key:
                continue
            for bit in bits if FULL else bits[(row[key.name] + number) % 4 :][:1]:
                with attacked(small.engine) as connection:
                    altered = {column.name: changed(column, row[column.name], bit)}
                    connection.execute(table.update().where(key == row[key.name]), altered)
                    place = row[key.name]
                    assert found(connection) == {(table.name, "altered", place, place)}


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_every_missing_row_is_named(small: Journal, log: Log) -> None:
    key, name = log.key.name, log.name
    for number in range(1, SMALL):
        with attacked(small.engine) as connection:
            run(connection, f"DELETE FROM {name} WHERE {key} = :n", n=number)
            assert found(connection) == {(name, "missing", number, number)}
            # Whoever moves the others up to close the gap is found all the same.
            renumber(connection, log, number + 1, SMALL, -1)
            assert (name, "missing", number, number) in found(connection)


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_every_truncation_is_found_also_when_the_head_is_set_back(small: Journal, log: Log) -> None:
    key, name = log.key.name, log.name
    for left in range(SMALL):
        with attacked(small.engine) as connection:
            run(connection, f"DELETE FROM {name} WHERE {key} > :n", n=left)
            assert found(connection) == {(name, "truncated", left + 1, SMALL)}
            connection.execute(head.update(), {log.reached.name: left})
            assert (name, "truncated", left + 1, SMALL) in found(connection)


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_every_inserted_row_is_found(small: Journal, log: Log) -> None:
    name = log.name
    for number in range(1, SMALL + 1):
        with attacked(small.engine) as connection:
            renumber(connection, log, number, SMALL, 1)
            insert_copy(connection, log, number + 1, number)
            assert (name, "inserted", number, number) in found(connection)
    for number in (-7, 0, SMALL + 1, SMALL + 100):
        with attacked(small.engine) as connection:
            insert_copy(connection, log, 1, number)
            assert found(connection) == {(name, "inserted", number, number)}


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_every_two_rows_that_change_places_are_named(small: Journal, log: Log) -> None:
    key, name = log.key.name, log.name
    for first in range(1, SMALL):
        for second in range(first + 1, SMALL + 1):
            with attacked(small.engine) as connection:
                for a, b in ((first, -1), (second, first), (-1, second)):
                    run(connection, f"UPDATE {name} SET {key} = :b WHERE {key} = :a", a=a, b=b)
                assert found(connection) == {(name, "swapped", first, second)}


def renumber(connection: sa.Connection, log: Log, first: int, last: int, by: int) -> None:
    """Move rows to other numbers, one by one, so that no two meet."""
    numbers = range(first, last + 1) if by < 0 else range(last, first - 1, -1)
    for number in numbers:
        name, key = log.name, log.key.name
        run(connection, f"UPDATE {name} SET {key} = {key} + {by} WHERE {key} = :n", n=number)


def insert_copy(connection: sa.Connection, log: Log, of: int, number: int) -> None:
    """Insert a row that looks like another one."""
    row = connection.execute(sa.select(log.table).where(log.key == of)).mappings().one()
    new = {**row, log.key.name: number, "command_id": "forged"}
    if "stream" in row:
        new["stream"] = "00000000-0000-7000-8000-000000000000"
    connection.execute(log.table.insert(), new)


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_every_kept_hash_is_held_against_what_it_stands_for(small: Journal, log: Log) -> None:
    with small.engine.connect() as connection:
        rows = connection.execute(sa.select(log.hashes)).all()
    for place, hashes in rows:
        for at in range(0, len(hashes), 8):
            turned = hashes[:at] + bytes([hashes[at] ^ 16]) + hashes[at + 1 :]
            with attacked(small.engine) as connection:
                change = log.hashes.update().where(log.hashes.c.place == place)
                connection.execute(change, {"hashes": turned})
                assert any(name == log.name for name, *_ in found(connection))
        for statement in ("DELETE FROM {} WHERE place = :p", "UPDATE {} SET place = place + 1"):
            with attacked(small.engine) as connection:
                only = {"p": place} if ":p" in statement else {}
                if not only and place != rows[-1].place:
                    continue
                where = "" if only else f" WHERE place = {place}"
                run(connection, statement.format(log.hashes.name) + where, **only)
                assert any(name == log.name for name, *_ in found(connection))


def test_a_head_row_that_says_something_else_is_found(small: Journal) -> None:
    with small.engine.connect() as connection:
        before = connection.execute(sa.select(head)).mappings().one()
    for log in LOGS.values():
        tree = before[log.tree.name]
        for wrong in (tree[:-1] + bytes([tree[-1] ^ 1]), bytes(Frontier()), None):
            with attacked(small.engine) as connection:
                connection.execute(head.update(), {log.tree.name: wrong})
                assert any(name == log.name for name, *_ in found(connection))
        for wrong in (SMALL - 1, SMALL + 1, 0):
            with attacked(small.engine) as connection:
                connection.execute(head.update(), {log.reached.name: wrong})
                assert any(name == log.name for name, *_ in found(connection))


def rewrite(connection: sa.Connection, upto: int = SMALL) -> None:
    """Tell another history, with hashes, trees and head that fit it."""
    run(connection, "UPDATE events SET actor = 'somebody else' WHERE position >= 5")
    run(connection, "DELETE FROM events WHERE position > :n", n=upto)
    rows = connection.execute(sa.select(events).order_by(events.c.position)).all()
    tree = Frontier()
    hashes = tree.extend(leaf_hash(leaf_of(tuple(row))) for row in rows)
    run(connection, "DELETE FROM event_hashes")
    connection.execute(event_hashes.insert(), {"place": 0, "hashes": hashes})
    connection.execute(head.update(), {"position": upto, "event_tree": bytes(tree)})


def test_a_complete_rewrite_contradicts_the_signed_heads(small: Journal) -> None:
    with attacked(small.engine) as connection:
        rewrite(connection)
        assert found(connection) == {("events", "rewritten", 1, 7)}
        # The control: without its heads, the history is as good as any other.
        assert found(connection, compare_heads=False) == set()


def test_a_rewrite_by_whoever_has_the_key_contradicts_the_heads_that_were_carried_away(
    small: Journal, tmp_path: Path
) -> None:
    export(small.engine, tmp_path / "heads.jsonl")
    outside = read_heads(tmp_path / "heads.jsonl")
    with writing(small.engine).begin() as connection:
        trusted = public_keys(connection)
        rewrite(connection, upto=9)
        connection.execute(heads.delete())
    Signer(small.engine, tmp_path / "head.key").sign()
    with small.engine.connect() as connection:
        assert found(connection) == set()
        assert ("events", "rewritten", 1, 7) in found(connection, outside=outside)
        of_events = [each for each in outside if each.log == "events"]
        assert ("events", "truncated", 10, SMALL) in found(connection, outside=of_events[1:])
        assert found(connection, outside=outside, trusted=trusted) >= {
            ("events", "rewritten", 1, 7)
        }


def test_forged_heads_are_found(small: Journal, tmp_path: Path) -> None:
    for column, value in (("root", "00" * 32), ("size", 10), ("time", "2000"), ("key", "0" * 16)):
        with attacked(small.engine) as connection:
            run(connection, f"UPDATE heads SET {column} = :v WHERE number = 4", v=value)
            assert any(kind == "forged" for _, kind, *_ in found(connection))
    Signer(small.engine, tmp_path / "another.key")
    with small.engine.connect() as connection:
        one = dict([next(iter(public_keys(connection).items()))])
        other = {id_: key for id_, key in public_keys(connection).items() if id_ not in one}
        assert not audit(connection, trusted=one)
        assert {fault.kind for fault in audit(connection, trusted=other)} == {"forged"}


def test_a_journal_recorded_before_there_were_hashes_gets_them(small: Journal) -> None:
    with writing(small.engine).begin() as connection:
        for table in (event_hashes, operation_hashes):
            connection.execute(table.delete())
        connection.execute(head.update(), {"event_tree": None, "operation_tree": None})
    assert unhashed(small.engine) == 2 * SMALL
    record(small, 1)  # whoever appends catches up first
    assert unhashed(small.engine) == 0
    with writing(small.engine).begin() as connection:
        connection.execute(operation_hashes.delete())
        connection.execute(head.update(), {"operation_tree": None})
    done: list[int] = []
    backfill(small.engine, done.append)
    assert sum(done) == SMALL + 1
    with small.engine.connect() as connection:
        assert audit(connection) == []


@pytest.mark.chaos
def test_thousands_of_random_alterations_are_all_found(
    journal: Journal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random, rows = Random(SEED), 400
    signer = Signer(journal.engine, tmp_path / "head.key")
    for _ in range(4):
        record(journal, rows // 4, random.randrange(1, 50))
        signer.sign()
    unlock(journal.engine)
    counts: Counter[str] = Counter()
    with writing(journal.engine).connect() as connection:
        for _ in range(ALTERATIONS):
            with connection.begin() as transaction:
                what, faults = alter(connection, random, rows)
                transaction.rollback()
            assert faults, f"{what} was not found (seed {SEED})"
            counts[what] += 1
    with capsys.disabled():
        dialect, done = journal.engine.dialect.name, dict(sorted(counts.items()))
        print(f"\n{dialect}: {counts.total():,} alterations found (seed {SEED}): {done}")


def alter(connection: sa.Connection, random: Random, rows: int) -> tuple[str, list[Fault]]:
    """Alter something at random; return what it was and what the audit says."""
    log = random.choice(list(LOGS.values()))
    key, name, number = log.key.name, log.name, random.randint(1, rows)
    what = random.choice(["column", "delete", "insert", "swap", "hash", "truncate", "head"])
    if what == "column":
        row = connection.execute(sa.select(log.table).where(log.key == number)).mappings().one()
        column = random.choice([c for c in log.table.columns if c is not log.key])
        altered = {column.name: changed(column, row[column.name], random.randrange(200))}
        connection.execute(log.table.update().where(log.key == number), altered)
    elif what == "delete":
        run(connection, f"DELETE FROM {name} WHERE {key} = :n", n=number)
    elif what == "insert":
        insert_copy(connection, log, number, rows + random.randint(1, 9))
    elif what == "swap":
        other = number % rows + 1
        for a, b in ((number, -1), (other, number), (-1, other)):
            run(connection, f"UPDATE {name} SET {key} = :b WHERE {key} = :a", a=a, b=b)
    elif what == "hash":
        place, hashes = random.choice(connection.execute(sa.select(log.hashes)).all())
        at = random.randrange(len(hashes))
        turned = hashes[:at] + bytes([hashes[at] ^ 1 << random.randrange(8)]) + hashes[at + 1 :]
        change = log.hashes.update().where(log.hashes.c.place == place)
        connection.execute(change, {"hashes": turned})
    elif what == "truncate":
        run(connection, f"DELETE FROM {name} WHERE {key} >= :n", n=number)
        connection.execute(head.update(), {log.reached.name: number - 1})
    else:
        run(connection, "UPDATE heads SET root = :r WHERE number = :n", r="ab" * 32,
            n=random.randint(1, 8))  # fmt: skip
    return what, audit(connection)


def test_what_is_examined_in_parts_is_whole(journal: Journal, monkeypatch: Any) -> None:
    monkeypatch.setattr("adapters.proofs.audit.CHUNK", 4)
    assert CHUNK > 4
    record(journal, 23, 5)
    with journal.engine.connect() as connection:
        assert audit(connection) == []
