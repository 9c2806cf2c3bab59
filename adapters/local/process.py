"""Servers that run as our children: started, stopped, killed, and never left behind."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil  # type: ignore[import-untyped]

# Ends the server when the pipe from us breaks, that is when we are gone, however we went.
_WATCH = 'read -r _; kill -s "$2" "$1"; sleep 10; kill -s KILL "$1"'


class LocalServerError(Exception):
    """A local server could not be set up, started or reached; says why and what helps."""


def free_port() -> int:
    """Find a TCP port on loopback where nobody listens.

    Taken from below the range that systems give to outgoing connections: a client that keeps
    knocking while its server is down could otherwise be given that very port, and keep it.
    """
    for port in random.SystemRandom().sample(range(10_240, 32_768), 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise LocalServerError("found no free port on 127.0.0.1")


class LocalProcess:
    """One server process, its log file, and a watcher that ends it when we die."""

    def __init__(self, name: str, log: Path, *, stop_signal: signal.Signals) -> None:
        """Describe a server: its name in messages, its log, the signal it ends cleanly on."""
        self.name = name
        self.log = log
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id; LocalServerError if it is not running."""
        if self._process is None or not self.running:
            raise LocalServerError(f"{self.name} is not running")
        return self._process.pid

    def start(
        self,
        command: Sequence[str],
        answers: Callable[[], bool],
        *,
        env: Mapping[str, str] | None = None,
        timeout: float = 90,
    ) -> None:
        """Start the command and return once it answers.

        Args:
            command: The program and its arguments.
            answers: Asked again and again until it says yes.
            env: The whole environment, if not ours.
            timeout: Seconds to wait; recovery after a crash takes its time.

        Raises:
            LocalServerError: It ended or did not answer in time; has the end of the log.
        """
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C at the terminal reaches us alone, and we end it in order.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.log.parent,
                env=env,
                start_new_session=True,
            )
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", _WATCH, "sh", str(self._process.pid), self._stop_signal.name[3:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + timeout
        while not answers():
            if not self.running or time.monotonic() > deadline:
                what = "did not answer in time" if self.running else "ended at once"
                self.kill()
                raise LocalServerError(f"{self.name} {what}; {self._log_end()}")
            time.sleep(0.05)

    def stop(self, timeout: float = 60) -> None:
        """End the process in order; by force after `timeout` seconds. Idempotent."""
        if self._process is not None and self.running:
            self._process.send_signal(self._stop_signal)
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        self._forget()

    def kill(self) -> None:
        """End the process and all it has started by SIGKILL, as a power cut would. Idempotent."""
        if self._process is not None and self.running:
            server = psutil.Process(self._process.pid)
            server.suspend()  # so that it starts no more of them while we count
            family = [*server.children(recursive=True), server]
            for member in family:
                try:
                    member.kill()
                except psutil.NoSuchProcess:
                    continue
            self._process.wait()
            while any(map(_alive, family)):
                time.sleep(0.005)
        self._forget()

    def _forget(self) -> None:
        if self._process is not None:
            self._process.wait()
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
        self._process = self._watcher = None

    def _log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join([f"the end of {self.log}:", *lines])


class LocalServer(ABC):
    """A server of ours on 127.0.0.1 with its data in a folder, started when a block begins."""

    def __init__(
        self, folder: Path, port: int | None, name: str, log: str, stop_signal: signal.Signals
    ) -> None:
        """Describe a server; nothing is started yet.

        Args:
            folder: Holds data and log; made if need be, kept when the server stops.
            port: TCP port, the same over all restarts; by default a free one.
            name: What messages call it.
            log: The name of its log in the folder.
            stop_signal: What ends it in order.
        """
        self.folder = folder.resolve()
        self.port = port or free_port()
        self._data = self.folder / "data"
        self._process = LocalProcess(name, self.folder / log, stop_signal=stop_signal)

    @abstractmethod
    def _command(self) -> list[str]:
        """Make ready what the server needs, and return how it is started."""

    @abstractmethod
    def _answers(self) -> bool:
        """Tell whether the server answers."""

    def start(self) -> None:
        """Start the server and wait until it answers; recovers by itself after a kill.

        Raises:
            LocalServerError: It cannot be fetched or started here; says why.
        """
        if not self._process.running:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._process.start(self._command(), self._answers)

    def stop(self) -> None:
        """End the server in order; what is still connected is cut."""
        self._process.stop()

    def kill(self) -> None:
        """End every process of the server by SIGKILL; `start` brings it back."""
        self._process.kill()

    @property
    def running(self) -> bool:
        """Whether the server process is alive."""
        return self._process.running

    @property
    def pid(self) -> int:
        """The server's main process id."""
        return self._process.pid

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
