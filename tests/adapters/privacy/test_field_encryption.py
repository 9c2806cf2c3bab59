"""Sealing: what is personal is a token from the journal onwards, and opens nowhere else."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from adapters.commands.dry_run import Rehearsal
from adapters.commands.executor import Call, Executor
from adapters.commands.request_digest import digest
from adapters.journal.journal import Journal
from adapters.privacy.field_decryption import Opened, Opening
from adapters.privacy.field_encryption import NoKeys, Sealing
from adapters.privacy.person_keys import PersonKeys
from adapters.refusals import KeyReused
from adapters.storage.journal_tables import operations
from domain.kernel.aggregate import Origin, Stored, new_id
from projections.customers.customers import customers
from projections.kernel.visibility.sealed_columns import SEALED
from tests.adapters.keyring import keys_in

STREAM, OTHER, LI, WU = (f"0192f3a1-0000-7000-8000-00000000000{n}" for n in range(4))
DATA = {"contact_id": LI, "name": "李伟", "phone": "+86 138", "influence": 4, "email": None}


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[PersonKeys]:
    found = keys_in(tmp_path)
    yield found
    found.close()


def sealed(keys: PersonKeys, data: dict[str, Any] = DATA, stream: str = STREAM) -> dict[str, Any]:
    sealing = Sealing(keys)
    text = sealing.sealed(Stored(stream, 1, "customer.contact-added", 1, orjson.dumps(data)))
    sealing.keep()
    found: dict[str, Any] = orjson.loads(text)
    return found


def opened(keys: PersonKeys, data: dict[str, Any], stream: str = STREAM) -> Opened:
    (found,) = Opening(keys).payloads([(stream, "customer.contact-added", data)])
    assert isinstance(found, Opened)
    return found


def test_personal_fields_are_tokens_that_name_the_person_and_open_again(keys: PersonKeys) -> None:
    data = sealed(keys)
    assert data["name"].startswith(f"sealed:{LI}:")
    assert (data["influence"], data["email"]) == (4, None)
    assert "李伟" not in str(data)
    assert opened(keys, data) == DATA
    assert opened(keys, data).sealed == frozenset()


@pytest.mark.parametrize(
    "alter",
    [
        lambda data: data | {"phone": data["name"]},
        lambda data: data | {"contact_id": WU},
        lambda data: data | {"phone": data["phone"].replace(LI, WU)},
        lambda data: data | {"phone": data["phone"][:-2] + "AA"},
        lambda data: data | {"phone": data["phone"][:60]},
        lambda data: data | {"phone": f"sealed:{LI}:"},
        lambda data: data | {"phone": "sealed:"},
        lambda data: data | {"phone": f"sealed:{LI}:AAAA"},
    ],
)
def test_a_token_that_was_forged_or_moved_is_null_and_said_to_be_sealed(
    keys: PersonKeys, alter: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    sealed(keys, DATA | {"contact_id": WU})
    found = opened(keys, alter(sealed(keys)))
    assert found["phone"] is None
    assert "phone" in found.sealed


def test_a_token_does_not_open_in_another_record(keys: PersonKeys) -> None:
    found = opened(keys, sealed(keys), OTHER)
    assert found["name"] is None
    assert found.sealed == {"name", "phone"}


def test_an_erased_person_is_null_and_is_never_sealed_again(keys: PersonKeys) -> None:
    data = sealed(keys)
    keys.destroy({LI: 1})
    assert opened(keys, data)["name"] is None
    assert opened(keys, data).sealed == {"name", "phone"}
    again = sealed(keys)
    assert (again["name"], again["phone"], again["influence"]) == (None, None, 4)


def test_what_was_recorded_before_fields_were_sealed_is_shown_as_it_is(keys: PersonKeys) -> None:
    assert opened(keys, DATA) == DATA


def test_a_text_that_looks_like_a_token_is_kept_as_a_text(keys: PersonKeys) -> None:
    odd = DATA | {"name": f"sealed:{LI}:AAAA"}
    assert opened(keys, sealed(keys, odd)) == odd


def test_keys_are_asked_once_for_all_rows_of_a_page(
    keys: PersonKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"id": STREAM, "contacts": {LI: sealed(keys), WU: sealed(keys, DATA | {"contact_id": WU})}},
        {"id": OTHER, "contacts": {LI: sealed(keys, stream=OTHER)}},
        {"id": new_id(), "contacts": {}},
    ]
    asked: list[set[str]] = []
    get = keys.get

    def noted(wanted: Iterable[str]) -> dict[str, bytes]:
        asked.append(set(wanted))
        return get(asked[-1])

    monkeypatch.setattr(keys, "get", noted)
    found = Opening(keys).rows(customers, rows)
    assert asked == [{LI, WU}]
    assert found[0]["contacts"][WU]["name"] == "李伟"
    assert found[1]["contacts"][LI] == DATA
    keys.destroy({LI: 1})
    found = Opening(keys).rows(customers, rows)
    assert found[0]["contacts"][LI][SEALED] == ["name", "phone"]
    assert found[0]["contacts"][LI]["influence"] == 4
    assert SEALED not in found[0]["contacts"][WU]


def test_a_journal_without_keys_takes_nothing_personal(tmp_path: Path) -> None:
    fact = Stored(STREAM, 1, "customer.contact-added", 1, orjson.dumps(DATA))
    with pytest.raises(NoKeys):
        Sealing(None).sealed(fact)
    bare = Stored(STREAM, 1, "customer.contact-removed", 1, b'{"contact_id":"x"}')
    assert Sealing(None).sealed(bare) == '{"contact_id":"x"}'


def test_a_repeat_is_known_by_a_digest_with_a_key_also_in_a_rehearsal_and_after_rotation(
    keys: PersonKeys, tmp_path: Path
) -> None:
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}", keys=keys)
    journal.create()
    executor = Executor(journal)
    executor.start()
    body = {"code": "group", "name": "Group", "level": "group"}
    call = Call("unit.open", None, body, Origin("li", "gd", "once"))
    first = executor.execute(call)
    with Rehearsal(journal) as rehearsal:
        assert rehearsal.submit(call).result().repeated
    keys.rotate()
    again = keys_in(tmp_path)
    other = Executor(Journal(f"sqlite:///{tmp_path / 'journal.db'}", keys=again))
    other.start()
    repeated = other.execute(call)
    assert (repeated.id, repeated.repeated) == (first.id, True)
    with pytest.raises(KeyReused):
        other.execute(dataclasses.replace(call, body={"code": "x", "name": "X", "level": "group"}))
    with journal.engine.connect() as connection:
        kept = connection.scalar(sa.select(operations.c.digest).limit(1))
    assert kept not in (None, digest(call.command, None, call.body))
    for each in (executor, other):
        each.stop()
        each.journal.close()
    again.close()
