"""Shared servers: one for all who ask, which ends with the last of them."""

from __future__ import annotations

import threading
from pathlib import Path

from adapters.local.process import LocalServer
from tests.shared import shared


class Counted(LocalServer):
    """A server that is none, and tells what became of it."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder, self.port = folder, port or 4711

    def _command(self) -> list[str]:
        return []

    def _answers(self) -> bool:
        return True

    def start(self) -> None:
        (self.folder / "running").touch()

    def stop(self) -> None:
        (self.folder / "running").unlink()


def test_whoever_comes_first_starts_it_and_the_others_get_the_same(tmp_path: Path) -> None:
    with shared(Counted, tmp_path) as first:
        with shared(Counted, tmp_path) as second:
            assert (second.folder, second.port) == (first.folder, first.port)
        assert (first.folder / "running").exists()  # who only used it does not end it
    assert not first.folder.exists()
    with shared(Counted, tmp_path) as again:
        assert again.folder != first.folder


def test_who_started_it_waits_until_nobody_uses_it(tmp_path: Path) -> None:
    used, done, left = threading.Event(), threading.Event(), threading.Event()

    def use() -> None:
        with shared(Counted, tmp_path) as server:
            used.set()
            assert done.wait(60)
            assert (server.folder / "running").exists()

    def start() -> None:
        with shared(Counted, tmp_path):
            user.start()
            assert used.wait(60)
        left.set()

    user, starter = threading.Thread(target=use), threading.Thread(target=start)
    starter.start()
    assert used.wait(60)
    assert not left.wait(0.1)
    done.set()
    user.join()
    starter.join()
    assert left.is_set()
