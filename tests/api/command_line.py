"""The real command line in processes of their own, as tests drive it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.api import warm

ROOT = Path(__file__).parents[2]


def environment(data: Path, **settings: str) -> dict[str, str]:
    """Return an environment with these settings and no others of ours; `port` is KEYLINE_PORT."""
    ours = {f"KEYLINE_{name.upper()}": value for name, value in settings.items()}
    others = {name: text for name, text in os.environ.items() if not name.startswith("KEYLINE_")}
    return others | warm.CONSOLE | {"PYTHONUNBUFFERED": "1"} | {"KEYLINE_DATA": str(data)} | ours


def command(*arguments: str) -> list[str]:
    """Return the words that run `keyline` with these arguments."""
    return [sys.executable, "-m", "api.cli.main", *arguments]


def keyline(data: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return warm.run(arguments, ROOT, environment(data, **settings))


@contextmanager
def running(
    data: Path, *arguments: str, until: str, **settings: str
) -> Iterator[tuple[warm.Copy, list[str]]]:
    """Run a command until it has printed a line with `until`; yields it and its lines so far.

    It is ended by Ctrl-C, unless the block has done so, and must end with status 0.
    """
    with tempfile.TemporaryDirectory(prefix="keyline-told-") as folder:
        told = Path(folder, "told")
        told.touch()
        process = warm.Copy(arguments, ROOT, environment(data, **settings), told)
        lines: list[str] = []
        try:
            while not any(until in line for line in lines):
                assert process.status is None, "\n".join(lines[-40:])
                time.sleep(0.02)
                lines[:] = told.read_text().splitlines()
            yield process, lines
        finally:
            process.send_signal(signal.SIGINT)
            try:
                status = process.wait(300)
            finally:
                lines[:] = told.read_text().splitlines()
                if process.status != 0:
                    print(*lines[-200:], sep="\n")  # shown where the test fails
    assert status == 0, "\n".join(lines[-40:])


def try_call(line: str, key: str = "") -> httpx.Response:
    """Do what a line with `curl` says, as far as our lines go."""
    words = iter(shlex.split(line)[1:])
    headers: dict[str, str] = {}
    url, body = "", None
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value.replace("$KEYLINE_ADMIN_KEY", key)
        elif word == "-d":
            body = next(words).encode()
        elif not word.startswith("-"):
            url = word
    method = "POST" if body is not None else "GET"
    return httpx.request(method, url, headers=headers, content=body, timeout=30)
