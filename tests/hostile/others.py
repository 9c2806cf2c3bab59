"""The others: well-behaved clients beside an attack, who measure how long they are held up.

They are a process of their own, so that the attacker's work is not counted: `python -m
tests.hostile.others ADDRESS PID HEADER`. For each line that it reads it prints what was met since
the last one, as JSON; at the end of its input it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import sys
import time
from typing import TYPE_CHECKING, Self

import psutil  # type: ignore[import-untyped]

from tests.hostile.wire import Wire, request

if TYPE_CHECKING:  # what it imports takes longer than most attacks
    from tests.hostile.system import System

PAUSES = {"read": 0.005, "command": 0.02}
"""Seconds between the answer and the next request, by what is asked."""

JSON = "Content-Type: application/json"
BODY = b'{"name": "Others", "unit": "group"}'

SAMPLE = 0.01
"""Seconds between two looks at the memory of the server."""


@dataclasses.dataclass
class Measured:
    """What the others met within some time."""

    requests: int = 0
    failed: int = 0
    p99: float = 0.0
    """In ms."""
    longest: float = 0.0
    """In ms."""
    memory: int = 0
    """The most that the server's process had in use, in bytes."""

    def __str__(self) -> str:
        return (
            f"{self.requests} requests, {self.failed} failed, p99 {self.p99:.0f} ms, "
            f"longest {self.longest:.0f} ms, {self.memory / 1e6:.0f} MB"
        )


class Others:
    """The process of the others, as seen from beside it."""

    def __init__(self, system: System) -> None:
        """Use a system, from entering to leaving."""
        self._command = (
            *(sys.executable, "-m", __name__),
            *(system.address, str(system.pid), system.others),
        )

    async def __aenter__(self) -> Self:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=pipe, stdout=pipe
        )
        await self.met()  # from here on they are at work
        return self

    async def __aexit__(self, *_: object) -> None:
        self._process.kill()
        await self._process.communicate()

    async def met(self) -> Measured:
        """Return what they met since this was asked before; what is under way is waited for."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        line = await self._process.stdout.readline()
        return Measured(**json.loads(line))


class _Counting:
    """Asks, counts and tells."""

    def __init__(self, address: str, pid: int, header: str) -> None:
        self._address = address
        self._requests = {
            "read": request("GET", "/customers?limit=5", header),
            "command": request("POST", "/customers", header, JSON, body=BODY),
        }
        self._server = psutil.Process(pid)
        self._turns = {kind: asyncio.Lock() for kind in self._requests}
        self._clear()

    def _clear(self) -> None:
        self._took: list[float] = []
        self._failed = 0
        self._memory = self._server.memory_info().rss

    async def ask(self, kind: str) -> None:
        wire = await Wire.open(self._address)
        while True:
            async with self._turns[kind]:
                began = time.perf_counter()
                try:
                    await wire.send(self._requests[kind])
                    answer = await wire.answer()
                except (ConnectionError, TimeoutError):
                    answer = None
                self._took.append(time.perf_counter() - began)
                if answer is None or answer.status not in (200, 201):
                    self._failed += 1
                    await wire.close()
                    wire = await Wire.open(self._address)
            await asyncio.sleep(PAUSES[kind])

    async def weigh(self) -> None:
        while True:
            self._memory = max(self._memory, self._server.memory_info().rss)
            await asyncio.sleep(SAMPLE)

    async def tell(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for turn in self._turns.values():
                await stack.enter_async_context(turn)
            took = sorted(self._took) or [0.0]
            measured = Measured(
                requests=len(self._took),
                failed=self._failed,
                p99=took[int(len(took) * 0.99)] * 1000,
                longest=took[-1] * 1000,
                memory=max(self._memory, self._server.memory_info().rss),
            )
            print(json.dumps(dataclasses.asdict(measured)), flush=True)
            self._clear()


async def _main(address: str, pid: int, header: str) -> None:
    counting = _Counting(address, pid, header)
    tasks = [asyncio.ensure_future(counting.ask(kind)) for kind in PAUSES]
    tasks.append(asyncio.ensure_future(counting.weigh()))
    while await asyncio.to_thread(sys.stdin.readline):
        await counting.tell()
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
