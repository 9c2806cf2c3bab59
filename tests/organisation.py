"""The organisation of the tests: a few units and employees whom records may name."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from adapters.commands.executor import Call, Executor
from adapters.refusals import RuleBroken
from domain.kernel.aggregate import Origin

UNITS = {"group": None, "gd": "group", "gd-gz": "gd"}
LEVELS = ("group", "province", "network")


def organise(
    executor: Executor, employees: Iterable[str] = (), units: Iterable[str] = UNITS
) -> None:
    """Open units whose codes say where they belong, and engage employees at the group.

    What is there already stays as it is.
    """
    for code in units:
        body = {"code": code, "name": code, "level": level(code), "parent": parent(code)}
        _do(executor, "unit.open", code, {key: value for key, value in body.items() if value})
    for code in employees:
        _do(executor, "employee.engage", code, {"code": code, "name": code, "unit": "group"})


def parent(code: str) -> str | None:
    """Return the code of the unit above a unit."""
    if code == "group":
        return None
    above, _, _ = code.rpartition("-")
    return above or "group"


def level(code: str) -> str:
    """Return the level of a unit."""
    return "group" if code == "group" else LEVELS[code.count("-") + 1]


def _do(executor: Executor, command: str, code: str, body: dict[str, str]) -> None:
    origin = Origin("tester", "group", f"organise/{command}/{code}")
    with suppress(RuleBroken):  # the code is taken: it is there already
        executor.execute(Call(command, None, body, origin))
