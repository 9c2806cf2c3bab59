"""A running system whose parts can be killed: processes, settings, waiting for life."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from adapters.local.process import free_port
from api.kernel.process_book import ProcessBook
from tests.api import warm
from tests.chaos.load import Load
from tests.volume import seed

SEED = seed("CHAOS_SEED", 20261123)
KEY = "chaos-administrator-key"
CHILDREN = ("api", "rows", "warehouse")
"""The processes of a server that is made of several."""


class Process:
    """One part of the system, in a process that can be killed and started again."""

    def __init__(self, environment: dict[str, str], part: str, program: str = warm.KEYLINE) -> None:
        self._part, self._program = part, program
        self._environment = environment
        self._log = Path(environment["KEYLINE_DATA"]) / f"{part}.log"
        self._process: warm.Copy | None = None

    def start(self) -> None:
        """Start it."""
        environment = os.environ | self._environment
        self._process = warm.Copy(
            [self._part], Path.cwd(), environment, self._log, program=self._program
        )

    @property
    def pid(self) -> int:
        """Its number, while it runs."""
        assert self._process is not None
        return self._process.pid

    def limit(self, size: int) -> None:
        """Let it make no file larger than this, in bytes; -1 lifts the limit."""
        for each in self.family():
            resource.prlimit(each.pid, resource.RLIMIT_FSIZE, (size, -1))

    def family(self) -> list[psutil.Process]:
        """Return it and all processes that it has started."""
        process = psutil.Process(self.pid)
        return [process, *process.children(recursive=True)]

    def end(self, how: signal.Signals) -> None:
        """End it by a signal and wait until it is gone."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(300)
            self._process = None

    def child(self, name: str) -> tuple[int, int]:
        """Return the number of a process of this server, and how often it was started again."""
        for each in self._book():
            if each["name"] == name:
                return each["pid"], each["restarts"]
        return 0, 0

    @property
    def up(self) -> bool:
        """Whether all processes of this server, which is made of several, do their part."""
        book = {each["name"]: each for each in self._book()}
        if book.get("supervisor", {}).get("pid") != self.pid:
            return False  # of one that was killed before
        return all(book[name]["up"] and "memory" in book[name] for name in CHILDREN)

    def _book(self) -> list[dict[str, Any]]:
        return ProcessBook(Path(self._environment["KEYLINE_DATA"])).read()

    def log(self) -> str:
        """Return the end of what it wrote."""
        return self._log.read_text(errors="replace")[-4000:]


@contextlib.contextmanager
def ending(processes: Sequence[Process]) -> Iterator[None]:
    """Leave no process behind."""
    try:
        yield
    finally:
        for process in processes:
            process.end(signal.SIGKILL)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return the settings of one system with all its files in a folder.

    A server is one process unless that is chosen otherwise, as that starts sooner.
    """
    own = {
        "KEYLINE_DATA": str(folder),
        "KEYLINE_PORT": str(free_port()),
        "KEYLINE_ADMIN_KEY": KEY,
        "KEYLINE_LOG": "json",
        "KEYLINE_DEMO": "0",
        "KEYLINE_PROCESSES": "1",
    }
    return own | {f"KEYLINE_{name.upper()}": value for name, value in settings.items()}


def base(settings: dict[str, str]) -> str:
    """Return the address of the API."""
    return f"http://127.0.0.1:{settings['KEYLINE_PORT']}"


async def alive(process: Process, url: str) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + 300
    async with httpx.AsyncClient() as http:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await http.get(f"{url}/livez")).status_code == 200:
                    return
            assert time.monotonic() < deadline, process.log()
            await asyncio.sleep(0.02)


async def up(process: Process, name: str = "api", restarts: int = -1) -> None:
    """Wait until all processes of a server do their part, one of them started once more."""
    deadline = time.monotonic() + 300
    while not (process.up and process.child(name)[1] > restarts):
        assert time.monotonic() < deadline, process.log()
        await asyncio.sleep(0.02)


def report(what: str, load: Load, lost: Sequence[str]) -> None:
    """Print what was counted."""
    again = sum(tries - 1 for tries in load.tries.values())
    print(
        f"seed {SEED}: {what}, {len(load.acknowledged)} commands acknowledged, "
        f"{again} tries repeated, {load.read} reads answered, {len(lost)} losses"
    )


def equal_to_the_fold(settings: dict[str, str]) -> None:
    """Check the read models against a fresh fold of the journal."""
    done = warm.run(["replay", "--check"], Path.cwd(), os.environ | settings)
    assert done.returncode == 0, done.stdout + done.stderr


async def settled(url: str, position: int) -> None:
    """Wait until the read models have everything."""
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}) as http:
        for _ in range(12):
            answer = await http.get(
                f"{url}/customers", params={"min_position": position, "limit": 1}, timeout=30
            )
            if answer.status_code == 200:
                return
        raise AssertionError(f"{answer.status_code} {answer.text}")
