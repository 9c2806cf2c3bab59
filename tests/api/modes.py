"""The two ways to run Keyline: in one process, and scaled out over PostgreSQL and Kafka."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from adapters.local.kafka import LocalKafka
from adapters.local.postgres import LocalPostgres
from adapters.settings import Settings
from adapters.storage.databases import connect
from projections.kernel.rows.projector import Projector
from streams.followers.project_rows import KafkaProjection
from streams.kafka.event_relay import Relay
from streams.kafka.operation_relay import OperationRelay
from streams.kernel.worker import Worker
from tests.api.conftest import KEY, serving
from tests.streams.flow import working

ONE, MANY = "one process", "scaled out"

MODES = (ONE, pytest.param(MANY, marks=[pytest.mark.postgres, pytest.mark.kafka]))
"""For fixtures that run what asks for them in both ways."""

PARTITIONS = 2


@contextmanager
def deployed(request: pytest.FixtureRequest, data: Path, **chosen: Any) -> Iterator[Settings]:
    """Run Keyline as `request.param` says, with chosen settings.

    Yields its settings, with the port it answers on.
    """
    settings = Settings(data=data, port=0, admin_key=KEY, **chosen)
    if request.param == ONE:
        with serving(settings) as address:
            yield _at(settings, address)
        return
    postgres: LocalPostgres = request.getfixturevalue("postgres")
    kafka: LocalKafka = request.getfixturevalue("kafka")
    name = f"test_{uuid4().hex}"
    settings = dataclasses.replace(
        settings,
        journal=postgres.create_database(name),
        kafka=kafka.bootstrap,
        topics=f"test-{name[-12:]}.",
        partitions=PARTITIONS,
    )
    with (
        carried(settings),
        serving(settings, "warehouse") as warehouse,
        serving(dataclasses.replace(settings, warehouse=warehouse)) as address,
    ):
        yield _at(settings, address)
    postgres.drop_database(name)


@contextmanager
def carried(settings: Settings) -> Iterator[Kafka]:
    """Carry what happens to Kafka, and from there into the rows, within the block."""
    cluster = Kafka(settings.kafka, settings.topics, settings.partitions)
    journal, rows = Journal(settings.journal_url), connect(settings.rows_url, "normal")
    journal.create()
    works: list[Callable[[Worker], None]] = [
        Relay(journal, cluster).work,
        OperationRelay(journal, cluster).work,
        KafkaProjection(cluster, Projector(rows, histories=journal.history)).work,
    ]
    with working(*works):
        yield cluster
    rows.dispose()
    journal.close()


@contextmanager
def administrator(settings: Settings) -> Iterator[httpx.Client]:
    """Give a client with the administrator's key."""
    headers = {"Authorization": f"Bearer {KEY}"}
    address = f"http://{settings.host}:{settings.port}"
    with httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module", params=MODES)
def system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of what runs, for all tests of a module; it imports this, and `running`."""
    with deployed(request, tmp_path_factory.mktemp("keyline")) as settings:
        yield settings


@pytest.fixture(scope="module")
def running(system: Settings) -> Iterator[httpx.Client]:
    """The administrator's client of what runs."""
    with administrator(system) as client:
        yield client


def _at(settings: Settings, address: str) -> Settings:
    return dataclasses.replace(settings, port=int(address.rpartition(":")[2]))
