"""The scaled-out system on one machine: it starts, works, mends itself and ends in order."""

from __future__ import annotations

import shlex
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from adapters.local.process import free_port
from tests.api.command_line import keyline, running

KEY = "a-key-of-thirty-characters-long"


@pytest.mark.postgres
@pytest.mark.kafka
def test_the_cluster_works_mends_itself_and_ends_cleanly(tmp_path: Path) -> None:
    port = free_port()
    with (
        running(
            tmp_path, "cluster", until="Ctrl-C ends", port=str(port), admin_key=KEY, partitions="2"
        ) as (process, _),
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=60,
        ) as client,
    ):
        family = psutil.Process(process.pid).children(recursive=True)

        def register(name: str) -> int:
            answer = client.post("/customers", json={"name": name, "unit": "group"})
            assert answer.status_code == 201, answer.text
            position: int = answer.json()["position"]
            return position

        def names(position: int) -> list[str]:
            while True:
                answer = client.get("/customers", params={"min_position": position, "sort": "name"})
                if answer.status_code != 503:
                    return [item["name"] for item in answer.json()["items"]]

        first = register("广州银行")
        assert names(first) == ["广州银行"]
        report = client.get("/reports/customers", params={"by": "unit", "min_position": first})
        assert report.status_code == 200, report.text
        assert [(row["unit"], row["customers"]) for row in report.json()["rows"]] == [("group", 1)]

        text = (tmp_path / "cluster" / "settings.env").read_text()
        settings = dict(shlex.split(line)[0].split("=", 1) for line in text.splitlines())
        chosen = {name.removeprefix("KEYLINE_").lower(): each for name, each in settings.items()}
        folder = Path(chosen.pop("data"))
        rebuilt = keyline(folder, "rebuild", "--from-kafka", "customers", **chosen)
        assert rebuilt.returncode == 0, rebuilt.stderr
        checked = keyline(folder, "replay", "--check", **chosen)
        assert checked.returncode == 0, checked.stderr

        projectors = [each for each in family if each.cmdline()[-1:] == ["project"]]
        projectors[0].kill()  # the first, which has started the others
        assert len(names(register("深圳医院"))) == 2

        family = psutil.Process(process.pid).children(recursive=True)
        assert not set(projectors) & set(family)
    assert [each for each in family if each.is_running()] == []
