"""Memory: where temporary files lie, and when on a disk after all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.memory import keep_files


def test_files_lie_in_memory_if_there_is_room_and_nothing_else_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "/chosen")
    monkeypatch.setattr(tempfile, "tempdir", None)
    keep_files(tmp_path, room=1)
    assert os.environ["TMPDIR"] == "/chosen"
    monkeypatch.delenv("TMPDIR")
    usual = tempfile.gettempdir()
    keep_files(tmp_path, room=10**15)
    keep_files(tmp_path / "not-there", room=1)
    assert tempfile.gettempdir() == usual
    keep_files(tmp_path, room=1)
    assert tempfile.gettempdir() == str(tmp_path)
