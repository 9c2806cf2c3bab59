"""Signing secrets: wrapped, bound to their names, the same for all who have the master key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.identity.administrator_key import keys
from adapters.identity.signing_secrets import CURSORS, TOKENS, SigningSecrets
from adapters.journal.journal import Journal
from adapters.privacy.master_keys import MasterKeys
from adapters.privacy.person_keys import PersonKeys
from adapters.settings import SettingsError

NAMES = (CURSORS, f"{TOKENS}one", f"{TOKENS}two")

Open = Callable[[], SigningSecrets]


@pytest.fixture
def engine(journal_url: str) -> Iterator[sa.Engine]:
    journal = Journal(journal_url)
    journal.create()
    yield journal.engine
    journal.close()


@pytest.fixture
def opened(journal_url: str, engine: sa.Engine, tmp_path: Path) -> Iterator[Open]:
    """Opens the secrets as another process would; keys of persons are where they belong."""
    postgres = engine.dialect.name == "postgresql"
    url = journal_url if postgres else f"sqlite:///{tmp_path / 'keys.db'}"
    found: list[PersonKeys] = []

    def open_() -> SigningSecrets:
        found.append(PersonKeys(url, MasterKeys(tmp_path / "master.key")))
        found[-1].create()
        return SigningSecrets(engine, found[-1])

    yield open_
    for each in found:
        each.close()


def values(engine: sa.Engine) -> dict[str, str]:
    with engine.connect() as connection:
        return {row.name: row.value for row in connection.execute(sa.select(keys))}


def test_a_secret_is_the_same_for_all_and_nowhere_in_the_database(
    opened: Open, engine: sa.Engine
) -> None:
    secrets = {name: opened().one(name) for name in NAMES}
    assert {name: opened().one(name) for name in NAMES} == secrets
    assert len({*secrets.values()}) == 3
    assert {len(each) for each in secrets.values()} == {32}
    assert not [v for v in values(engine).values() for s in secrets.values() if s.hex() in v]
    assert opened().all(TOKENS) == {name: secrets[name] for name in NAMES[1:]}


def test_of_many_processes_that_start_at_once_all_have_the_same(opened: Open) -> None:
    processes = [opened() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(lambda each: each.one(CURSORS), processes))) == 1


def test_a_secret_does_not_pass_for_another(opened: Open, engine: sa.Engine) -> None:
    secrets = opened()
    for name in NAMES:
        secrets.one(name)
    before = values(engine)
    with engine.begin() as connection:
        moved = keys.update().where(keys.c.name == NAMES[1]).values(value=before[NAMES[2]])
        connection.execute(moved)
    found = opened().all(TOKENS)
    assert found[NAMES[1]] is None
    assert found[NAMES[2]] is not None


def test_what_an_earlier_version_kept_in_the_clear_is_thrown_away_once(
    opened: Open, engine: sa.Engine
) -> None:
    plain = {name: f"{number}" * 64 for number, name in enumerate(NAMES)}
    rows = [{"name": name, "value": value} for name, value in (plain | {"admin": "a"}).items()]
    with engine.begin() as connection:
        connection.execute(keys.insert(), rows)
    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(lambda _: opened().one(CURSORS), range(4))
    assert first.hex() != plain[CURSORS]
    assert {*others} == {first}
    kept = values(engine)
    assert kept.keys() == {"admin", CURSORS}
    assert kept["admin"] == "a"
    assert opened().one(CURSORS) == first


def test_rotation_wraps_the_secrets_anew_while_others_use_them(
    opened: Open, engine: sa.Engine, tmp_path: Path
) -> None:
    secrets, other = opened(), opened()
    before, kept = {name: secrets.one(name) for name in NAMES}, values(engine)
    newest = secrets._person_keys.rotate(others=secrets.rewrap)
    assert [*MasterKeys(tmp_path / "master.key").read()] == [newest]
    assert {name: other.one(name) for name in NAMES} == before
    assert {name: opened().one(name) for name in NAMES} == before
    assert not {*kept.values()} & {*values(engine).values()}
    assert all(newest in value for value in values(engine).values())
    other.add(f"{TOKENS}three")
    assert newest in values(engine)[f"{TOKENS}three"]


def test_without_its_master_key_a_secret_is_said_to_be_closed_until_it_is_renewed(
    opened: Open, engine: sa.Engine, tmp_path: Path
) -> None:
    secrets = opened()
    lost = secrets.one(CURSORS)
    elsewhere = MasterKeys(tmp_path / "other.key")
    elsewhere.make()
    apart = PersonKeys(f"sqlite:///{tmp_path / 'others.db'}", elsewhere)
    apart.create()
    stranger = SigningSecrets(engine, apart)
    assert stranger.all("") == {CURSORS: None}
    with pytest.raises(SettingsError, match="keyline keys renew"):
        stranger.one(CURSORS)
    assert secrets.one(CURSORS) == lost
    assert stranger.renew() == 1
    assert stranger.one(CURSORS) != lost
    apart.close()
