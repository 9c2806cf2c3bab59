"""Recording: the system log of this process while it lives, and the jobs in it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from adapters.logs.system_log import SystemLog
from adapters.settings import Settings
from adapters.storage.private_files import make_folder, open_to_others
from api.kernel.settings_list import settings_list

said = structlog.get_logger(__name__)

_open: dict[str, tuple[SystemLog, int]] = {}
_lock = threading.Lock()


def begin(settings: Settings, process: str, beside: bool = False) -> SystemLog:
    """Return the system log of this process, begun unless it was already; `end` it as often.

    One that runs `beside` another says nothing of the machine that the other has said already.
    """
    with _lock:
        log, users = _open.get(settings.system_log_url, (None, 0))
        if log is None:
            make_folder(settings.data)
            log = SystemLog(settings.system_log_url, process, max(1, settings.system_log_days))
            log.start()
            in_force = {name: value for name, value, _, _ in settings_list(settings)}
            log.say("process.started", settings=in_force)
            for path, mend in () if beside else open_to_others(settings):
                said.warning("files-open-to-others", path=str(path), mend=mend)
        _open[settings.system_log_url] = (log, users + 1)
        return log


def end(settings: Settings) -> None:
    """End the system log of this process when nothing in it needs it any more."""
    with _lock:
        log, users = _open.pop(settings.system_log_url)
        if users > 1:
            _open[settings.system_log_url] = (log, users - 1)
            return
    log.say("process.stopped")
    log.stop()


@contextmanager
def recording(settings: Settings, process: str, beside: bool = False) -> Iterator[SystemLog]:
    """Keep what this process says in the system log within the block, as `begin` does."""
    log = begin(settings, process, beside)
    try:
        yield log
    finally:
        end(settings)


@contextmanager
def job(settings: Settings, name: str, **about: Any) -> Iterator[dict[str, Any]]:
    """Enter a job in the system log: that it began, how it ended, how long it took.

    What the block puts into the dictionary that it gets is part of the outcome.
    """
    found: dict[str, Any] = {}
    began = time.monotonic()
    with recording(settings, name) as log:
        log.say("job.started", job=name, **about)
        try:
            yield found
        except BaseException as error:
            seconds = round(time.monotonic() - began, 3)
            told = {"outcome": "failed", "error": f"{type(error).__name__}: {error}"}
            log.say("job.ended", logging.ERROR, job=name, seconds=seconds, **about, **told)
            raise
        seconds = round(time.monotonic() - began, 3)
        log.say("job.ended", job=name, outcome="done", seconds=seconds, **about, **found)
