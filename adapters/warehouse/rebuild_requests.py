"""Requests: asking the process that owns the warehouse, through its folder, for work on it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

TAKEN_WITHIN = 15.0
"""Seconds after which a request that nobody has taken is given up."""

SILENT = 120.0
"""Seconds without a word after which the work is held for dead."""

Work = Literal["rebuild", "check"]
"""What can be asked for: to make it anew, or to compare it with the journal."""


class NobodyAnswers(Exception):
    """The process that has the warehouse open does not take requests, or has died at it."""


@dataclass
class State:
    """How far requested work is: the position, and at its end what came of it, or the error.

    `alive` grows as long as somebody is at it.
    """

    id: str
    position: int = 0
    alive: int = 0
    outcome: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


class RebuildRequests:
    """One request at a time, in two files beside the warehouse: what is asked, how far it is."""

    def __init__(self, warehouse: Path) -> None:
        """Ask for, or look after, the warehouse of this path."""
        self._asked = warehouse.with_suffix(".request.json")
        self._state = warehouse.with_suffix(".rebuild.json")

    def ask(
        self,
        work: Work,
        names: Sequence[str] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> dict[str, Any]:
        """Ask for work on some histories or `facts`, or on all, and wait for the outcome.

        Raises `NobodyAnswers`, and `RuntimeError` with the reason when the work failed.
        """
        id_ = uuid4().hex
        wanted = None if names is None else list(names)
        _write(self._asked, {"id": id_, "work": work, "names": wanted})
        alive, heard = -1, time.monotonic()
        while True:
            state = self._read()
            if state and state.id == id_:
                if state.alive != alive:
                    alive, heard = state.alive, time.monotonic()
                if progress:
                    progress(state.position)
                if state.error:
                    raise RuntimeError(state.error)
                if state.outcome:
                    return state.outcome
            patience = TAKEN_WITHIN if alive < 0 else SILENT
            if time.monotonic() - heard > patience:
                self._asked.unlink(missing_ok=True)
                raise NobodyAnswers(
                    "The process that has the warehouse open does not answer the request."
                )
            time.sleep(0.1)

    def taken(self) -> tuple[State, Work, list[str] | None] | None:
        """Return a request that nobody has taken yet, with its work and names, and take it."""
        try:
            asked = json.loads(self._asked.read_text(encoding="utf-8"))
            state, work, names = State(str(asked["id"])), asked["work"], asked["names"]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            self._asked.unlink(missing_ok=True)
            return None
        self.tell(state)
        self._asked.unlink(missing_ok=True)
        return state, work, names

    def tell(self, state: State) -> None:
        """Let the one who asked know how far it is."""
        state.alive += 1
        _write(self._state, asdict(state))

    def _read(self) -> State | None:
        try:
            return State(**json.loads(self._state.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


def _write(path: Path, content: dict[str, object]) -> None:
    beside = path.with_suffix(f".{os.getpid()}.new")
    beside.write_text(json.dumps(content), encoding="utf-8")
    beside.replace(path)
