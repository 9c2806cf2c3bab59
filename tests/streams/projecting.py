"""Projects accounts until it is killed, for tests: `… <journal> <rows> [<kafka> <topics> …]`.

With a name in the group of projectors besides, the others do its work only after a minute.
"""

import sys

from adapters.journal.journal import Journal
from adapters.kafka.cluster import Kafka
from adapters.storage.databases import connect
from projections.kernel.rows.projector import Projector
from streams.followers.project_rows import JournalProjection, KafkaProjection
from streams.kernel.worker import Worker
from tests.projections.accounts import accounts
from tests.streams.flow import SOON


def main(journal_url: str, rows_url: str, *cluster: str) -> None:
    """Project until killed; from Kafka if a cluster is named."""
    projector = Projector(connect(rows_url, "normal"), {accounts.name: accounts})
    if cluster:
        bootstrap, topics, *name = cluster
        kafka = Kafka(bootstrap, topics, 3, patience_ms=60_000 if name else SOON)
        work = KafkaProjection(kafka, projector, *name).work
    else:
        work = JournalProjection(Journal(journal_url), projector).work
    Worker("rows", work).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
