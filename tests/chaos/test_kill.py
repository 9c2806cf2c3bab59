"""Servers are killed at random under load: nothing acknowledged is lost, nothing happens twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.journal.journal import Journal
from adapters.local.kafka import LocalKafka
from adapters.local.postgres import LocalPostgres
from adapters.settings import Settings
from tests.chaos.load import Load, losses
from tests.chaos.system import (
    CHILDREN,
    KEY,
    SEED,
    Process,
    alive,
    base,
    ending,
    environment,
    equal_to_the_fold,
    report,
    settled,
    up,
)
from tests.volume import volume

KILLS = volume("CHAOS_KILLS", 15, 50)
STEPS = range(volume("CHAOS_STEPS", 1, 100))
"""Systems that are begun anew, each with a seed of its own: in full 5,000 kills in each mode."""


async def at_work(load: Load, kill: int, chance: random.Random) -> None:
    """Wait for some time; before every other kill something is done first, the rest hit starts."""
    if kill % 2:
        async with asyncio.timeout(120):
            await load.acknowledge(len(load.acknowledged) + 3)
    await asyncio.sleep(chance.uniform(0.05, 0.5))


async def kill_under_load(
    url: str, server: Process, others: Sequence[Process], kills: int, chance: random.Random
) -> Load:
    """Kill the server, and now and then one of the others, while clients command and read."""
    load = Load(url, KEY)
    running = asyncio.ensure_future(load.run())
    for process in (server, *others):
        process.start()
    for kill in range(kills):
        await alive(server, url)
        await at_work(load, kill, chance)
        victims = [server]
        if others and kill % 5 == 0:
            victims.append(chance.choice(others))
        for victim in victims:
            victim.end(signal.SIGKILL)
            victim.start()
        if running.done():
            break
    await alive(server, url)
    load.end()
    await asyncio.wait_for(running, 300)
    return load


async def kill_children_under_load(
    url: str, server: Process, kills: int, chance: random.Random
) -> tuple[Load, Counter[str]]:
    """Kill the server or one of its processes, each as often, while clients command and read."""
    load = Load(url, KEY)
    server.start()
    await alive(server, url)
    running = asyncio.ensure_future(load.run())
    killed: Counter[str] = Counter()
    for kill in range(kills):
        await at_work(load, kill, chance)
        victim = (*CHILDREN, "server")[kill % 4]
        if victim == "server":
            server.end(signal.SIGKILL)
            server.start()
        else:
            pid, restarts = server.child(victim)
            os.kill(pid, signal.SIGKILL)
            await up(server, victim, restarts)
        killed[victim] += 1
        await up(server)
        if running.done():
            break
    load.end()
    await asyncio.wait_for(running, 300)
    return load, killed


@pytest.mark.chaos
@pytest.mark.parametrize("step", STEPS)
def test_embedded_nothing_acknowledged_is_lost_or_done_twice(tmp_path: Path, step: int) -> None:
    settings = environment(tmp_path, processes="3")
    server = Process(settings, "serve")
    url = base(settings)
    with ending([server]):
        chance = random.Random(SEED + step)
        load, killed = asyncio.run(kill_children_under_load(url, server, KILLS, chance))
        journal = Journal(Settings.read(settings).journal_url)
        asyncio.run(settled(url, journal.head().position))
        server.end(signal.SIGTERM)
        lost = losses(journal, load)
        journal.close()
    report(f"step {step}: kills {dict(killed)}", load, lost)
    assert not lost
    assert len(load.acknowledged) > KILLS
    assert load.read
    assert set(killed) == {*CHILDREN, "server"}
    equal_to_the_fold(settings)


@pytest.mark.chaos
@pytest.mark.parametrize("step", STEPS)
def test_scaled_out_nothing_acknowledged_is_lost_or_done_twice(
    tmp_path: Path, kafka: LocalKafka, topic_prefix: str, step: int
) -> None:
    with LocalPostgres(tmp_path / "postgres") as postgres:
        settings = environment(
            tmp_path,
            journal=postgres.create_database("chaos"),
            kafka=kafka.bootstrap,
            topics=topic_prefix.rstrip("."),
        )
        server = Process(settings, "serve")
        others = [Process(settings, part) for part in ("publish", "project")]
        url = base(settings)
        with ending([server, *others]):
            chance = random.Random(SEED + step)
            load = asyncio.run(kill_under_load(url, server, others, KILLS, chance))
            journal = Journal(Settings.read(settings).journal_url)
            asyncio.run(settled(url, journal.head().position))
            for process in (server, *others):
                process.end(signal.SIGTERM)
            lost = losses(journal, load)
            journal.close()
        report(f"step {step}: {KILLS} kills", load, lost)
        assert not lost
        assert len(load.acknowledged) > KILLS
        equal_to_the_fold(settings)


@pytest.mark.chaos
def test_a_server_that_acknowledges_before_it_commits_is_caught(tmp_path: Path) -> None:
    settings = environment(tmp_path)
    server = Process(settings, "serve", "tests.chaos.hasty_server")
    with ending([server]):
        load = Load(base(settings), KEY)

        async def kill() -> None:
            running = asyncio.ensure_future(load.run())
            for _ in range(5):
                server.start()
                await alive(server, base(settings))
                told = len(load.acknowledged)
                await load.acknowledge(told + 20)
                server.end(signal.SIGKILL)
            # Seen through, not cancelled: a client forgets a socket that connects at that moment.
            server.start()
            load.end()
            await asyncio.wait_for(running, 300)

        asyncio.run(kill())
        server.end(signal.SIGTERM)
        journal = Journal(Settings.read(settings).journal_url)
        lost = losses(journal, load)
        journal.close()
    report("5 kills of a hasty server", load, lost)
    assert lost


@pytest.mark.chaos
def test_rows_that_say_where_they_are_before_they_are_there_are_caught(tmp_path: Path) -> None:
    settings = environment(tmp_path, processes="3")
    server = Process(settings, "serve", "tests.chaos.hasty_rows")
    with ending([server]):
        load = Load(base(settings), KEY)

        async def kill() -> None:
            server.start()
            await alive(server, base(settings))
            running = asyncio.ensure_future(load.run())
            for kill in range(5):
                await up(server, "rows", kill - 1)
                await load.acknowledge(len(load.acknowledged) + 20)
                os.kill(server.child("rows")[0], signal.SIGKILL)
            load.end()
            await asyncio.wait_for(running, 300)
            await up(server)

        asyncio.run(kill())
        server.end(signal.SIGTERM)
    report("5 kills of hasty rows", load, [])
    with pytest.raises(AssertionError, match="differ"):
        equal_to_the_fold(settings)
