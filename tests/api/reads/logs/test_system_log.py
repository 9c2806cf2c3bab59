"""The system log over HTTP and on the terminal: starts, jobs, refusals, alarms, found again."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from adapters.logs.console_log import configure
from adapters.logs.system_log_queries import Wanted, entries
from adapters.settings import Settings
from api.cli.system_log import log_lines
from api.kernel.job_log import job, recording
from api.kernel.process import Parts
from api.server.alarms import Watch, alarms
from tests.api.asking import problem
from tests.api.conftest import KEY, serving


def items(client: httpx.Client, **wanted: Any) -> list[dict[str, Any]]:
    answer = client.get("/system-log", params=wanted)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, port=0, admin_key=KEY)


@pytest.fixture
def client(settings: Settings) -> Any:
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as client,
    ):
        yield client


def test_a_start_is_in_it_with_the_settings_in_force_and_no_secret(client: httpx.Client) -> None:
    (started,) = items(client, event="process.started")
    in_force = started["data"]["settings"]
    assert in_force["KEYLINE_QUEUE"] == "4096"
    assert in_force["KEYLINE_ADMIN_KEY"] == "***"
    assert KEY not in json.dumps(items(client, limit=1000))
    assert items(client, event="server.started")[0]["process"].startswith("api ")


def test_refused_strangers_are_in_it(client: httpx.Client) -> None:
    httpx.get(f"{client.base_url}/customers", trust_env=False)
    (refused,) = items(client, event="request.refused")
    assert (refused["level"], refused["data"]["address"]) == ("warning", "127.0.0.1")


def test_it_is_paged_exported_and_checked(client: httpx.Client) -> None:
    log = structlog.get_logger("api.test")
    for number in range(5):
        log.info("step.done", number=number)
    first = client.get("/system-log", params={"event": "step.*", "limit": 2})
    second = client.get(first.links["next"]["url"])
    numbers = [each["data"]["number"] for each in first.json()["items"] + second.json()["items"]]
    assert numbers == [4, 3, 2, 1]
    lines = client.get("/system-log", params={"event": "step.done", "format": "ndjson"})
    assert [json.loads(line)["event"] for line in lines.text.splitlines()] == ["step.done"] * 5
    asked = {"event": "step.done", "format": "csv"}
    head, *rows = csv.reader(client.get("/system-log/export", params=asked).text.splitlines())
    found = [dict(zip(head, row, strict=True)) for row in rows]
    assert [json.loads(each["data"])["number"] for each in found] == [4, 3, 2, 1, 0]
    assert found[0]["time"] == items(client, event="step.done")[0]["time"]
    problem(client.get("/system-log?level=loud"), 422, "invalid-parameter")
    problem(client.get("/system-log?colour=red"), 422, "invalid-parameter")


def test_nobody_reads_it_without_a_key(client: httpx.Client) -> None:
    answer = httpx.get(f"{client.base_url}/system-log", trust_env=False)
    problem(answer, 401, "unauthenticated")


def test_a_stop_is_in_it_after_the_server_has_ended(settings: Settings) -> None:
    with serving(settings):
        pass
    lines = list(log_lines(settings, None, None, None, None, None, 100, True))
    events = [json.loads(line)["event"] for line in lines]
    assert events[0] == "process.stopped"
    assert "server.stopped" in events


def test_jobs_are_in_it_with_outcome_and_duration(settings: Settings) -> None:
    configure("console")
    with job(settings, "export", folder=Path("out")) as outcome:
        outcome["position"] = 17
    with pytest.raises(ValueError, match="no such sheet"), job(settings, "import"):
        raise ValueError("no such sheet")
    with recording(settings, "test") as log:
        log.settled()
        failed, _, done, started = entries(log.engine, Wanted(event="job.*"), None, 10)
    assert started["data"] == {"job": "export", "folder": "out"}
    assert (done["data"]["outcome"], done["data"]["position"]) == ("done", 17)
    assert done["data"]["seconds"] >= 0
    assert (failed["level"], failed["data"]["error"]) == ("error", "ValueError: no such sheet")
    (line,) = log_lines(settings, "error", None, None, None, None, 10, False)
    assert "job.ended" in line
    assert "no such sheet" in line


def test_alarms_name_what_is_wrong() -> None:
    status: dict[str, Any] = {"faults": ["rows: Broken: x"], "altered": ["events: 3"]}
    status |= {"parts": {"rows": {"position": 1, "lag": 200_000}}}
    assert alarms(status, 1) == {
        "fault rows": "rows: Broken: x",
        "altered": "the journal is not what was recorded: events: 3",
        "disk": "the disk is nearly full",
        "lag rows": "rows is 200000 events behind",
    }
    assert alarms({"faults": [], "parts": {}, "altered": []}, 2**40) == {}


def test_an_alarm_is_entered_when_it_begins_and_when_it_is_over(settings: Settings) -> None:
    configure("console")
    parts = Parts(replace(settings, admin_key=KEY))
    watch = Watch(parts)
    worker = parts.workers[0]
    worker.error = "Broken: x"
    watch.look()
    watch.look()
    worker.error = None
    watch.look()
    parts.system_log.settled()
    found = entries(parts.system_log.engine, Wanted(event="alarm.*"), None, 10)
    assert [each["event"] for each in found] == ["alarm.over", "alarm.raised"]
    assert "Broken: x" in found[0]["data"]["text"]
    parts.executor.start()
    for pulse in parts._pulses:
        pulse._thread.start()
    parts.stop()
