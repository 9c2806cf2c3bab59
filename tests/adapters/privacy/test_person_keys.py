"""Keys of persons: made once, wrapped, destroyed for good, wrapped anew by another master key."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.privacy.master_keys import MasterKeys
from adapters.privacy.person_keys import PersonKeys, persons
from adapters.refusals import Unavailable
from adapters.settings import SettingsError
from tests.adapters.keyring import keys_in

LI, WU = "0192f3a1-0000-7000-8000-000000000001", "0192f3a1-0000-7000-8000-000000000002"
KEY = b"k" * 32


Open = Callable[[Path], PersonKeys]


@pytest.fixture
def open_with(database_url: str) -> Iterator[Open]:
    """Opens the same keys, with the master key of a file, as another process would."""
    opened: list[PersonKeys] = []

    def open_(master: Path) -> PersonKeys:
        opened.append(PersonKeys(database_url, MasterKeys(master)))
        opened[-1].create()
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "master.key"


@pytest.fixture
def keys(open_with: Open, path: Path) -> PersonKeys:
    return open_with(path)


def wrapped(keys: PersonKeys) -> bytes:
    with keys.engine.connect() as connection:
        found: bytes = connection.execute(sa.select(persons.c.wrapped)).scalar_one()
    return bytes(found)


def test_a_key_is_kept_wrapped_and_only_its_owner_reads_the_master_key(
    keys: PersonKeys, open_with: Open, path: Path
) -> None:
    keys.add({LI: KEY})
    assert keys.get([LI, WU]) == {LI: KEY}
    assert KEY not in wrapped(keys)
    assert path.stat().st_mode & 0o077 == 0
    again = open_with(path)
    assert (again.get([LI]), again.digest_key) == ({LI: KEY}, keys.digest_key)


def test_a_key_that_was_destroyed_is_in_no_file_and_its_person_stays_erased(tmp_path: Path) -> None:
    keys = keys_in(tmp_path)
    keys.add({LI: KEY, WU: KEY[::-1]})
    with keys.engine.connect() as connection:
        gone = connection.scalar(sa.select(persons.c.wrapped).where(persons.c.person == LI))
    keys.destroy({LI: 7})
    keys.destroy({LI: 7})
    assert keys.get([LI, WU]) == {WU: KEY[::-1]}
    assert keys.erased([LI, WU]) == {LI}
    keys.close()
    assert not any(bytes(gone or b"x") in file.read_bytes() for file in tmp_path.iterdir())


def test_a_missing_and_a_wrong_master_key_are_refused_at_start(
    keys: PersonKeys, open_with: Open, path: Path
) -> None:
    other = MasterKeys(path.with_name("other.key"))
    other.make()
    with pytest.raises(SettingsError, match="another one"):
        open_with(other.path)
    kept = path.read_text()
    path.write_text("no key\n")
    with pytest.raises(SettingsError, match="64 hexadecimal digits"):
        open_with(path)
    path.unlink()
    with pytest.raises(SettingsError, match="cannot be read"):
        open_with(path)
    path.write_text(kept)
    assert open_with(path).digest_key == keys.digest_key


def test_rotation_wraps_every_key_anew_while_others_read_and_write(
    keys: PersonKeys, open_with: Open, path: Path
) -> None:
    keys.add({LI: KEY})
    before, other, old = wrapped(keys), open_with(path), path.read_text()
    done: list[int] = []
    newest = other.rotate(done.append)
    assert [*MasterKeys(path).read()] == [newest]
    assert old not in path.read_text()
    assert wrapped(keys) != before
    assert keys.get([LI]) == {LI: KEY}
    keys.add({WU: KEY})
    assert other.get([LI, WU]) == {LI: KEY, WU: KEY}
    assert (sum(done), other.count()) == (1, 2)
    assert open_with(path).digest_key == keys.digest_key


@pytest.mark.parametrize("step", ["_rewrap_some", "_rewrapped"])
def test_a_rotation_that_was_interrupted_is_finished_by_the_next(
    keys: PersonKeys, open_with: Open, path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    keys.add({LI: KEY, WU: KEY})
    whole: Callable[..., object] = getattr(keys, step)
    calls: list[object] = []

    def interrupted(*given: object) -> object:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(*given)

    monkeypatch.setattr(keys, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        keys.rotate()
    begun = [*keys.master.read()]
    assert len(begun) == 2
    resumed = open_with(path)
    assert resumed.get([LI, WU]) == {LI: KEY, WU: KEY}
    assert resumed.rotate() == begun[-1]
    assert resumed.get([LI, WU]) == {LI: KEY, WU: KEY}
    assert [*resumed.master.read()] == begun[-1:]


def test_without_the_master_key_in_use_nothing_opens_and_nobody_gets_a_key(
    keys: PersonKeys, open_with: Open, path: Path
) -> None:
    keys.add({LI: KEY})
    elsewhere = path.with_name("elsewhere.key")
    shutil.copy(path, elsewhere)
    behind = open_with(elsewhere)
    keys.rotate()
    assert behind.get([LI]) == {}
    with pytest.raises(Unavailable):
        behind.add({WU: KEY})
    shutil.copy(path, elsewhere)
    assert behind.get([LI]) == {LI: KEY}
