"""The event loop and the queue are shared: in turn, and no more than there is."""

import asyncio
import time

from api.kernel.limits.sharing import SLICE, Room, Turns


def busy(seconds: float) -> None:
    """Keep the loop from everything else for so long."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def test_long_work_lets_others_in_between_and_is_done_in_turn() -> None:
    async def work(turns: Turns, done: list[str], name: str) -> None:
        for _ in range(4):
            if turns.over:
                await turns.next()
            busy(SLICE * 1.1)
            done.append(name)

    async def other(done: list[str]) -> int:
        most = seen = 0
        while len(done) < 8:
            await asyncio.sleep(0)
            most, seen = max(most, len(done) - seen), len(done)
        return most

    async def both() -> None:
        turns, done = Turns(SLICE), list[str]()
        _, _, most = await asyncio.gather(
            work(turns, done, "a"), work(turns, done, "b"), other(done)
        )
        ahead = [abs(done[:n].count("a") - done[:n].count("b")) for n in range(9)]
        assert max(ahead) <= 2, done
        assert most <= 2  # of eight: one before the other is looked at, one after

    asyncio.run(both())


def test_whoever_gives_up_keeps_nobody_from_their_turn() -> None:
    async def waiting() -> None:
        turns = Turns(SLICE)
        while not turns.over:
            busy(SLICE)
        first, second = (asyncio.create_task(turns.next()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait_for(second, 1)

    asyncio.run(waiting())


def test_no_more_is_under_way_than_there_is_room_for() -> None:
    async def filled() -> None:
        room, inside, most = Room(10), 0, 0

        async def enter(count: int) -> None:
            nonlocal inside, most
            taken = await room.enter(count)
            inside += taken
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= taken
            room.leave(taken)

        await asyncio.gather(*(enter(1 + number % 7) for number in range(100)), enter(1000))
        assert (most, inside) == (10, 0)

    asyncio.run(filled())


def test_who_gives_up_before_or_after_there_is_room_takes_none() -> None:
    async def given_up() -> None:
        room = Room(1)
        await room.enter(1)
        first, second, third = (asyncio.create_task(room.enter(1)) for _ in range(3))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        room.leave(1)
        second.cancel()  # it was let in, and does not know yet
        assert await asyncio.wait_for(third, 1) == 1

    asyncio.run(given_up())
