"""Work of imports: what is killed and begun again does nothing twice, and counts what it did."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from adapters.imports import import_store
from adapters.imports.import_store import ImportStore, Overtaken, Sender, TooManyOpen
from adapters.journal.journal import Journal
from adapters.privacy.person_keys import PersonKeys
from adapters.settings import Settings
from adapters.storage.journal_tables import events, leases
from adapters.storage.leases import Lease
from api.imports.jobs.asked import Asked
from api.imports.jobs.job import Job
from api.imports.jobs.work import LEASE
from tests.adapters.staff import Company, company
from tests.streams.flow import until

ROWS = 1500
"""More than one part, after each of which the process says how far it is."""

ADMIN = Sender("admin", "person", "", "group", "test")


@dataclasses.dataclass
class Place:
    """Where imports are kept, and the processes that do them."""

    settings: Settings
    keys: PersonKeys
    store: ImportStore
    firm: Company

    def send(self, text: str, *, most: int = 8, sender: Sender = ADMIN, **fields: str) -> str:
        """Keep a file of customers as the server does; returns the id of its import."""
        id_ = self.store.receive(sender, most)
        given = {"kind": "customers", "map": "名称=name", "set": "unit=group"} | fields
        self.store.put(id_, "file", 0, text.encode())
        self.store.put(id_, "asked", 0, Asked.of(given.items()).model_dump_json().encode())
        told = {"kind": "customers", "file": "rows.csv", "sha256": "ab" * 32}
        return self.store.accept(id_, None, **told)

    def one(self, id_: str) -> Any:
        """Return what is known of an import."""
        return self.store.one(id_)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the process that imports."""
        given = os.environ | self.settings.environment()
        command = [sys.executable, "-m", "api.imports.jobs.work"]
        return subprocess.Popen(command, env=given, stdin=subprocess.PIPE)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with opened(Settings(data=tmp_path)) as found:
        yield found


@contextmanager
def opened(settings: Settings) -> Iterator[Place]:
    keys = PersonKeys.of(settings)
    with company(settings.journal_url) as firm:
        store = ImportStore.of(settings, keys)
        yield Place(settings, keys, store, firm)
        store.close()
    keys.close()


@contextmanager
def journal_of(settings: Settings) -> Iterator[Journal]:
    journal = Journal(settings.journal_url)
    yield journal
    journal.close()


@pytest.mark.postgres
def test_what_is_killed_goes_on_where_it_was_and_counts_what_it_did_before(
    tmp_path: Path, postgres_url: str
) -> None:
    with opened(Settings(data=tmp_path, journal=postgres_url)) as place:
        kill_and_go_on(place)


def kill_and_go_on(place: Place) -> None:
    known = [uuid4().hex for _ in range(ROWS)]
    id_ = place.send("名称\n" + "\n".join(known) + "\n")
    with place.start() as first:
        until(lambda: place.one(id_)["imported"])
        first.send_signal(signal.SIGKILL)
    before = place.one(id_)
    assert (before["state"], before["rows"]) == ("running", ROWS)
    assert 0 < before["imported"] < ROWS
    (left,) = (place.settings.data / "imports").iterdir()
    assert not list(left.iterdir())  # what was unpacked is gone once it was read
    with journal_of(place.settings) as journal:
        assert len(Lease.held(journal.engine, LEASE)) == 1
        with journal.engine.begin() as connection:
            connection.execute(leases.update().values(until_us=0))  # it runs out
        with place.start() as second:
            assert second.wait() == 0
        after = place.one(id_)
        assert (after["state"], after["runs"], after["rows"]) == ("done", 2, ROWS)
        assert (after["imported"], after["unchanged"], after["refused"]) == (ROWS, 0, 0)
        # The same file as another import: what an import did not do itself is not counted.
        again = place.send("名称\n" + "\n".join(known) + "\n")
        row = place.store.begin(again, journal.head().operation)
        assert row is not None
        Job(place.settings, place.store, row).work()
        told = place.one(again)
        assert (told["imported"], told["unchanged"], told["refused"]) == (0, ROWS, 0)
        with journal.engine.connect() as connection:
            query = sa.select(events.c.data).where(events.c.type == "customer.registered")
            made = Counter(json.loads(each)["name"] for each in connection.scalars(query))
    assert made == Counter(known)
    assert not list((place.settings.data / "imports").iterdir())
    private = list(place.settings.data.glob("imports.db*"))
    assert [oct(stat.S_IMODE(each.stat().st_mode)) for each in private] == ["0o600"] * len(private)


def test_a_process_ends_with_its_parent_and_gives_its_import_back(place: Place) -> None:
    id_ = place.send("名称\n" + "\n".join(uuid4().hex for _ in range(ROWS)) + "\n", dry_run="1")
    with place.start() as child:
        until(lambda: place.one(id_)["rows"])
    assert child.returncode == 1  # its way to us is closed
    with journal_of(place.settings) as journal:
        assert Lease.held(journal.engine, LEASE) == set()
    assert place.one(id_)["state"] == "running"


def test_rows_are_of_whoever_may_import_them_when_they_are_imported(place: Place) -> None:
    place.firm.staff()
    grant = place.firm.grant("li", "clerk", "gd")
    sender = Sender("li", "person", "", "gd", "test")
    found = []
    for number in range(2):
        id_ = place.send(f"名称\n{uuid4().hex}\n", sender=sender, set="unit=gd")
        if number:
            place.firm.do(None, "grant.revoke", grant, reason="moved")
        row = place.store.begin(id_, place.firm.journal.head().operation)
        assert row is not None
        Job(place.settings, place.store, row).work()
        found.append((place.one(id_)["imported"], place.one(id_)["refused"]))
    assert found == [(1, 0), (0, 1)]


def test_what_a_file_has_is_sealed_and_thrown_away_in_time(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = place.store
    with pytest.raises(TooManyOpen):
        place.send("名称\n", most=0)
    kept, dropped = place.send("名称\nSecret\n"), store.receive(ADMIN, 8)
    store.put(dropped, "file", 0, b"Secret")
    for each in (place.settings.data).glob("imports.db*"):
        assert b"Secret" not in each.read_bytes()
    assert b"".join(store.read(kept, "file")) == "名称\nSecret\n".encode()
    old = store.begin(kept, 0)
    row = store.begin(kept, 5)
    assert old is not None
    assert row is not None
    assert (row["runs"], row["after"], old["after"]) == (2, 0, 0)
    with pytest.raises(Overtaken):
        store.tell(old, rows=1)
    assert not store.tell(row, rows=1)
    store.cancel(kept)
    assert store.tell(row, rows=1)
    store.restate(row, "errors", [b"Secret", b" rows"])
    store.end(row, "done")
    with pytest.raises(Overtaken):
        store.end(row, "done")
    assert list(store.read(kept, "file")) == []
    assert b"".join(store.read(kept, "errors")) == b"Secret rows"
    store.tidy(7)
    assert place.keys.get([kept, dropped]).keys() == {kept, dropped}
    monkeypatch.setattr(
        import_store, "_now", lambda now=import_store._now: now() + 8 * 86_400 * 10**6
    )
    store.tidy(7)
    assert place.keys.get([kept, dropped]) == {}
    assert list(store.read(kept, "errors")) == []
    assert place.one(dropped) is None
    assert (place.one(kept)["state"], place.one(kept)["kept"]) == ("done", False)
