"""Stories of the demo data: what happens to one record, told many at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeVar

from adapters.commands.executor import Answer, Call, Executor
from domain.kernel.aggregate import Origin

T = TypeVar("T")

AT_ONCE = 400
"""Stories that go on side by side, so that their commands share commits."""


@dataclasses.dataclass(frozen=True, slots=True)
class Do:
    """A command of a story: on which record, by whom, from which unit."""

    command: str
    id: str | None
    body: dict[str, Any]
    actor: str
    unit: str


Story = Generator[Do, Answer, T]
"""Yields what is done, one after the other, and is sent the answers."""


def play(
    executor: Executor,
    title: str,
    stories: Iterable[Story[Any]],
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Tell stories to their ends; `advance` is told how many more have ended.

    Raises the `Refusal` of a command that a story should not have given.
    """
    coming = enumerate(stories)
    going: list[tuple[int, Story[Any], Do, int]] = []
    while True:
        for number, story in coming:
            going.append((number, story, next(story), 0))
            if len(going) >= AT_ONCE:
                break
        if not going:
            return
        waiting = [
            executor.submit(_call(do, f"demo/{title}/{number}/{step}"))
            for number, _, do, step in going
        ]
        onward = []
        for (number, story, _, step), future in zip(going, waiting, strict=True):
            try:
                onward.append((number, story, story.send(future.result()), step + 1))
            except StopIteration:
                advance(1)
        going = onward


def _call(do: Do, command_id: str) -> Call:
    return Call(do.command, do.id, do.body, Origin(do.actor, do.unit, command_id))
