"""Projectors: the processes of one machine that share the partitions of Kafka among them."""

from __future__ import annotations

import gc
import os
from functools import partial

from adapters.settings import Settings
from api.app import warmed
from api.cli.processes.child import Child
from api.cli.processes.family import Family, Up, parenthood
from api.cli.processes.memory import share
from api.cli.processes.work import project
from api.kernel.job_log import recording
from api.kernel.process_book import ProcessBook
from domain.kernel.aggregate import new_id

MOST = 4
"""Processes that are begun unless more are asked for: the row database has to keep up with them."""

COLLECTED = (50_000, 20, 100)
"""When Python looks for garbage: a batch is many objects without cycles; by default a quarter of
the processor time goes into looking through them.
"""


def members(settings: Settings) -> int:
    """Return in how many processes this machine is to keep the rows up to date."""
    if not settings.kafka:
        return 1
    return min(settings.projectors or min(os.cpu_count() or 1, MOST), settings.partitions)


def project_all(settings: Settings) -> None:
    """Keep the rows up to date until Ctrl-C or SIGTERM, in as many processes as are set.

    One that dies is there again at once, with the partitions that it had: by its name in the group
    of all projectors, which it shares with no other, and which no other start of ours has.
    """
    count = members(settings)
    if count == 1:
        with recording(settings, "project"):
            project(settings)
        return
    with parenthood():
        group = new_id()

        def follow(name: str, up: Up) -> None:
            gc.set_threshold(*COLLECTED)
            with recording(settings, name, beside=name != names[0]):
                project(settings, up=up, name=f"{group}-{name}")

        names = [f"project-{number}" for number in range(1, count + 1)]
        warmed()
        share()
        children = {name: Child(name, partial(follow, name)) for name in names}
        Family(children, ProcessBook(settings.data, "project")).run(lambda: None)
