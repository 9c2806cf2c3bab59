"""Scaled out: the server takes commands, other workers carry them over Kafka to where it reads."""

from pathlib import Path

import httpx
import pytest

from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from adapters.local.kafka import LocalKafka
from adapters.settings import Settings
from adapters.storage.databases import connect
from projections.kernel.rows.projector import Projector
from streams.followers.project_rows import KafkaProjection
from streams.kafka.event_relay import Relay
from streams.kernel.worker import Worker
from tests.api.asking import head, not_ready, problem, register, until_ready
from tests.api.conftest import KEY, serving


@pytest.mark.kafka
@pytest.mark.postgres
def test_a_client_reads_its_own_writes_through_kafka(
    tmp_path: Path, kafka: LocalKafka, postgres_url: str, topic_prefix: str
) -> None:
    settings = Settings(
        data=tmp_path,
        port=0,
        admin_key=KEY,
        journal=postgres_url,
        kafka=kafka.bootstrap,
        topics=topic_prefix,
        partitions=2,
    )
    cluster = Kafka(kafka.bootstrap, topic_prefix, 2)
    headers = {"Authorization": f"Bearer {KEY}"}
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False) as client,
    ):
        made = register(client, name="Through Kafka")
        path, ask = f"/customers/{made['id']}", {"min_position": made["position"]}
        early = client.get(path, params=ask)
        problem(early, 503, "not-yet")
        assert early.headers["retry-after"] == "1"
        beyond = client.get(path, params={"min_position": head(client) + 1})
        problem(beyond, 422, "invalid-parameter")
        assert "rows is at 0" in not_ready(client)
        journal, rows = Journal(postgres_url), connect(postgres_url, "normal")
        workers = [
            Worker("publish", Relay(journal, cluster).work),
            Worker(
                "project", KafkaProjection(cluster, Projector(rows, histories=journal.history)).work
            ),
        ]
        for worker in workers:
            worker.start()
        try:
            for _ in range(12):
                answer = client.get(path, params=ask)
                if answer.status_code == 200:
                    break
            assert answer.json()["name"] == "Through Kafka"
            ready = until_ready(client)  # the topics of other kinds come in their own time
            assert ready["parts"]["rows"]["position"] >= made["position"]
        finally:
            for worker in workers:
                worker.halt()
            for worker in workers:
                worker.stop()
            rows.dispose()
            journal.close()
