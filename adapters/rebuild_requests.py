"""Requests: asking the process that owns the warehouse, through its folder, for a rebuild of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import uuid4

TAKEN_WITHIN = 15.0
"""Seconds after which a request that nobody has taken is given up."""

SILENT = 120.0
"""Seconds without a word after which the rebuild is held for dead."""


class NobodyAnswers(Exception):
    """The process that has the warehouse open does not take requests, or has died at it."""


@dataclass
class State:
    """How far a requested rebuild is: the position, and at its end what came of it, or the error.

    `alive` grows as long as somebody is at it.
    """

    id: str
    position: int = 0
    alive: int = 0
    outcome: dict[str, object] = field(default_factory=dict)
    error: str | None = None


class RebuildRequests:
    """One request at a time, in two files beside the warehouse: what is asked, how far it is."""

    def __init__(self, warehouse: Path) -> None:
        """Ask for, or look after, the warehouse of this path."""
        self._asked = warehouse.with_suffix(".request.json")
        self._state = warehouse.with_suffix(".rebuild.json")

    def ask(
        self, names: Sequence[str] | None, progress: Callable[[int], None] | None = None
    ) -> dict[str, object]:
        """Ask for a rebuild of some histories or `facts`, or of all, and wait for the outcome.

        Raises `NobodyAnswers`, and `RuntimeError` with the reason when the rebuild failed.
        """
        id_ = uuid4().hex
        _write(self._asked, {"id": id_, "names": None if names is None else list(names)})
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

    def taken(self) -> tuple[State, list[str] | None] | None:
        """Return a request that nobody has taken yet, with its names, and take it."""
        try:
            asked = json.loads(self._asked.read_text(encoding="utf-8"))
            state, names = State(str(asked["id"])), asked["names"]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            self._asked.unlink(missing_ok=True)
            return None
        self.tell(state)
        self._asked.unlink(missing_ok=True)
        return state, names

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
