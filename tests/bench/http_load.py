"""A load of HTTP requests that costs the machine little: bytes over a few open connections.

Run as `python -m tests.bench.http_load ADDRESS KEY CONNECTIONS ROUNDS`; the customers come on the
standard input, one id a line, all at the same version.
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
from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

REASON = "the yearly review of all key accounts of the province"


class Outcome(NamedTuple):
    """What a load came to: commands a second, and the latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


def load(
    address: str, key: str, customers: Sequence[str], version: int, connections: int, rounds: int
) -> Outcome:
    """Regrade all customers, which are at the same version, `rounds` times; wait for the end."""
    command = [sys.executable, "-m", "tests.bench.http_load", address, key]
    done = subprocess.run(
        [*command, str(version), str(connections), str(rounds)],
        input="\n".join(customers),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return Outcome(*json.loads(done.stdout))


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
        if not answer.startswith(b"HTTP/1.1 200 "):
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


def _requests(
    host: str, key: str, customers: Sequence[str], versions: Sequence[int]
) -> Iterator[bytes]:
    head = (
        f"Host: {host}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        "User-Agent: keyline-bench\r\nAccept: */*\r\n"
    )
    for version, customer in itertools.product(versions, customers):
        body = json.dumps({"grade": "ABC"[version % 3], "reason": REASON})
        yield (
            f"POST /customers/{customer}/regrade HTTP/1.1\r\n{head}"
            f'Idempotency-Key: {customer}/{version}\r\nIf-Match: "{version}"\r\n'
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


async def _load(
    address: str, key: str, customers: Sequence[str], versions: Sequence[int], connections: int
) -> Outcome:
    url = urlsplit(address)
    assert url.hostname is not None
    assert url.port is not None
    latencies: list[float] = []
    # Each connection has customers of its own, and all its requests before the clock starts.
    prepared = [
        list(_requests(url.netloc, key, customers[i::connections], versions))
        for i in range(connections)
    ]
    began = time.perf_counter()
    clients = [
        (
            await asyncio.get_running_loop().create_connection(
                lambda requests=requests: _Client(iter(requests), latencies),  # type: ignore[misc]
                url.hostname,
                url.port,
            )
        )[1]
        for requests in prepared
    ]
    await asyncio.gather(*(client.finished for client in clients))
    rate = len(latencies) / (time.perf_counter() - began)
    percentiles = statistics.quantiles(latencies, n=100)
    return Outcome(rate, percentiles[49] * 1000, percentiles[98] * 1000)


if __name__ == "__main__":
    _address, _key, _version, _connections, _rounds = sys.argv[1:]
    _versions = range(int(_version), int(_version) + int(_rounds))
    _customers = sys.stdin.read().split()
    print(json.dumps(uvloop.run(_load(_address, _key, _customers, _versions, int(_connections)))))
