"""The scaled-out system on one machine: real servers and every process, watched until Ctrl-C."""

from __future__ import annotations

import dataclasses
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path

import api
from adapters.identity.https_get import Unanswered, ask
from adapters.local.kafka import LocalKafka
from adapters.local.postgres import LocalPostgres
from adapters.local.process import LocalProcess, LocalServerError, free_port
from adapters.settings import Settings
from adapters.storage.private_files import make_folder
from api.cli.processes.listening import bound
from api.cli.processes.prepare import prepare
from api.cli.processes.serve import welcome
from api.cli.processes.supervision import Part, together, watch
from api.kernel.terminal import Failure, notes

RESTARTS = 3
"""How often a part that ends by itself is started again within `MEMORY` seconds."""

MEMORY = 60.0

_COLOURS = ("green", "magenta", "blue", "yellow", "cyan")


class Service:
    """One of our own processes, with its log lines shown under its name."""

    def __init__(
        self, name: str, command: list[str], folder: Path, environment: Mapping[str, str], url: str
    ) -> None:
        """Describe a process; `url` answers when it is ready, empty if it has none."""
        self.name = name
        self._command = [sys.executable, "-m", "api.cli.main", *command]
        # The packages are found also where Keyline is not installed but only checked out.
        self._environment = {**environment, "PYTHONPATH": str(Path(api.__path__[0]).parent)}
        self._url = url
        self._process = LocalProcess(name, folder / f"{name}.log", stop_signal=signal.SIGTERM)

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self._process.start(self._command, self._answers, env=self._environment)

    def stop(self) -> None:
        """End the process in order."""
        self._process.stop(20)

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.running

    @property
    def log(self) -> Path:
        """The file with all that the process says."""
        return self._process.log

    def _answers(self) -> bool:
        if not self._url:
            return True
        try:
            status, _ = ask(self._url, 2)
        except Unanswered:
            return False
        return status == HTTPStatus.OK


def cluster(settings: Settings) -> None:
    """Run the cluster until Ctrl-C or SIGTERM. Raises `Failure` when a part does not stay up."""
    for each in bound(settings):
        each.close()
    folder = settings.data.absolute() / "cluster"
    make_folder(folder)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    postgres = LocalPostgres(folder / "postgres")
    kafka = LocalKafka(folder / "kafka")
    parts: dict[str, Part] = {"PostgreSQL": postgres, "Kafka": kafka}
    try:
        with notes.status("Starting PostgreSQL and Kafka (the first time fetches 45 MB) …"):
            together(part.start for part in parts.values())
        chosen = dataclasses.replace(
            settings,
            data=folder,
            journal=postgres.create_database(),
            rows="",
            kafka=kafka.bootstrap,
            warehouse=f"http://127.0.0.1:{free_port()}",
        )
        key = prepare(chosen)
        services = _services(chosen, folder)
        parts |= {service.name: service for service in services}
        with _shown(services), notes.status("Starting the services …"):
            together(service.start for service in services)
            address = f"http://{settings.host}:{settings.port}"
            notes.print(welcome(address, settings, key))
            notes.print(f"Logs are in {folder}. Other commands see this system with")
            notes.print(f"  set -a; . {_write_settings(chosen, folder)}; set +a")
            notes.print("Ctrl-C ends all of it.")
            watch(parts, partial(_again, {}))
    except KeyboardInterrupt:
        notes.print("Ending …")
    except LocalServerError as error:
        raise Failure(str(error)) from error
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what ends now is not interrupted again
        together(part.stop for name, part in parts.items() if part not in (postgres, kafka))
        together([kafka.stop, postgres.stop])
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, before)


def _services(settings: Settings, folder: Path) -> list[Service]:
    common = {**os.environ, **_environment(settings)}
    host, port = settings.warehouse.removeprefix("http://").split(":")
    reports = {"KEYLINE_HOST": host, "KEYLINE_PORT": port, "KEYLINE_WAREHOUSE": ""}
    api_url = f"http://{settings.host}:{settings.port}/livez"
    return [
        Service("publish", ["publish"], folder, common, ""),
        Service("project", ["project"], folder, common, ""),
        Service(
            "warehouse", ["warehouse"], folder, common | reports, f"{settings.warehouse}/livez"
        ),
        Service("serve", ["serve", "--quiet"], folder, common, api_url),
    ]


def _environment(settings: Settings) -> dict[str, str]:
    """Return settings as environment variables, as they are for the processes of the cluster."""
    return settings.environment() | {"KEYLINE_DEMO": "0"}


def _write_settings(settings: Settings, folder: Path) -> Path:
    """Write the settings as a file for shells; it is for the owner's eyes, passwords are in it."""
    path = folder / "settings.env"
    path.touch(mode=0o600)
    given = {name: text for name, text in _environment(settings).items() if text}
    path.write_text("".join(f"{name}={shlex.quote(text)}\n" for name, text in given.items()))
    return path


def _again(ended: dict[str, list[float]], name: str) -> bool:
    """Note that a part has ended. Raises `Failure` when it does so too often."""
    now = time.monotonic()
    ended[name] = [at for at in ended.get(name, []) if now - at < MEMORY] + [now]
    if len(ended[name]) > RESTARTS:
        raise Failure(f"{name} does not stay up; its log says why.")
    return True


@contextmanager
def _shown(services: list[Service]) -> Iterator[None]:
    """Show the lines that services log while the block runs, each under its name."""
    stopping = threading.Event()
    threads = []
    for service, colour in zip(services, _COLOURS, strict=False):
        service.log.touch()
        thread = threading.Thread(target=_follow, args=(service, colour, stopping), daemon=True)
        thread.start()
        threads.append(thread)
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def _follow(service: Service, colour: str, stopping: threading.Event) -> None:
    with service.log.open(encoding="utf-8", errors="replace") as file:
        file.seek(0, os.SEEK_END)
        while not stopping.is_set():
            if line := file.readline():
                notes.print(f"[{colour}]{service.name:>9}[/] ", end="")
                notes.print(line.rstrip("\n"), markup=False, highlight=False)
            else:
                stopping.wait(0.1)
