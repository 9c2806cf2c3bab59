"""Projectors of one machine: several share the work, each may be killed, status tells of them."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from adapters.local.kafka import LocalKafka
from adapters.settings import Settings, SettingsError
from adapters.storage.databases import connect
from api.cli.processes.projectors import MOST, members
from api.kernel.process_book import ProcessBook
from projections.kernel.rows.projector import Projector
from streams.kafka.event_relay import Relay
from tests.api.command_line import keyline, running
from tests.bench.bulk import fill
from tests.streams.flow import until, working

SETTINGS = Settings(kafka="127.0.0.1:9092")


def test_there_are_as_many_as_are_set_and_no_more_than_partitions() -> None:
    assert 1 <= members(SETTINGS) <= MOST
    assert members(dataclasses.replace(SETTINGS, projectors=6)) == 6
    assert members(dataclasses.replace(SETTINGS, projectors=6, partitions=2)) == 2
    assert members(Settings(projectors=6)) == 1
    with pytest.raises(SettingsError, match="KEYLINE_PROJECTORS"):
        Settings.read({"KEYLINE_PROJECTORS": "-1"})


@pytest.mark.kafka
def test_each_may_be_killed_and_is_back_and_the_rows_are_those_of_the_journal(
    tmp_path: Path, kafka: LocalKafka, topic_prefix: str
) -> None:
    chosen = {"kafka": kafka.bootstrap, "topics": topic_prefix, "partitions": "2"}
    settings = Settings(data=tmp_path)
    journal, engine = Journal(settings.journal_url), connect(settings.rows_url, "normal")
    journal.create()
    last = fill(journal, 300, 300)

    def started(name: str) -> dict[str, Any]:
        """Return what the book has of one, once all are up."""
        found = {each["name"]: each for each in ProcessBook(tmp_path).read()}
        return found[name] if len(found) == 3 and all(e["up"] for e in found.values()) else {}

    with (
        running(tmp_path, "project", until="assigned", projectors="2", **chosen),
        working(Relay(journal, Kafka(kafka.bootstrap, topic_prefix, 2)).work),
    ):
        for name in ("project-1", "project-2"):
            until(partial(started, name))
            psutil.Process(started(name)["pid"]).kill()
            until(lambda: started(name).get("restarts") == 1)  # noqa: B023
        until(lambda: Projector(engine).position() == last)
        told = keyline(tmp_path, "status", **chosen)
        assert all(name in told.stdout for name in ("project-1", "project-2", "supervisor"))
    assert ProcessBook(tmp_path).read() == []
    checked = keyline(tmp_path, "replay", "--check", **chosen)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    engine.dispose()
    journal.close()
