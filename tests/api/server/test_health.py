"""Health: alive, ready, measured; and the book that explains each problem."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from adapters.settings import Settings
from adapters.storage.databases import connect
from api.kernel.process import Parts, Role
from api.server.alarms import astray
from tests.api.asking import head, not_ready, problem, register, until_ready
from tests.api.conftest import KEY, serving


def test_a_server_that_works_says_so_with_the_lag_of_each_part(stranger: httpx.Client) -> None:
    assert stranger.get("/livez").json() == {"status": "alive"}
    found = until_ready(stranger)
    assert found["faults"] == []
    assert {"rows", "warehouse"} <= found["parts"].keys()
    assert found["disk_free_bytes"] > 0
    assert 0 < found["warehouse_memory"]["bytes"] <= found["warehouse_memory"]["limit"]


@pytest.mark.postgres
def test_ready_means_that_lists_have_what_was_recorded_before_the_start(
    tmp_path: Path, postgres_url: str
) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, journal=postgres_url)
    with began(settings) as client:
        made = register(client)
        until_ready(client)
    rows = connect(postgres_url, "normal")
    with rows.begin() as connection:
        connection.exec_driver_sql("UPDATE positions SET position = 0")
        connection.exec_driver_sql("DELETE FROM customers")
    with rows.connect() as holder:
        holder.exec_driver_sql("LOCK TABLE customers IN EXCLUSIVE MODE")  # it can be read
        with began(settings) as client:
            assert f"rows is at 0, not yet at {made['position']} as" in not_ready(client)
            assert client.get("/customers").json()["items"] == []
            holder.rollback()
            until_ready(client)
            assert [each["id"] for each in client.get("/customers").json()["items"]] == [made["id"]]
    rows.dispose()


@pytest.mark.parametrize(("role", "part"), [("api", "rows"), ("warehouse", "warehouse")])
def test_a_process_that_has_read_nothing_yet_is_not_where_it_should_be(
    tmp_path: Path, role: Role, part: str
) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, warehouse="http://127.0.0.1:9")
    with began(settings) as client:
        last = register(client)["position"]
        until_ready(client)
    for kept in tmp_path.glob("rows.db*"):
        kept.unlink()
    parts = Parts(settings, role)  # nothing runs yet
    try:
        (told,) = astray(parts.status())
        assert told == f"{part} is at 0, not yet at {last} as the journal was at the start"
        ahead = {"parts": {part: {"position": last + 1}}}
        (told,) = astray(parts.status() | ahead)
        assert told == f"{part} is at {last + 1}, the journal only at {last}: it is an older one"
    finally:
        parts.rows.dispose()
        parts.journal.close()


@contextmanager
def began(settings: Settings) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as client,
    ):
        yield client


def test_metrics_count_commands_by_outcome_and_time_requests(client: httpx.Client) -> None:
    registered = register(client)
    id = registered["id"]
    client.post(f"/customers/{id}/resume", json={})
    client.get(f"/customers/{id}", params={"min_position": registered["position"]})
    text = client.get("/metrics").text
    for sample in (
        'keyline_commands_total{command="customer.register",outcome="accepted"}',
        'keyline_commands_total{command="customer.resume",outcome="suspension-required"}',
        'keyline_http_request_seconds_count{method="GET",route="/customers/{id}",status="200"}',
        "keyline_command_seconds_count",
        "keyline_rows_position",
        "keyline_warehouse_position",
        f"keyline_position {float(head(client))}",
    ):
        assert sample in text, sample


def test_every_problem_and_every_rule_has_its_page(stranger: httpx.Client) -> None:
    items = stranger.get("/problems").json()["items"]
    names = {item["type"].rpartition("/")[2] for item in items}
    assert {"parent-cycle", "stale-version", "unauthenticated", "key-reused"} <= names
    for item in items:
        assert item["meaning"]
        assert stranger.get(item["type"]).json() == item
    problem(stranger.get("/problems/nonsense"), 404, "not-found")


def test_a_person_is_led_to_the_documentation(stranger: httpx.Client) -> None:
    answer = stranger.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")
