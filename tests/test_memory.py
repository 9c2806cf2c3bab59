"""Memory: where the files of a run lie, when on a disk after all, and who takes them away."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.memory import NAME, keep_files


@pytest.fixture(autouse=True)
def usual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where temporary files usually lie."""
    usual = tmp_path / "usual"
    usual.mkdir()
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(tempfile, "tempdir", str(usual))
    return usual


def test_files_lie_in_memory_if_there_is_room_and_nothing_else_is_chosen(
    tmp_path: Path, usual: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = tmp_path / "memory"
    assert keep_files(memory, room=1).parent == usual  # it is not there
    memory.mkdir()
    for room, place in ((10**15, usual), (1, memory)):
        monkeypatch.delenv("TMPDIR")
        monkeypatch.setattr(tempfile, "tempdir", str(usual))
        folder = keep_files(memory, room)
        assert (folder.parent, tempfile.gettempdir()) == (place, str(folder))
    monkeypatch.setenv("TMPDIR", str(usual))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert keep_files(memory, room=1).parent == usual


def test_what_a_run_left_that_was_killed_is_taken_away_by_the_next_one(
    tmp_path: Path, usual: Path
) -> None:
    dead = usual / f"{NAME}dead"
    (dead / "data").mkdir(parents=True)
    program = "from tests.memory import keep_files; print(keep_files(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(usual)},
        text=True,
    ) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().strip())
        assert list(usual.iterdir()) == [folder]
        mine = keep_files(tmp_path / "memory")
        assert {*usual.iterdir()} == {folder, mine}
        other.kill()
    tempfile.tempdir = str(usual)
    another = keep_files(tmp_path / "memory")
    assert {*usual.iterdir()} == {mine, another}
