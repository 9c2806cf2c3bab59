"""The book of processes: which a server is made of, and what each takes of the machine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]


class ProcessBook:
    """A file in the data folder: kept by the process that starts the others, read by anybody.

    Each that does so in one folder has a file of its own, and is read with all others.
    """

    def __init__(self, folder: Path, of: str = "serve") -> None:
        """Keep the book of what a command started in this data folder, or read those of all."""
        self._path = folder / f"processes.{of}.json"

    def write(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Note the processes: each a `name`, `pid`, how often it was started again (`restarts`).

        And whether it does its part (`up`), or is being started.
        """
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps(list(entries)), encoding="utf-8")
        beside.replace(self._path)

    def close(self) -> None:
        """Forget all: the server ends."""
        self._path.unlink(missing_ok=True)

    def entries(self) -> list[dict[str, Any]]:
        """Return the processes as they were noted; none where nothing was."""
        found: list[dict[str, Any]] = []
        for path in sorted(self._path.parent.glob("processes.*.json")):
            with suppress(OSError, ValueError):  # it ends just now
                found += json.loads(path.read_text(encoding="utf-8"))
        return found

    def read(self) -> list[dict[str, Any]]:
        """Return the processes, with the memory and the processor time that each takes.

        `memory` is in bytes, what several share counted in parts (`rss`: wholly, for each);
        `cpu_seconds` since it began, `seconds` ago. They are missing where nothing runs.
        """
        return [each | dict(_taken(each["pid"])) for each in self.entries()]


def _taken(pid: int) -> Iterator[tuple[str, Any]]:
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            memory = process.memory_full_info()
            times = process.cpu_times()
            began = process.create_time()
    except psutil.Error:
        return
    yield "rss", memory.rss
    yield "memory", getattr(memory, "pss", memory.rss)
    yield "cpu_seconds", round(times.user + times.system, 2)
    yield "seconds", round(time.time() - began, 1)
