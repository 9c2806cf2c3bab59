"""Fulfilling: the wishes of policies and deadlines become commands, many of them in flight."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future

import structlog

from adapters.commands.executor import Answer, Call, Executor
from adapters.refusals import KeyReused, Overloaded, RuleBroken, Unavailable
from domain.kernel.aggregate import Origin, Recorded
from streams.kernel.policy import Policy, Wish

log = structlog.get_logger(__name__)

IN_FLIGHT = 200
"""Commands that wait together: enough to share commits, few enough to leave room for people."""


Asked = tuple[Wish, Origin]
"""A wish, and where its command comes from: the id of it tells what was done before."""


def fulfil(
    executor: Executor, asked: Iterable[Asked], between: Callable[[], None]
) -> Mapping[str, Exception]:
    """Execute what is wished for, in order; what was done before is not done again.

    `between` is called after each answer. Returns what failed, for a fault of ours and by no rule,
    by the ids of the commands. It keeps no others back but a wish that depends on them.
    Raises `Unavailable` or `Overloaded` when all is to be asked for again later.
    """
    waiting: deque[tuple[str, Call, Future[Answer]]] = deque()
    refused: set[str] = set()
    faults: dict[str, Exception] = {}
    done: Counter[tuple[str, str]] = Counter()

    def settle() -> None:
        name, call, future = waiting.popleft()
        try:
            future.result()
        except (Unavailable, Overloaded):
            raise
        except (RuleBroken, KeyReused) as refusal:
            # A person was quicker, and the rules have no place for the command any more.
            who = {"actor": call.origin.actor, "actor_kind": call.origin.actor_kind}
            told = {"command": call.command, "id": call.id, "by": refusal.name}
            log.info("wish.refused", **who, **told)
            refused.add(name)
        except Exception as error:
            faults[call.origin.command_id] = error
        else:
            done[call.origin.actor, call.origin.actor_kind] += 1
        between()

    for wish, origin in asked:
        while len(waiting) > (0 if wish.depends else IN_FLIGHT - 1):
            settle()
        if wish.depends and faults:
            break
        body = wish.made(refused)
        if body is None:
            continue
        call = Call(wish.command, wish.id, body, origin, yields=True)
        while (future := _submitted(executor, call, patient=bool(waiting))) is None:
            settle()
        waiting.append((wish.name, call, future))
    while waiting:
        settle()
    for (actor, kind), count in done.items():  # the operation log has each of them
        log.info("wishes.done", actor=actor, actor_kind=kind, count=count)
    return faults


def _submitted(executor: Executor, call: Call, *, patient: bool) -> Future[Answer] | None:
    """Queue a command; `None` when the queue is full and we have `patient`ly to wait for ours."""
    try:
        return executor.submit(call)
    except Overloaded:
        if patient:
            return None
        raise


def in_answer(policy: Policy, event: Recorded, wishes: Iterable[Wish]) -> Iterator[Asked]:
    """Yield what a policy wishes for about an event, with where the commands come from."""
    # What a policy did was done on behalf of somebody already.
    behalf = event.behalf if event.actor_kind == "policy" else event.who
    for wish in wishes:
        origin = Origin(
            actor=policy.name,
            actor_kind="policy",
            unit=event.unit,
            command_id=f"{policy.name}/{event.position}/{wish.name}",
            on_behalf_of=behalf and behalf.id,
            on_behalf_kind=behalf.kind if behalf else "person",
            cause=event.command_id,
        )
        yield wish, origin
