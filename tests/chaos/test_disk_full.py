"""A full disk turns commands away; when there is room again, the server goes on by itself."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from adapters.journal.journal import Journal
from adapters.settings import Settings
from tests.chaos.load import Load, losses
from tests.chaos.system import (
    KEY,
    Process,
    alive,
    base,
    ending,
    environment,
    equal_to_the_fold,
    report,
    settled,
)


@pytest.mark.chaos
@pytest.mark.parametrize("processes", ["1", "3"])
def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path, processes: str) -> None:
    settings = environment(tmp_path, processes=processes)
    server = Process(settings, "serve")
    url = base(settings)
    load = Load(url, KEY)

    async def fill() -> None:
        server.start()
        await alive(server, url)
        running = asyncio.ensure_future(load.run())
        await load.acknowledge(100)
        server.limit((tmp_path / "journal.db-wal").stat().st_size + 50_000)
        for _ in range(3_600):
            await asyncio.sleep(0.05)
            if load.turned_away > 20:
                break
        server.limit(-1)
        try:
            await load.acknowledge(len(load.acknowledged) + 100)
        finally:
            load.end()
            await asyncio.wait_for(running, 60)

    with ending([server]):
        asyncio.run(fill())
        journal = Journal(Settings.read(settings).journal_url)
        asyncio.run(settled(url, journal.head().position))
        server.end(signal.SIGTERM)
        lost = losses(journal, load)
        journal.close()
    report(f"disk full, {load.turned_away} commands turned away", load, lost)
    assert load.turned_away > 20
    assert not lost
    equal_to_the_fold(settings)
