"""A copy of the warm process: it starts with nothing of its own, ends as a process does."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.api import warm
from tests.api.command_line import command, environment


def test_a_copy_does_what_a_process_of_its_own_does(tmp_path: Path) -> None:
    chosen = environment(tmp_path / "data", port="8123")
    done = subprocess.run(
        command("settings"), env=chosen, cwd=Path.cwd(), capture_output=True, text=True, check=True
    )
    copy = warm.run(["settings"], tmp_path, chosen)
    assert (copy.returncode, copy.stdout, copy.stderr) == (0, done.stdout, done.stderr)
    assert "8123" in copy.stdout


def test_a_copy_has_no_environment_but_the_one_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYLINE_PORT", "8124")
    assert "8124" not in warm.run(["settings"], tmp_path, {}).stdout


def test_what_a_copy_ends_with_is_told(tmp_path: Path) -> None:
    assert warm.run(["no-such-command"], tmp_path, {}).returncode == 2
    copy = warm.Copy(["serve"], tmp_path, environment(tmp_path, port="0"), tmp_path / "out")
    assert copy.status is None
    copy.send_signal(signal.SIGKILL)
    assert copy.wait(60) == -signal.SIGKILL
    copy.send_signal(signal.SIGKILL)  # nobody


def test_a_copy_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    copy = warm.Copy(["serve"], tmp_path, environment(tmp_path, port="0"), tmp_path / "out")
    with pytest.raises(subprocess.TimeoutExpired):
        copy.wait(0.01)
    assert copy.status == -signal.SIGABRT  # by which it says where its threads are
