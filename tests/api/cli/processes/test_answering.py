"""Several processes at one address: each answers, counts for all, and may be killed."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from adapters.local.kafka import LocalKafka
from adapters.local.process import free_port
from api.kernel.peers import put_together
from api.kernel.process_book import ProcessBook
from tests.api.asking import register
from tests.api.command_line import keyline, running
from tests.streams.flow import until

KEY = "a-key-of-thirty-characters-long"
NAMES = ("api-1", "api-2", "api-3")


@pytest.mark.kafka
@pytest.mark.postgres
def test_each_answers_and_tells_what_all_count_and_one_that_is_killed_is_back(
    tmp_path: Path, kafka: LocalKafka, topic_prefix: str, postgres_url: str
) -> None:
    port = free_port()
    settings = {"kafka": kafka.bootstrap, "topics": topic_prefix, "journal": postgres_url}
    settings |= {
        "port": str(port),
        "admin_key": KEY,
        "warehouse": f"http://127.0.0.1:{free_port()}",
    }

    def book() -> dict[str, dict[str, Any]]:
        return {each["name"]: each for each in ProcessBook(tmp_path).read()}

    def client() -> httpx.Client:
        return httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {KEY}"},
            trust_env=False,
            timeout=60,
        )

    def registered() -> dict[str, float]:
        """Return how many customers each process has registered, as any of them tells."""
        with client() as asking:
            text = asking.get("/metrics").text
        counted = re.findall(
            r'keyline_commands_total\{command="customer.register",outcome="accepted",'
            r'process="(.*)"\} (.*)',
            text,
        )
        up = dict(re.findall(r'keyline_process_up\{process="(.*)"\} (.*)', text))
        assert up.keys() == {*NAMES}
        return {name: float(number) for name, number in counted if up[name] == "1.0"}

    with running(tmp_path, "serve", "--processes", "3", until="Three calls", **settings):
        assert book().keys() == {*NAMES, "supervisor"}
        count = 0
        while len(registered()) < len(NAMES):  # the kernel draws who gets a connection
            with client() as one:
                register(one, name=f"Customer {count}")
            count += 1
        assert sum(registered().values()) == count
        psutil.Process(book()["api-2"]["pid"]).kill()
        for number in range(10):  # whoever comes meanwhile is answered, at once or by its successor
            with client() as one:
                register(one, name=f"Meanwhile {number}")
        until(lambda: book()["api-2"]["restarts"] == 1 and book()["api-2"]["up"])
        until(lambda: len(registered()) >= 2)
        with client() as one:
            assert one.get("/readyz").json()["position"] >= count + 10
    assert ProcessBook(tmp_path).read() == []


def test_several_need_the_warehouse_elsewhere_and_an_address_that_nobody_has(
    tmp_path: Path,
) -> None:
    settings = {"kafka": "127.0.0.1:9", "journal": f"sqlite:///{tmp_path / 'journal.db'}"}
    told = keyline(tmp_path, "serve", "--processes", "2", **settings)
    assert told.returncode == 2
    assert "KEYLINE_WAREHOUSE" in told.stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings |= {"warehouse": "http://127.0.0.1:9", "port": str(port)}
        told = keyline(tmp_path, "serve", "--processes", "2", **settings)
    assert told.returncode == 2
    assert f"Cannot listen on 127.0.0.1:{port}" in told.stderr
    told = keyline(tmp_path, "serve", "--processes", "2")
    assert told.returncode == 2
    assert "KEYLINE_PROCESSES is 1 or 3" in told.stderr


def test_what_several_count_is_told_with_whose_it_is_and_who_did_not_tell() -> None:
    some = '# HELP a_total All\n# TYPE a_total counter\na_total{of="x"} %d\n'
    text, media_type = put_together({"one": some % 1, "two": some % 2, "three": None}, "")
    assert media_type.startswith("text/plain")
    assert text.decode().splitlines() == [
        "# HELP a_total All",
        "# TYPE a_total counter",
        'a_total{of="x",process="one"} 1.0',
        'a_total{of="x",process="two"} 2.0',
        "# HELP keyline_process_up Whether a process that answers told its numbers",
        "# TYPE keyline_process_up gauge",
        'keyline_process_up{process="one"} 1.0',
        'keyline_process_up{process="two"} 1.0',
        'keyline_process_up{process="three"} 0.0',
    ]
