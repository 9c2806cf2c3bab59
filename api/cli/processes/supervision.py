"""Supervision: what runs beside us is started again when it ends by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from api.kernel.terminal import notes

BETWEEN_LOOKS = 0.1
"""Seconds between two looks at whether all are alive."""


class Part(Protocol):
    """A server or process that is looked after."""

    def start(self) -> None:
        """Start it."""

    def stop(self) -> None:
        """End it in order."""

    @property
    def running(self) -> bool:
        """Whether it is alive."""


def watch(
    parts: Mapping[str, Part],
    again: Callable[[str], bool],
    look: Callable[[], None] = lambda: None,
) -> None:
    """Start again what ends by itself, for ever.

    `again` is asked whether to do so now, each time that one is seen not to run; it raises when
    all is to end. `look` is called in between.
    """
    while True:
        look()
        for name, part in parts.items():
            if not part.running and again(name):
                notes.print(f"{name} has ended by itself; starting it again.", style="bold red")
                part.stop()
                part.start()
                look()
        time.sleep(BETWEEN_LOOKS)


def together(actions: Iterable[Callable[[], None]]) -> None:
    """Do all of this at the same time; raises what the first of them to fail raised."""
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(action) for action in actions]
    for each in waiting:
        each.result()
