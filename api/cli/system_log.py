"""The system log as lines on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from adapters.logs.system_log import LEVELS
from adapters.logs.system_log_queries import Wanted, entries
from adapters.settings import Settings
from adapters.storage.databases import connect
from api.kernel.problems import InvalidParameter
from api.kernel.reading.read_parameters import JSON, span
from api.kernel.terminal import Failure


def log_lines(
    settings: Settings,
    level: str | None,
    event: str | None,
    text: str | None,
    since: str | None,
    to: str | None,
    limit: int,
    as_json: bool,
) -> Iterator[str]:
    """Yield wanted entries, newest first, as text or JSON. Raises `Failure` for a wrong option."""
    if level is not None and level not in LEVELS:
        raise Failure(f"--level is one of {', '.join(LEVELS)}.", 2)
    try:
        begin, end = span(since, to)
        wanted = Wanted(
            since=begin,
            until=end,
            level=level,
            event=event,
            text=text,
        )
    except InvalidParameter as error:
        raise Failure(
            f"--{error.errors[0]['parameter']}: {error.errors[0]['detail']}", 2
        ) from error
    engine = connect(settings.system_log_url, "normal")
    try:
        for each in entries(engine, wanted, None, limit):
            if as_json:
                yield orjson.dumps(each, option=JSON).decode()
                continue
            said = " ".join(f"{name}={value}" for name, value in each["data"].items())
            when = each["time"].strftime("%Y-%m-%d %H:%M:%S")
            yield f"{when} {each['level']:<8} {each['process']}: {each['event']} {said}".rstrip()
    finally:
        engine.dispose()
