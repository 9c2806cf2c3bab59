"""Pulses: those who wait are woken by their position, the end of their time, or the end."""

import asyncio
import threading

from api.kernel.reading.position_waiter import Pulse


class Growing:
    """A position that grows when told to."""

    def __init__(self) -> None:
        self.position = 0
        self.changed = threading.Condition()

    def grow(self, position: int) -> None:
        with self.changed:
            self.position = position
            self.changed.notify_all()

    def wait(self, after: int, seconds: float) -> int:
        with self.changed:
            self.changed.wait_for(lambda: self.position > after, seconds)
            return self.position


def test_all_who_wait_are_woken_when_their_position_is_reached() -> None:
    async def run() -> None:
        source = Growing()
        pulse = Pulse("test", source.wait)
        pulse.start()
        waiting = [asyncio.create_task(pulse.reach(n, 30)) for n in (1, 2, 2, 3)]
        await asyncio.sleep(0)
        source.grow(2)
        assert await asyncio.gather(*waiting[:3]) == [True] * 3
        assert not waiting[3].done()
        assert await pulse.reach(1, 0)
        source.grow(5)
        assert await waiting[3]
        await asyncio.to_thread(pulse.stop)

    asyncio.run(run())


def test_a_position_that_does_not_come_is_given_up() -> None:
    async def run() -> None:
        pulse = Pulse("test", Growing().wait)
        pulse.start()
        assert not await pulse.reach(1, 0.01)
        waiting = asyncio.create_task(pulse.reach(1, 30))
        await asyncio.sleep(0)
        pulse.release()
        assert not await waiting
        pulse.stop()

    asyncio.run(run())


def test_a_source_that_fails_is_asked_again() -> None:
    async def run() -> None:
        source = Growing()
        source.grow(1)
        failures = [RuntimeError("not now")]

        def wait(after: int, seconds: float) -> int:
            if failures:
                raise failures.pop()
            return source.wait(after, seconds)

        pulse = Pulse("test", wait)
        pulse.start()
        assert await pulse.reach(1, 30)
        pulse.stop()

    asyncio.run(run())
