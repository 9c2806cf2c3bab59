"""A fresh server as a user starts it, asked over HTTP and by the command line."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.api import asking
from tests.api.command_line import keyline
from tests.chaos.system import KEY, Process, base, ending, environment

UNITS = (("gd", "province", "group"), ("gd-gz", "network", "gd"), ("js", "province", "group"))
NUMBER = "914401012345678901"


def id_of(path: str) -> str:
    """Return the id of the record at a path."""
    return path.rpartition("/")[2]


def faults(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what an import said of lines."""
    return [line for line in done.stderr.splitlines() if line.startswith("line ")]


class Fresh:
    """A server that runs, its data folder, and the administrator who asks it."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.data = Path(settings["KEYLINE_DATA"])
        self.port = settings["KEYLINE_PORT"]
        self.address = base(settings)
        self.position = 0
        """The last that was told: reads wait for it."""
        self.http = self.client(KEY)

    def client(self, key: str) -> httpx.Client:
        """Return a client with this key or token."""
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.address, headers=headers, trust_env=False, timeout=60)

    def do(self, path: str, /, **body: Any) -> dict[str, Any]:
        """Command; returns the answer."""
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        self.position = max(self.position, found.get("position", 0))
        return found

    def make(self, plural: str, /, **body: Any) -> str:
        """Make a record; returns its path, as in `/customers/{id}`."""
        return f"{plural}/{self.do(plural, **body)['id']}"

    def customer(self, name: str, /, **more: Any) -> str:
        """Register a customer, by default at the group; returns its path."""
        return self.make("/customers", **{"name": name, "unit": "group"} | more)

    def sale(self, **more: Any) -> str:
        """Open an opportunity, by default at the group; returns its path."""
        return self.make("/opportunities", **{"title": "Lines", "unit": "group"} | more)

    def refuse(self, status: int, problem: str, path: str, /, **body: Any) -> dict[str, Any]:
        """Command what is refused by this problem; returns the problem."""
        return asking.problem(self.http.post(path, json=body), status, problem)

    def get(self, path: str, **params: Any) -> httpx.Response:
        """Read, whatever becomes of it."""
        return self.http.get(path, params=params or None)  # a link keeps what it asks

    def ask(self, path: str, **params: Any) -> Any:
        """Read what has all that was written."""
        answer = self.get(path, **{"min_position": self.position} | params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `keyline` in the data folder of the server."""
        return keyline(self.data, *arguments, port=self.port, **settings)

    def bring(
        self, kind: str, content: str | bytes, *options: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `keyline import` of a file with this content, and wait until it can be read."""
        file = self.data.parent / ("rows.xlsx" if content[:2] == b"PK" else "rows.csv")
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.run("import", kind, str(file), "--wait", *options)


@contextlib.contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Fresh]:
    """Run `keyline serve` in a data folder in this folder until the block ends."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    chosen = environment(data, **settings)
    server = Process(chosen, "serve")
    fresh = Fresh(chosen)
    with ending([server]), fresh.http:
        server.start()
        until(lambda: _answers(fresh.http))
        yield fresh
        server.end(signal.SIGTERM)


def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _answers(client: httpx.Client) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return client.get("/livez").status_code == 200
    return False
