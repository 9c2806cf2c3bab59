"""Servers for the benches, each a process of its own: Keyline, or a route that does hardly a thing.

Run as `python -m tests.bench.served KIND` with the settings in the environment; see `served`.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import orjson
import psutil  # type: ignore[import-untyped]
import structlog
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.settings import Settings
from api.app import application
from api.cli.processes.apart import serve_apart, several
from api.cli.processes.listening import bound, run
from api.kernel.access.authentication import Doorkeeper, Principal
from api.kernel.access.visibility import Seeing
from api.kernel.process import Role
from api.server.gateway import Entrance
from projections.kernel.visibility.visibility import Sight, View

KEY = "a-key-for-benches-only"


class Served(NamedTuple):
    """A server that answers: where, in which process, and how long its start took."""

    address: str
    process: int
    seconds: float

    @property
    def memory(self) -> float:
        """The megabytes that it takes of the machine's memory, with the processes it has begun.

        What several of them share is counted once.
        """
        return sum(map(_megabytes, self._family()))

    @property
    def memory_answering(self) -> float:
        """The megabytes of the process that answers, as `memory` counts them."""
        return max(_megabytes(each) for each in self._family() if self._answers(each))

    def _family(self) -> list[psutil.Process]:
        own = psutil.Process(self.process)
        return [own, *own.children(True)]

    def _answers(self, process: psutil.Process) -> bool:
        port = int(self.address.rpartition(":")[2])
        found = process.net_connections("tcp")
        return any(
            each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port for each in found
        )


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_full_info().pss / 1e6)


@contextmanager
def served(
    what: Literal["keyline", "warehouse", "unchecked", "empty", "bare"],
    folder: Path,
    **settings: str,
) -> Iterator[Served]:
    """Start a server on a data folder and a free port; end it with the block."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("KEYLINE_")}
    own = {"data": str(folder), "admin_key": KEY, "port": "0"}
    chosen = own | {"rate": "1000000"} | settings  # it costs the same, and holds nobody back
    environment |= {f"KEYLINE_{name.upper()}": value for name, value in chosen.items()}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.served", what],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, "the server did not start"
        yield Served(address, process.pid, time.perf_counter() - began)
    finally:
        process.terminate()
        process.communicate(timeout=60)


class _Regrade(BaseModel):
    grade: str
    reason: str


class _Empty(FastAPI):
    def end_streams(self) -> None:
        """Do nothing: there are none."""


class _Bare(Starlette):
    def end_streams(self) -> None:
        """Do nothing: there are none."""


def _empty() -> _Empty:
    empty = _Empty(openapi_url=None)

    @empty.post("/customers/{id}/regrade")
    async def regrade(id: str, body: _Regrade) -> dict[str, Any]:
        return {"id": id, "version": len(body.reason), "position": 1}

    return empty


def _bare(folder: Path) -> Starlette:
    """Return what runs the statement of `bare.json` on the rows with each request.

    It answers the JSON that is beside it, written anew each time: what any list has to do.
    """
    bare = orjson.loads((folder / "bare.json").read_bytes())
    rows = sqlite3.connect(f"file:{folder / 'rows.db'}?mode=ro", uri=True, check_same_thread=False)

    async def answer(_: Request) -> Response:
        rows.execute(bare["statement"]).fetchall()
        return Response(orjson.dumps(bare["answer"]), media_type="application/json")

    return _Bare(routes=[Route(bare["path"], answer)])


def _check_nothing() -> None:
    """Let everybody do and see everything, without asking who they are."""
    everything = Sight((View("none", None, None, frozenset()),))
    anybody = Principal("anybody", "group", credential="none")

    async def identify(*_: Any) -> Principal:
        return anybody

    for name, member in {"at_once": lambda *_: anybody, "identify": identify}.items():
        setattr(Doorkeeper, name, member)
    setattr(Seeing, "sight", lambda *_: everything)  # noqa: B010 (not for the type checker)


def main() -> None:
    """Serve what the command line names until told to stop; print the address when it answers."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    settings = Settings.read()
    what = sys.argv[1]
    if what == "keyline" and several(settings):
        serve_apart(settings, bound(settings), lambda address, _: print(address, flush=True))
        return
    role: Role = "warehouse" if what == "warehouse" else "api"
    others: dict[str, Callable[[], Starlette]]
    others = {"empty": _empty, "bare": lambda: _bare(settings.data)}
    whole = cast("Entrance", others[what]()) if what in others else application(settings, role)
    if what == "unchecked":
        _check_nothing()
    run(whole, settings, lambda address: print(address, flush=True))


if __name__ == "__main__":
    main()
