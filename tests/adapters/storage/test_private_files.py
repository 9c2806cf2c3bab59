"""Private files: folders are made for their owner alone, and what is open to others is found."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.settings import Settings
from adapters.storage.private_files import make_folder, open_to_others


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_and_an_empty_one_of_ours_are_for_their_owner_alone(tmp_path: Path) -> None:
    make_folder(tmp_path / "new" / "data")
    assert mode(tmp_path / "new" / "data") == 0o700
    empty = tmp_path / "empty"
    empty.mkdir(0o755)
    make_folder(empty)
    assert mode(empty) == 0o700


def test_a_folder_that_holds_something_or_is_everybodys_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "held").mkdir(0o755)
    (tmp_path / "held" / "letter").touch()
    make_folder(tmp_path / "held")
    assert mode(tmp_path / "held") == 0o755
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o1777)
    make_folder(tmp_path / "shared")
    assert mode(tmp_path / "shared") == 0o1777


def test_what_is_open_to_others_is_told_with_what_closes_it(tmp_path: Path) -> None:
    data, keys = tmp_path / "the data", tmp_path / "keys"
    make_folder(data)
    make_folder(keys)
    settings = Settings(
        data=data,
        keys=f"sqlite:///{keys / 'keys.db'}",
        master_key=str(keys / "master.key"),
        head_key=str(keys / "head.key"),
    )
    (data / "elsewhere").symlink_to("/")
    assert not [*open_to_others(settings)]
    within = data / "segments" / "one.parquet"
    within.parent.mkdir(0o700)
    outside = [keys / name for name in ("keys.db", "keys.db-wal", "master.key", "head.key")]
    for path in (within, *outside):
        path.touch()
        path.chmod(0o640)
    (keys / "a file of others").touch()
    found = dict(open_to_others(settings))
    assert found == {within: f"chmod -R go= '{data}'"} | {
        path: f"chmod go= {path}" for path in outside
    }
    for line in found.values():
        assert os.system(line) == 0
    assert not [*open_to_others(settings)]
