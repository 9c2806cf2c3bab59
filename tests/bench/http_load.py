"""A load of HTTP requests that costs the machine little: bytes over a few open connections.

Run as `python -m tests.bench.http_load ADDRESS KEY CONNECTIONS`; the requests come on the standard
input, each a line of JSON: method, path, headers, body.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

REASON = "the yearly review of all key accounts of the province"


class Asked(NamedTuple):
    """A request, but for whom it is and to which server."""

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: Mapping[str, Any] | None = None


class Outcome(NamedTuple):
    """What a load came to: answers a second, and the latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


def load(address: str, key: str, requests: Sequence[Asked], connections: int) -> Outcome:
    """Send requests, each connection every so-manieth of them in order; wait for the end."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.http_load", address, key, str(connections)],
        input="\n".join(map(json.dumps, requests)),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return Outcome(*json.loads(done.stdout))


def regrades(customers: Sequence[str], version: int, rounds: int) -> list[Asked]:
    """Return commands that regrade customers, which are at the same version, `rounds` times."""
    return [
        Asked(
            "POST",
            f"/customers/{customer}/regrade",
            {"Idempotency-Key": f"{customer}/{at}", "If-Match": f'"{at}"'},
            {"grade": "ABC"[at % 3], "reason": REASON},
        )
        for at, customer in itertools.product(range(version, version + rounds), customers)
    ]


class _Client(asyncio.Protocol):
    """One connection that sends a request as soon as the last one is answered."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float]) -> None:
        self._requests = requests
        self._latencies = latencies
        self._answer = b""
        self._sent = 0.0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has another base
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(exc or ConnectionError(self._answer))

    def data_received(self, data: bytes) -> None:
        answer = self._answer = self._answer + data
        end = answer.find(b"\r\n\r\n") + 4
        length = _LENGTH.search(answer, 0, end)
        if length is None or len(answer) < end + int(length[1]):
            return
        self._latencies.append(time.perf_counter() - self._sent)
        if not answer.startswith(b"HTTP/1.1 20"):
            self.finished.set_exception(RuntimeError(answer.decode()))
            return
        self._answer = b""
        self._send()

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.finished.set_result(None)
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)


def _written(host: str, key: str, asked: Asked) -> bytes:
    body = "" if asked.body is None else json.dumps(asked.body)
    headers = {"Host": host, "Authorization": f"Bearer {key}", "User-Agent": "keyline-bench"}
    headers |= {"Accept": "*/*", **asked.headers}
    if body:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{asked.method} {asked.path} HTTP/1.1\r\n{lines}\r\n{body}".encode()


async def _load(address: str, key: str, requests: Sequence[Asked], connections: int) -> Outcome:
    url = urlsplit(address)
    assert url.hostname is not None
    assert url.port is not None
    latencies: list[float] = []
    # Each connection has requests of its own, all of them written before the clock starts.
    written = [_written(url.netloc, key, each) for each in requests]
    began = time.perf_counter()
    clients = [
        (
            await asyncio.get_running_loop().create_connection(
                lambda own=own: _Client(iter(own), latencies),  # type: ignore[misc]
                url.hostname,
                url.port,
            )
        )[1]
        for own in (written[number::connections] for number in range(connections))
    ]
    await asyncio.gather(*(client.finished for client in clients))
    rate = len(latencies) / (time.perf_counter() - began)
    percentiles = statistics.quantiles(latencies, n=100)
    return Outcome(rate, percentiles[49] * 1000, percentiles[98] * 1000)


if __name__ == "__main__":
    _address, _key, _connections = sys.argv[1:]
    _asked = [Asked(*json.loads(line)) for line in sys.stdin]
    print(json.dumps(uvloop.run(_load(_address, _key, _asked, int(_connections)))))
