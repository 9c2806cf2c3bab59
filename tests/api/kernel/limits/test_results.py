"""Results of many commands wait for their client within bounds, and nothing is half told."""

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from adapters.settings import Settings
from tests.api.asking import head, problem
from tests.api.commands.test_batch import NDJSON, lines, new, results
from tests.api.conftest import KEY, serving

KEPT = 100_000

ODD = lines(
    {"command": "customer.register", "body": {f"f{number}": 1 for number in range(95)}},
)
"""A line of 1 kB whose result has 7."""


def begun(address: str, length: int) -> socket.socket:
    """Connect and announce lines of so many bytes."""
    parts = urlsplit(address)
    client = socket.create_connection((parts.hostname, parts.port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    client.sendall(
        b"POST /commands HTTP/1.1\r\nHost: keyline\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/x-ndjson\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        % (KEY.encode(), length)
    )
    return client


def received(client: socket.socket) -> bytes:
    """Return what comes until the connection ends."""
    found = bytearray()
    try:
        while piece := client.recv(65_536):
            found += piece
    except ConnectionError:
        pass
    return bytes(found)


def told(answer: bytes) -> list[dict[str, Any]]:
    """Return the results that are whole in an answer in chunks."""
    found, place = bytearray(), answer.find(b"\r\n\r\n") + 4
    while (end := answer.find(b"\r\n", place)) >= 0:
        size = int(answer[place:end], 16)
        found += answer[end + 2 : end + 2 + size]
        place = end + 2 + size + 2
    return [json.loads(line) for line in found.split(b"\n")[:-1] if line.endswith(b"}")]


def kept(address: str) -> float:
    metrics = httpx.get(f"{address}/metrics", trust_env=False).text
    return float(metrics.partition("\nkeyline_results_kept ")[2].partition("\n")[0])


def test_lines_wait_while_the_client_reads_nothing_and_go_on_when_it_does(tmp_path: Path) -> None:
    content = ODD * 1500 + lines(new("Last of all"))
    with (
        serving(Settings(data=tmp_path, port=0, admin_key=KEY, results_limit=KEPT)) as address,
        httpx.Client(base_url=address, trust_env=False) as others,
        begun(address, len(content)) as client,
    ):
        before = head(others)
        client.sendall(content)
        most = 0.0
        for _ in range(30):
            time.sleep(0.1)
            most = max(most, kept(address))
        assert KEPT * 0.9 < most <= KEPT
        assert head(others) == before
        found = told(received(client))
        assert [each["line"] for each in found] == list(range(1, 1502))
        assert head(others) == before + 1
        assert kept(address) == 0


def test_all_requests_together_keep_no_more_than_is_set_and_each_goes_on(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, results_total=KEPT)
    content = lines(*({"command": f"no.{number}"} for number in range(1000)))
    found: list[int] = []
    with serving(settings) as address:

        def ask() -> None:
            with begun(address, len(content)) as client:
                client.sendall(content)
                found.append(len(told(received(client))))

        asking = [threading.Thread(target=ask) for _ in range(4)]
        for each in asking:
            each.start()
        for each in asking:
            each.join()
    assert found == [1000] * 4


def test_who_takes_nothing_is_let_go_and_told_when_it_sends_its_lines_again(
    tmp_path: Path,
) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, results_limit=1000, stall_seconds=1)
    first = {**new("Told later"), "key": str(uuid4())}
    content = lines(first) + ODD * 1500
    with serving(settings) as address:
        with begun(address, len(content)) as client:
            client.sendall(content)
            time.sleep(10 * settings.stall_seconds)  # a server that waits would send the rest then
            assert not received(client).endswith(b"0\r\n\r\n")
        headers = {"Authorization": f"Bearer {KEY}", **NDJSON}
        answer = httpx.post(
            f"{address}/commands", content=lines(first), headers=headers, trust_env=False
        )
        assert results(answer)[0]["repeated"] is True


def test_a_body_of_more_values_than_are_taken_is_refused_before_it_is_read(
    client: httpx.Client,
) -> None:
    body = {"name": "N", "unit": "group", "of": [[]] * 10_000}
    text = "The body of a command has 20,000 values at most."
    answer = client.post("/customers", json=body)
    assert problem(answer, 413, "body-too-large")["detail"] == text
    content = lines({"command": "customer.register", "body": body}, new("After it"))
    found = results(client.post("/commands", content=content, headers=NDJSON))
    assert [each["status"] for each in found] == [413, 201]
    assert found[0]["problem"]["detail"] == text


def test_what_is_wrong_in_a_thousand_places_is_counted_and_long_names_are_cut(
    client: httpx.Client,
) -> None:
    many = {f"field_{number}": 1 for number in range(1500)}
    found = problem(client.post("/customers", json=many), 422, "invalid-body")
    assert found["detail"] == "It does not fit in 1,502 places."
    found = problem(client.post("/customers", json={"x" * 50_000: 1}), 422, "invalid-body")
    assert {len(each["pointer"]) for each in found["errors"]} == {len("/name"), 101}
