"""Health: alive, ready, measured; and the book that explains each problem."""

import httpx

from tests.api.asking import head, problem, register


def test_a_server_that_works_says_so_with_the_lag_of_each_part(stranger: httpx.Client) -> None:
    assert stranger.get("/livez").json() == {"status": "alive"}
    found = stranger.get("/readyz")
    assert found.status_code == 200
    assert found.json()["faults"] == []
    assert {"rows", "warehouse"} <= found.json()["parts"].keys()
    assert found.json()["disk_free_bytes"] > 0


def test_metrics_count_commands_by_outcome_and_time_requests(client: httpx.Client) -> None:
    id = register(client)["id"]
    client.post(f"/customers/{id}/resume", json={})
    client.get(f"/customers/{id}")
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
