"""Memory: customers with a thousand contacts each, loaded at once and rebuilt."""

from __future__ import annotations

import json
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from tests.api.command_line import keyline
from tests.bench.figure import Figure
from tests.bench.served import KEY, served

SCENES = {"20 customers with 1,000 contacts": (20, 1_000), "one with 2,500": (1, 2_500)}
SETTING = 512.0
RESIDENT = 700.0
"""Mebibytes that the warehouse, and the whole process, may take."""

MIB = 1 << 20
_USED = re.compile(r"^keyline_warehouse_memory_bytes ([\d.e+]+)$", re.MULTILINE)


def measure() -> Iterator[Figure]:
    """Measure a server that is given the contacts in one request, then rebuilds its warehouse."""
    for name, (customers, contacts) in SCENES.items():
        with (
            tempfile.TemporaryDirectory() as folder,
            served("keyline", Path(folder), processes="1") as server,
        ):
            began = time.perf_counter()
            with _watched(server.address, server.process) as peaks:
                position = _fill(server.address, customers, contacts)
                _until_loaded(server.address, position)
            took = time.perf_counter() - began
            yield Figure(f"{name}, told and loaded", took, "s")
            yield from _figures(f"{name}, loaded", peaks)
            with _watched(server.address, server.process) as peaks:
                began = time.perf_counter()
                said = keyline(Path(folder), "rebuild", "warehouse")
                took = time.perf_counter() - began
            assert said.returncode == 0, said.stderr
            yield Figure(f"{name}, rebuilt", took, "s")
            yield from _figures(f"{name}, rebuilt", peaks)
            disk = sum(file.stat().st_size for file in Path(folder).glob("warehouse*")) / MIB
            yield Figure(f"{name}, files of the warehouse", disk, "MiB")


def _figures(name: str, peaks: dict[str, float]) -> Iterator[Figure]:
    for what, most in (("the warehouse", SETTING), ("resident", RESIDENT)):
        yield Figure(f"{name}, {what}", peaks[what] / MIB, "MiB", most, "MiB goal", at_most=1)


def _fill(address: str, customers: int, contacts: int) -> int:
    """Register customers, then tell all their contacts in one request; return the position."""
    registered = _commands(
        address,
        [
            {"command": "customer.register", "body": {"name": f"客户 {i}", "unit": "group"}}
            for i in range(customers)
        ],
    )
    told = _commands(
        address,
        [
            {"command": "customer.add-contact", "id": each["id"], "body": _contact(number)}
            for number in range(contacts)
            for each in registered
        ],
    )
    return max(int(each["position"]) for each in told)


def _contact(number: int) -> dict[str, str]:
    return {
        "name": f"联系人 {number}",
        "phone": f"138{number:08}",
        "email": f"contact-{number}@example.com",
    }


def _commands(address: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answer = httpx.post(
        f"{address}/commands",
        content="\n".join(map(json.dumps, lines)),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-ndjson"},
        timeout=600,
    )
    results = [json.loads(line) for line in answer.text.splitlines()]
    assert len(results) == len(lines)
    assert all("position" in each for each in results), results[-1]
    return results


def _until_loaded(address: str, position: int) -> None:
    while True:
        ready = httpx.get(f"{address}/readyz", timeout=60).json()
        if ready["parts"]["warehouse"]["position"] >= position:
            return
        time.sleep(0.2)


@contextmanager
def _watched(address: str, process: int) -> Iterator[dict[str, float]]:
    """Note the most memory, in bytes, that the process and the warehouse in it take."""
    peaks = {"the warehouse": 0.0, "resident": 0.0}
    over = threading.Event()

    def watch() -> None:
        headers = {"Authorization": f"Bearer {KEY}"}
        watched = psutil.Process(process)
        while not over.wait(0.1):
            peaks["resident"] = max(peaks["resident"], watched.memory_info().rss)
            told = httpx.get(f"{address}/metrics", headers=headers, timeout=60).text
            if used := _USED.search(told):
                peaks["the warehouse"] = max(peaks["the warehouse"], float(used[1]))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        over.set()
        thread.join()
