"""`keyline` in a process of its own without the second that its start takes.

A process that has imported everything, and done nothing, is copied for each command.
"""

import multiprocessing
import os
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

CONSOLE = {"COLUMNS": "200", "NO_COLOR": "1"}
"""Of the environment, what is read when modules are imported."""

_WARM = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload([f"{__package__}.warmed"])


def warm_up() -> None:
    """Import what a command may need."""
    os.environ |= CONSOLE
    package = import_module("api.cli")
    for module in pkgutil.walk_packages(package.__path__, "api.cli."):
        import_module(module.name)
    import_module("api.app")


def run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run `keyline` with these arguments in a folder to its end, with no other environment.

    Raises `TimeoutExpired` when it takes longer than so many seconds.
    """
    with tempfile.TemporaryDirectory(prefix="keyline-told-") as told:
        files = [Path(told, name) for name in ("out", "err")]
        process = _WARM.Process(target=_run, args=(arguments, folder, environment, files))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(arguments, seconds)
        out, err = (file.read_text(encoding="utf-8") for file in files)
        return subprocess.CompletedProcess(arguments, process.exitcode, out, err)


def _run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], files: Sequence[Path]
) -> None:
    os.umask(0o022)  # the usual one, by which files would be open to others
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, file in enumerate(files, 1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["keyline", *arguments]
    import_module("api.cli.main").main()
