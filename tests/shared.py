"""Servers that all processes of a run share: one starts each, and ends it when nobody uses it."""

import fcntl
import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from adapters.local.process import LocalServer

S = TypeVar("S", bound=LocalServer)


@contextmanager
def shared(kind: type[S], whole_run: Path, **options: Any) -> Iterator[S]:
    """Yield a server that runs: the one of this run, which whoever comes first starts.

    Args:
        kind: Which server.
        whole_run: The folder that all processes of this run share.
        options: What the server is made with, beside its folder and port.
    """
    place = whole_run / f"{kind.__name__}.json"
    with place.with_suffix(".users").open("a") as users, ExitStack() as end:
        with place.with_suffix(".lock").open("a") as one_at_a_time:
            fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_SH)
            if place.exists():
                folder, port = json.loads(place.read_text())
                server = kind(Path(folder), port, **options)
            else:
                folder = end.enter_context(tempfile.TemporaryDirectory(prefix="keyline-"))
                server = kind(Path(folder), **options)
                end.enter_context(server)
                place.write_text(json.dumps([folder, server.port]))
                end.callback(place.unlink)
                end.callback(fcntl.flock, users.fileno(), fcntl.LOCK_EX)  # until all have done
        yield server
