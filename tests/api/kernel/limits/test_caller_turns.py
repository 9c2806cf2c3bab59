"""Of each caller so many reads are worked on at a time; who waits or is answered holds no turn."""

import asyncio
from pathlib import Path

import httpx

from adapters.settings import Settings
from api.kernel.limits.caller_turns import CURRENT, CallerTurns, aside
from tests.api.conftest import KEY, serving


def test_a_caller_waits_for_their_own_turns_and_nobody_elses() -> None:
    async def ask() -> None:
        turns, begun = CallerTurns(2), list[str]()

        async def read(who: str, until: asyncio.Event) -> None:
            with turns.of(who) as turn:
                await turn.take()
                begun.append(who)
                await until.wait()

        over = asyncio.Event()
        mine = [asyncio.create_task(read("ann", over)) for _ in range(4)]
        await asyncio.sleep(0)
        yours = asyncio.create_task(read("ben", over))
        await asyncio.sleep(0)
        assert begun == ["ann", "ann", "ben"]
        mine[2].cancel()
        over.set()
        await asyncio.gather(*mine, yours, return_exceptions=True)
        assert begun == ["ann", "ann", "ben", "ann"]
        assert not turns._own

    asyncio.run(ask())


def test_who_only_waits_lets_others_go_first() -> None:
    async def ask() -> None:
        turns, told, done = CallerTurns(1), asyncio.Event(), list[str]()

        async def wait() -> None:
            with turns.of("ann") as turn:
                await turn.take()
                CURRENT.set(turn)
                async with aside():
                    await told.wait()
                done.append("waited")

        async def read() -> None:
            with turns.of("ann") as turn:
                await turn.take()
                done.append("read")

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        await read()
        told.set()
        await waiting
        assert done == ["read", "waited"]

    asyncio.run(ask())


def test_with_one_turn_everything_is_answered(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, reads_each=1)
    headers = {"Authorization": f"Bearer {KEY}"}

    async def ask(address: str) -> None:
        async with httpx.AsyncClient(base_url=address, headers=headers, trust_env=False) as client:
            body = {"name": "Bank", "unit": "group"}
            made = (await client.post("/customers", json=body)).json()
            after = {"min_position": made["position"]}
            async with client.stream("GET", "/events", headers={"Accept": "text/event-stream"}):
                reads = [client.get("/customers", params=after) for _ in range(5)]
                reads += [client.get("/customers?q=Bank"), client.get("/reports/customers")]
                found = await asyncio.gather(*reads)
        assert {each.status_code for each in found} == {200}
        assert all(each.json()["items"][0]["name"] == "Bank" for each in found[:5])

    with serving(settings) as address:
        asyncio.run(ask(address))
