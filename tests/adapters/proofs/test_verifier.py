"""The stand-alone verifier believes what is true and nothing else, far from our code."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.proofs import verifier
from adapters.proofs.merkle import consistency_path, inclusion_path
from adapters.proofs.merkle_store import LOGS, leaf_of, proof
from adapters.proofs.signed_heads import Head, Signer, public_keys, signed
from adapters.proofs.verifier import COLUMNS, Refuted, keys_of, verify_entry, verify_heads
from tests.adapters.recorded_logs import record

OLD, NEW = 6, 11
"""Sizes at which the logs were signed."""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    journal.create()
    signer = Signer(journal.engine, tmp_path / "head.key")
    for count in (OLD, NEW - OLD):
        record(journal, count)
        signer.sign()
    yield journal
    journal.close()


@pytest.fixture
def keys(journal: Journal) -> dict[str, str]:
    with journal.engine.connect() as connection:
        return public_keys(connection)


def heads_of(journal: Journal, log: str = "events") -> tuple[dict[str, Any], dict[str, Any]]:
    with journal.engine.connect() as connection:
        old, new = signed(connection, log)
    return old._asdict(), new._asdict()


def entry(journal: Journal, number: int, name: str = "events") -> dict[str, Any]:
    """Return the proof that an entry is in a log, as the API answers it."""
    log = next(log for log in LOGS.values() if log.name == name)
    with journal.engine.connect() as connection:
        row = connection.execute(sa.select(log.table).where(log.key == number)).one()
        hashes = proof(connection, log, inclusion_path(number - 1, NEW))
    return {
        "log": name,
        "number": number,
        "size": NEW,
        "leaf": leaf_of(tuple(row)).decode(),
        "hashes": [each.hex() for each in hashes],
        "head": heads_of(journal, name)[1],
    }


def consistency(journal: Journal) -> dict[str, Any]:
    with journal.engine.connect() as connection:
        hashes = proof(connection, LOGS["events"], consistency_path(OLD, NEW))
    return {"from": OLD, "to": NEW, "hashes": [each.hex() for each in hashes]}


def test_every_entry_of_both_logs_is_proved(journal: Journal, keys: dict[str, str]) -> None:
    for name in LOGS:
        for number in range(1, NEW + 1):
            words = verify_entry(entry(journal, number, name), keys)
            assert words.startswith(f"Number {number} of {name} is one of the {NEW} signed")


def test_a_later_head_is_proved_to_go_on_from_an_earlier_one(
    journal: Journal, keys: dict[str, str]
) -> None:
    old, new = heads_of(journal)
    assert verify_heads(old, new, consistency(journal), keys).startswith(f"The {NEW} of events")
    assert verify_heads(new, new, {"hashes": []}, keys)


def forgeries(true: Any) -> Iterator[Any]:
    """Yield a JSON value with each of its parts altered, taken away, or of another type."""
    if isinstance(true, dict):
        for name, value in true.items():
            yield {other: each for other, each in true.items() if other != name}
            for wrong in forgeries(value):
                yield {**true, name: wrong}
    elif isinstance(true, list):
        yield [*true, "00" * 32]
        yield true[:-1]
        yield "hashes"
        for n, value in enumerate(true):
            for wrong in forgeries(value):
                yield [*true[:n], wrong, *true[n + 1 :]]
    elif isinstance(true, int):
        yield from (true + 1, true - 1, 0, -1, str(true), None)
    else:
        yield from ("", "zz", None, 7)
        for place in range(0, len(true), 5):
            # The last character of base64 has bits that mean nothing: it is left alone.
            other = chr(ord(true[place]) ^ 1)
            yield true[:place] + other + true[place + 1 :]


def test_nothing_else_is_believed(journal: Journal, keys: dict[str, str]) -> None:
    true = entry(journal, 4)
    tried = 0
    for wrong in forgeries(true):
        with pytest.raises(Refuted):
            verify_entry(copy.deepcopy(wrong), keys)
        tried += 1
    old, new = heads_of(journal)
    between = consistency(journal)
    for head in forgeries(old):
        with pytest.raises(Refuted):
            verify_heads(head, new, between, keys)
        tried += 1
    for head in forgeries(new):
        with pytest.raises(Refuted):
            verify_heads(old, head, between, keys)
        tried += 1
    for wrong in forgeries(between):
        with pytest.raises(Refuted):
            verify_heads(old, new, wrong, keys)
        tried += 1
    assert tried > 200


def test_heads_that_contradict_each_other_are_refused(
    journal: Journal, keys: dict[str, str], tmp_path: Path
) -> None:
    old, new = heads_of(journal)
    between = consistency(journal)
    with pytest.raises(Refuted, match="truncated"):
        verify_heads(new, old, between, keys)
    with pytest.raises(Refuted, match="different logs"):
        verify_heads(old, heads_of(journal, "operations")[1], between, keys)
    with pytest.raises(Refuted, match="not among those given"):
        verify_heads(old, new, between, {})
    # The same key has signed another history: that is what the proof cannot get over.
    other = Journal(f"sqlite:///{tmp_path / 'other.db'}")
    other.create()
    record(other, OLD)
    Signer(other.engine, tmp_path / "head.key").sign()
    with other.engine.connect() as connection:
        rewritten: Head = signed(connection, "events")[0]
    other.close()
    with pytest.raises(Refuted, match="rewritten"):
        verify_heads(rewritten._asdict(), new, between, keys)


def test_it_names_what_stands_in_the_leaves_as_the_tables_do() -> None:
    for name, log in LOGS.items():
        assert COLUMNS[name] == tuple(log.table.columns.keys())


def test_what_is_told_of_an_entry_moves_no_terminal() -> None:
    for name, log in LOGS.items():
        row = {key: f"\x1b[2J\u202e{key}" for key in COLUMNS[name]} | {"time_us": 5}
        words = list(verifier._told(log.name, list(row.values())))
        assert words[0] == "  when 1970-01-01T00:00:00.000005+00:00"
        assert all(word.isprintable() for word in words)
        assert "\\x1b[2J\\u202eactor" in words[1]


def test_keys_that_are_none_are_refused() -> None:
    wrongs: list[Any] = [{}, [], {"items": [{}]}, {"items": [{"public": "zz"}]}, {"items": "x"}]
    for wrong in wrongs:
        with pytest.raises(Refuted):
            keys_of(wrong)


def test_it_works_as_a_file_alone(journal: Journal, keys: dict[str, str], tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere"
    alone.mkdir()
    shutil.copy(Path(verifier.__file__), alone / "verifier.py")
    old, new = heads_of(journal)
    forged = {**entry(journal, 3), "leaf": entry(journal, 4)["leaf"]}
    files = {
        "keys": {"items": [{"id": id_, "public": public} for id_, public in keys.items()]},
        "old": old,
        "new": new,
        "consistency": consistency(journal),
        "event": entry(journal, 3),
        "forged": forged,
    }
    for name, content in files.items():
        (alone / f"{name}.json").write_text(json.dumps(content))

    def run(*arguments: str) -> tuple[int, str]:
        # Isolated: neither this folder nor what surrounds it can be imported.
        done = subprocess.run(
            [sys.executable, "-I", "verifier.py", *arguments],
            cwd=alone,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    status, said = run("entry", "event.json", "keys.json")
    assert (status, said[:7]) == (0, "PROVED:")
    status, said = run("heads", "old.json", "new.json", "consistency.json", "keys.json")
    assert (status, said[:7]) == (0, "PROVED:")
    (alone / "deep.json").write_text("[" * 100_000)
    (alone / "half.json").write_text(json.dumps({**entry(journal, 3), "leaf": "\ud800"}))
    wrongs = ("forged.json", "absent.json", "keys.json", "deep.json", "half.json")
    for wrong in ((name, "keys.json") for name in wrongs):
        status, said = run("entry", *wrong)
        assert (status, said[:8]) == (1, "REFUTED:")
    assert run("entry")[0] == 2
