"""Following persons: the index has what the journal has sealed, whatever came between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.privacy.blind_index import BlindIndex, Found
from adapters.privacy.master_keys import MasterKeys
from adapters.privacy.person_keys import PersonKeys, state, traces
from adapters.storage.databases import writing
from adapters.storage.journal_tables import events
from domain.kernel.aggregate import Stored
from domain.kernel.types.sought import EMAIL, NAME, PHONE
from streams.followers import erase_persons
from streams.followers.erase_persons import Erasing
from tests.streams.flow import happen

CUSTOMER, LI, WU = (f"0192f3a1-0000-7000-8000-00000000000{n}" for n in (1, 2, 3))


@pytest.fixture
def keys(database_url: str, tmp_path: Path) -> Iterator[PersonKeys]:
    """The keys of a journal in which one customer has two persons."""
    lite = database_url.startswith("sqlite")  # apart from the journal, as it always is there
    url = f"sqlite:///{tmp_path / 'keys.db'}" if lite else database_url
    found = PersonKeys(url, MasterKeys(tmp_path / "master.key"))
    found.create()
    yield found
    found.close()


@pytest.fixture
def journal(database_url: str, keys: PersonKeys) -> Iterator[Journal]:
    found = Journal(database_url, keys=keys)
    found.create()
    facts = [("customer.registered", {"name": "One", "unit": "group"})]
    facts += [
        ("customer.contact-added", {"contact_id": id_, "name": name, "phone": phone})
        for id_, name, phone in ((LI, "李小龙", "+86 20 1234 5678"), (WU, "Wu", "10086"))
    ]
    facts += [("customer.contact-corrected", {"contact_id": LI, "phone": "139 0000 0001"})]
    happen(found, [fact(n, *each) for n, each in enumerate(facts, 1)])
    yield found
    found.close()


def fact(version: int, type_: str, data: dict[str, str]) -> Stored:
    return Stored(CUSTOMER, version, type_, 1, orjson.dumps(data))


def erase(journal: Journal, person: str) -> None:
    data = {"contact_id": person, "reason": "Asked", "legal_basis": "PIPL"}
    happen(journal, [fact(5, "customer.contact-erased", data)])


def found(index: BlindIndex) -> list[int]:
    asked = [(NAME, "小龙"), (PHONE, "02012345678"), (PHONE, "13900000001"), (NAME, "wu")]
    return [len(index.having(sought, sought.asked(text))) for sought, text in asked]


def test_what_was_sealed_is_found_by_its_forms_until_its_person_is_erased(
    journal: Journal, keys: PersonKeys
) -> None:
    persons = Erasing(journal, keys)
    assert found(persons.index) == [0, 0, 0, 0]
    persons.follow()
    assert found(persons.index) == [1, 1, 1, 1]
    assert persons.index.having(EMAIL, {"10086"}) == []
    with journal.engine.connect() as connection:
        data = connection.scalars(sa.select(events.c.data).where(events.c.version == 4)).one()
    mark = orjson.loads(data)["phone"].rpartition(":")[2][:16]
    assert persons.index.having(PHONE, {"8613900000001"}) == [Found(CUSTOMER, mark)]
    several = persons.index.each_of(PHONE, ["nothing", "8613900000001", "10086"])
    assert sorted(several.values()) == [1, 2]
    erase(journal, LI)
    assert found(persons.index) == [0, 0, 0, 1]
    persons.follow()
    assert found(persons.index) == [0, 0, 0, 1]
    assert persons.check().differ == 0


def test_keys_that_had_no_index_are_indexed_from_the_first_on(
    journal: Journal, keys: PersonKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erase_persons, "BETWEEN_NOTES", 1)
    keys.follow(journal.head().position)
    with writing(keys.engine).begin() as connection:
        traces.drop(connection)
    keys.create()
    Erasing(journal, keys).follow()
    assert found(BlindIndex(keys)) == [1, 1, 1, 1]


def test_who_is_erased_while_their_values_are_indexed_leaves_no_trace(
    journal: Journal, keys: PersonKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = BlindIndex._made

    def made_before(self: BlindIndex, tokens: object) -> Iterator[object]:
        yield from list(made(self, tokens))  # type: ignore[arg-type]
        keys.destroy({LI: 5})

    monkeypatch.setattr(BlindIndex, "_made", made_before)
    Erasing(journal, keys).follow()
    assert found(BlindIndex(keys)) == [0, 0, 0, 1]


def forgotten(connection: sa.Connection) -> None:
    connection.execute(traces.delete().where(traces.c.person == LI))


def made_up(connection: sa.Connection) -> None:
    row = {"person": LI, "mark": "none", "digest": b"0" * 16, "stream": CUSTOMER}
    connection.execute(traces.insert(), row)


@pytest.mark.parametrize(
    ("alter", "text", "differ"),
    [
        (forgotten, f"traces {CUSTOMER}: 4 are missing, and the journal knows of them", 4),
        (made_up, "traces: 1 are there, and the journal knows of no such value", 1),
    ],
)
def test_an_index_that_is_not_what_the_journal_says_is_told_and_made_anew(
    journal: Journal,
    keys: PersonKeys,
    alter: Callable[[sa.Connection], None],
    text: str,
    differ: int,
) -> None:
    persons = Erasing(journal, keys)
    assert (persons.check().differ, persons.check().rows) == (0, 6)
    with writing(keys.engine).begin() as connection:
        alter(connection)
        assert connection.scalar(sa.select(state.c.followed)) == 0
    (table,) = persons.check().tables
    assert (table.differ, [str(each) for each in table.findings]) == (differ, [text])
    assert Erasing(journal, keys).renew() == 6
    assert persons.check().differ == 0
    assert found(persons.index) == [1, 1, 1, 1]
