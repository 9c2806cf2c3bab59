"""A server of several processes: each may die, and is there again; they end with the server."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from adapters.local.process import free_port
from api.kernel.process_book import ProcessBook
from tests.api import warm
from tests.api.asking import register
from tests.api.command_line import keyline, running
from tests.chaos.system import Process, ending, environment
from tests.faults.fresh import until

KEY = "a-key-of-thirty-characters-long"
NAMES = ("api", "rows", "warehouse")


def processes(data: Path) -> dict[str, dict[str, Any]]:
    """Return what the book of a data folder has of each process."""
    return {each["name"]: each for each in ProcessBook(data).read()}


def all_up(data: Path) -> bool:
    """Tell whether all processes of a server do their part."""
    found = processes(data)
    return all(name in found and found[name]["up"] for name in NAMES)


class Apart:
    """A server of several processes, and a client of it."""

    def __init__(self, data: Path, port: int, copy: warm.Copy, client: httpx.Client) -> None:
        self.data, self.port, self.copy, self.client = data, port, copy, client

    def processes(self) -> dict[str, dict[str, Any]]:
        """Return what the book has of each."""
        return processes(self.data)

    def kill(self, name: str) -> None:
        """Kill one, and wait until it is there again."""
        before = self.processes()[name]
        psutil.Process(before["pid"]).kill()
        until(lambda: self.processes()[name]["restarts"] > before["restarts"] and all_up(self.data))

    def ready(self) -> dict[str, Any]:
        """Wait until it is ready; return what it says then."""
        until(lambda: self.client.get("/readyz").status_code == 200)
        found: dict[str, Any] = self.client.get("/readyz").json()
        return found

    def count(self, position: int, path: str = "/customers", **more: Any) -> int:
        """Return how many customers are there once a position is reached, however long it takes."""
        answers: list[httpx.Response] = []

        def answered() -> bool:
            params = {"min_position": position, "count": "exact", "limit": 1, **more}
            answers.append(self.client.get(path, params=params))
            assert answers[-1].status_code in (200, 503), answers[-1].text
            return answers[-1].status_code == 200

        until(answered)
        found: int = answers[-1].json()["count"]
        return found


@contextmanager
def apart(data: Path, **settings: str) -> Iterator[Apart]:
    """Run a server of several processes within the block; it has to end well."""
    port = free_port()
    chosen = {"port": str(port), "admin_key": KEY, "processes": "3"} | settings
    with (
        running(data, "serve", until="Three calls", **chosen) as (copy, _),
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {KEY}"},
            trust_env=False,
            timeout=60,
        ) as client,
    ):
        server = Apart(data, port, copy, client)
        until(lambda: all_up(data))
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    """A server that the tests of this file may do anything to but end."""
    with apart(tmp_path_factory.mktemp("apart")) as found:
        yield found


def test_status_tells_of_each_process_what_it_takes(server: Apart) -> None:
    told = {each["name"]: each for each in server.ready()["processes"]}
    assert told.keys() == {*NAMES, "supervisor"}
    assert all(each["up"] and each["memory"] > 2**20 for each in told.values())
    assert all("pid" not in each for each in told.values())
    printed = keyline(server.data, "status", port=str(server.port)).stdout
    assert all(name in printed for name in (*NAMES, "supervisor", "MB in all"))
    parts = server.ready()["parts"]
    assert parts["rows"]["lag"] == parts["warehouse"]["lag"] == 0
    metrics = server.client.get("/metrics").text
    assert f"keyline_warehouse_position {parts['warehouse']['position']}.0" in metrics


@pytest.mark.parametrize("name", NAMES)
def test_a_process_that_is_killed_is_there_again_and_nothing_is_lost(
    server: Apart, name: str
) -> None:
    first = register(server.client, name=f"Before {name}")
    server.count(first["position"])
    server.kill(name)
    second = register(server.client, name=f"After {name}")
    names = {f"Before {name}", f"After {name}"}
    for then in ({}, {"as_of_position": second["position"]}):
        server.count(second["position"], **then)
        answer = server.client.get("/customers", params={"sort": "-name", **then})
        assert names <= {each["name"] for each in answer.json()["items"]}
    assert server.processes()[name]["restarts"] > 0
    assert server.ready()["faults"] == []


def test_a_read_of_the_past_waits_while_the_warehouse_is_started_again(server: Apart) -> None:
    position = register(server.client, name="Waits")["position"]
    process = psutil.Process(server.processes()["warehouse"]["pid"])
    restarts = server.processes()["warehouse"]["restarts"]
    process.kill()
    until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    answer = server.client.get("/customers", params={"as_of_position": position})
    assert answer.status_code == 200, answer.text
    until(lambda: server.processes()["warehouse"]["restarts"] > restarts and all_up(server.data))


def test_what_the_warehouse_has_is_asked_for_by_the_one_address(server: Apart) -> None:
    assert server.client.get("/parked").json() == {"items": [], "passed_over": []}
    for verb in ("retry", "skip"):
        answer = server.client.post(f"/parked/facts/nothing/{verb}")
        assert answer.status_code == 404, answer.text
        assert "facts has no parked events" in answer.json()["detail"]


def test_rows_and_warehouse_are_rebuilt_and_checked_while_they_are_served(server: Apart) -> None:
    register(server.client, name="Rebuilt")
    for arguments in (("rebuild",), ("rebuild", "facts"), ("replay", "--check")):
        done = keyline(server.data, *arguments, port=str(server.port))
        assert done.returncode == 0, done.stdout + done.stderr
    assert server.ready()["faults"] == []


def test_a_second_server_on_the_same_data_is_refused_in_words(server: Apart) -> None:
    for processes in ("1", "3"):
        done = keyline(server.data, "serve", port=str(free_port()), processes=processes)
        assert done.returncode == 1
        assert f"Another server has the data folder {server.data}" in done.stderr
    assert server.ready()["status"] == "ready"


def test_what_cannot_begin_ends_the_server_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "warehouse.duckdb").write_bytes(b"no warehouse" * 1000)
    done = keyline(tmp_path, "serve", port=str(free_port()), processes="3")
    assert done.returncode == 1
    assert "warehouse.duckdb" in done.stderr
    assert ProcessBook(tmp_path).entries() == []


def ended(family: list[psutil.Process]) -> Callable[[], bool]:
    """Return a function that tells whether none of these processes runs any more."""

    def all_ended() -> bool:
        return not any(
            each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in family
        )

    return all_ended


def test_the_children_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    server = Process(environment(tmp_path, processes="3"), "serve")
    with ending([server]):
        server.start()
        until(lambda: all_up(tmp_path))
        children = server.family()[1:]
        assert len(children) == len(NAMES)
        server.end(signal.SIGKILL)
        until(ended(children))
    with apart(tmp_path) as again:
        assert again.ready()["status"] == "ready"


def test_the_children_end_in_order_with_the_server(tmp_path: Path) -> None:
    with apart(tmp_path) as server:
        family = psutil.Process(server.copy.pid).children(recursive=True)
    assert ended(family)()
    assert ProcessBook(tmp_path).entries() == []
