"""`keyline` in a process of its own without the seconds that its start takes.

A process that has imported everything, and made what each would make, is copied for each command.
"""

import faulthandler
import gc
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from signal import Signals, default_int_handler, signal
from typing import IO

from api.app import warmed
from domain.kernel.discovery import modules
from domain.kernel.types.personal import erasures

CONSOLE = {"COLUMNS": "200", "NO_COLOR": "1"}
"""Of the environment, what is read when modules are imported."""

KEYLINE = "api.cli.main"
"""The program of the command line, unless another module is to run it otherwise."""

_WARM = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload([f"{__package__}.warmed"])


def warm_up() -> None:
    """Import what a command may need, and make what depends on the code alone."""
    os.environ |= CONSOLE
    for layer in ("domain", "projections", "adapters", "streams", "api"):
        modules(layer)
    warmed()
    erasures()
    gc.freeze()  # copies share what is never collected


class Copy:
    """`keyline` with these arguments, running in a folder with no other environment.

    What it prints goes to the ends of two files, or of one; `program` is the module that runs it,
    or the text of one.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        out: Path,
        errors: Path | None = None,
        program: str = KEYLINE,
    ) -> None:
        """Start it."""
        told = (out, errors or out)
        self._process = _WARM.Process(
            target=_run, args=(arguments, folder, environment, told, program), daemon=True
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def status(self) -> int | None:
        """What it ended with, of a signal its negative number; `None` while it runs."""
        return self._process.exitcode

    def send_signal(self, which: Signals) -> None:
        """Send it a signal, unless it has ended."""
        if self.status is None:
            with suppress(ProcessLookupError):  # ended, and its status is on its way
                os.kill(self.pid, which)

    def wait(self, seconds: float) -> int:
        """Wait for its end, and return its status.

        Ends it and raises `TimeoutExpired` when it takes longer than so many seconds: it says first
        where each of its threads is.
        """
        self._process.join(seconds)
        if self._process.exitcode is None:
            self.send_signal(Signals.SIGABRT)
            self._process.join(10)
            self._process.kill()
            self._process.join()
            raise subprocess.TimeoutExpired(KEYLINE, seconds)
        return self._process.exitcode


def run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run `keyline` with these arguments in a folder to its end, with no other environment.

    Raises `TimeoutExpired` when it takes longer than so many seconds.
    """
    with tempfile.TemporaryDirectory(prefix="keyline-told-") as told:
        out, errors = (Path(told, name) for name in ("out", "err"))
        status = Copy(arguments, folder, environment, out, errors).wait(seconds)
        texts = (file.read_text(encoding="utf-8") for file in (out, errors))
        return subprocess.CompletedProcess(arguments, status, *texts)


@contextmanager
def killed(program: str, *arguments: str) -> Iterator[None]:
    """Run a module here, as a program with these arguments, and kill it when the block ends."""
    copy = Copy(arguments, Path.cwd(), dict(os.environ), Path(os.devnull), program=program)
    try:
        yield
    finally:
        copy.send_signal(Signals.SIGKILL)
        copy.wait(300)


@contextmanager
def script(text: str, *arguments: str) -> Iterator[tuple[Copy, IO[str]]]:
    """Run a text of Python here, as a program with these arguments, and kill it at the end.

    Yields it, and what it prints.
    """
    with tempfile.TemporaryDirectory(prefix="keyline-told-") as told:
        pipe = Path(told, "out")
        os.mkfifo(pipe)
        copy = Copy(arguments, Path.cwd(), dict(os.environ), pipe, Path(told, "err"), program=text)
        with pipe.open(encoding="utf-8") as printed:
            try:
                yield copy, printed
            finally:
                copy.send_signal(Signals.SIGKILL)
                copy.wait(300)


def _run(
    arguments: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    files: Sequence[Path],
    program: str,
) -> None:
    os.setsid()  # Ctrl-C at the tests is not for it
    signal(Signals.SIGINT, default_int_handler)  # also where these run in the background
    os.umask(0o022)  # the usual one, by which files would be open to others
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, file in enumerate(files, 1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    faulthandler.enable()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = ["keyline", *arguments]
    if program == KEYLINE:
        import_module(KEYLINE).main()
    elif "\n" in program:
        exec(program, {"__name__": "__main__"})
    else:
        runpy.run_module(program, run_name="__main__")
