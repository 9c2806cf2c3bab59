"""A journal from before actors had kinds: read by what was reserved then, whole, and repeated."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from adapters.commands.executor import Call, Executor
from adapters.commands.request_digest import digest
from adapters.journal.journal import Journal
from adapters.journal.operation_entries import Repeat
from adapters.logs.operation_log import Wanted, entries
from adapters.proofs.audit import audit
from adapters.proofs.merkle import Frontier, leaf_hash
from adapters.proofs.merkle_store import LOGS, backfill, frontier
from adapters.storage.databases import connect, writing
from domain.kernel.actors import Actor, attributed, formerly
from domain.kernel.aggregate import Origin, new_id
from projections.kernel.parking_lot import plain
from projections.kernel.visibility.row_security import EVERYTHING
from tests.adapters.storage.test_migrations import first_form

STREAM = "0199a3a1-0000-7000-8000-000000000001"
FORMER: list[tuple[str, str | None, Actor, Actor | None]] = [
    ("li.wei", None, Actor("person", "li.wei"), None),
    ("policy:undo-merge", "key:erp", Actor("policy", "undo-merge"), Actor("key", "erp")),
    ("key:erp", None, Actor("key", "erp"), None),
    ("system", None, Actor("system", "system"), None),
    ("import", None, Actor("system", "import"), None),
    ("admin", "wang.fang", Actor("person", "admin"), Actor("person", "wang.fang")),
]
BODY = {"name": "One", "unit": "group"}


def rows() -> Iterator[tuple[object, ...]]:
    for number, (actor, behalf, *_) in enumerate(FORMER, 1):
        first = number == 1
        type_ = "customer.registered" if first else "customer.details-corrected"
        data = json.dumps({**BODY, "name": f"N{number}"}) if first else f'{{"name":"N{number}"}}'
        origin = (actor, "group", f"c-{number}", behalf, None)
        yield (number, STREAM, number, type_, 1, 10 + number, *origin, data)


@pytest.fixture
def journal(database_url: str) -> Iterator[Journal]:
    """Yield a journal that the first release recorded, brought up to date."""
    first_form(database_url).dispose()
    engine = connect(database_url)
    with writing(engine).begin() as connection:
        there = sa.MetaData()
        there.reflect(connection)
        connection.execute(there.tables["events"].insert().values(list(rows())))
        for number, (actor, behalf, *_) in enumerate(FORMER, 2):
            entry = {"number": number, "time_us": 10 + number, "actor": actor, "unit": "group"}
            entry |= {"on_behalf_of": behalf, "accepted": True, "status": 200, "target": STREAM}
            entry |= {"command": "customer.register", "command_id": f"c-{number - 1}"}
            entry |= {"digest": digest("customer.register", None, BODY), "duration_us": 1}
            entry |= {"version": number - 1, "position": number - 1}
            connection.execute(there.tables["operations"].insert(), entry)
        state = {"position": len(FORMER), "operation": len(FORMER) + 1, "time_us": 99}
        connection.execute(there.tables["head"].update(), state)
    engine.dispose()
    journal = Journal(database_url)
    journal.create()
    backfill(journal.engine)
    yield journal
    journal.close()


def test_its_events_tell_the_same_actors_with_their_kinds(journal: Journal) -> None:
    for found in (journal.read(0), journal.history(STREAM)):
        assert [(each.who, each.behalf) for each in found] == [each[2:] for each in FORMER]
    assert [row[-1] for row in journal.raw(0, 100)] == [each[2].kind for each in FORMER]


def test_its_leaves_are_what_they_were_and_it_verifies_as_it_goes_on(journal: Journal) -> None:
    tree = Frontier()
    written = (json.dumps(r, ensure_ascii=False, separators=(",", ":")) for r in map(list, rows()))
    tree.extend([leaf_hash(each.encode()) for each in written])
    with journal.engine.connect() as connection:
        assert frontier(connection, LOGS["events"]).root() == tree.root()
    executor = Executor(journal)
    executor.start()
    opened = {"code": "group", "name": "Group", "level": "group"}
    executor.execute(Call("unit.open", None, opened, Origin("li.wei", "group", new_id())))
    executor.stop()
    with journal.engine.connect() as connection:
        assert audit(connection) == []
    assert journal.read(len(FORMER))[0].who == Actor("person", "li.wei")


def test_its_repeats_are_known_by_whom_they_were_and_by_nobody_else(journal: Journal) -> None:
    executor = Executor(journal)
    executor.start()
    for number, (text, _, who, _) in enumerate(FORMER, 1):
        origin = Origin(who.id, "group", f"c-{number}", actor_kind=who.kind)
        assert executor.execute(Call("customer.register", None, BODY, origin)).repeated
        with journal.transaction() as transaction:
            posing = Actor("person" if who.kind != "person" else "key", text)
            assert transaction.operations.done(Repeat(f"c-{number}", posing)) is None
    executor.stop()


@pytest.mark.parametrize("who", [each[2] for each in FORMER[1:]], ids=str)
def test_its_log_is_asked_for_an_actor(journal: Journal, who: Actor) -> None:
    wanted = Wanted(actor=who.id, actor_kind=who.kind)
    (found,) = entries(journal, wanted, EVERYTHING, None, 10)
    assert Actor(found["actor_kind"], found["actor"]) == who
    alike = entries(journal, Wanted(actor_kind=who.kind), EVERYTHING, None, 10)
    kinds = [each["actor_kind"] for each in alike]
    assert set(kinds) == {who.kind}
    assert len(kinds) == sum(each[2].kind == who.kind for each in FORMER) + (who.kind == "person")


@pytest.mark.parametrize("former", FORMER, ids=lambda each: each[0])
def test_an_event_that_was_parked_then_is_listed_with_kinds(
    former: tuple[str, str | None, Actor, Actor | None],
) -> None:
    actor, behalf, who, had = former
    found = plain(json.dumps({"actor": actor, "on_behalf_of": behalf}))
    assert (found["actor_kind"], found["actor"]) == who
    assert (found["on_behalf_kind"], found["on_behalf_of"]) == (had or (None, None))


def test_a_former_text_tells_of_one_actor_alone() -> None:
    for text, _, who, _ in FORMER:
        assert attributed(text) == who
        assert formerly(who) == text
    assert formerly(Actor("person", "policy:undo-merge")) is None
    assert formerly(Actor("person", "system")) is None
