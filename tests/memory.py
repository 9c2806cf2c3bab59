"""Where the files of a run lie: in memory, if there is room. No commit waits for a disk there.

A process that is killed loses no more than on a disk, and no test cuts the power. Each run has a
folder of its own, locked while it goes on: what one left behind, however it ended, the next takes
away.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

MEMORY = Path("/dev/shm")
ROOM = 8_000_000_000
"""Bytes that a whole run may take. Containers often have less there: their files lie on a disk."""

NAME = "keyline-run-"


def keep_files(memory: Path = MEMORY, room: int = ROOM) -> Path:
    """Let temporary files of this process, and of those it starts, lie in a folder of their own.

    In one of the memory, unless it has less room, or `TMPDIR` names another one. Takes away the
    folders of runs that are over, and returns the new one, which is locked until we have ended.
    """
    place = memory if "TMPDIR" not in os.environ and _roomy(memory, room) else tempfile.gettempdir()
    for old in Path(place).glob(f"{NAME}*"):
        with suppress(OSError):  # it goes on, is somebody else's, or was just taken away
            os.close(_locked(old))
            shutil.rmtree(old)
    new = Path(tempfile.mkdtemp(dir=place))
    new.chmod(0o711)  # PostgreSQL, which runs as somebody else, passes
    _locked(new)
    folder = new.rename(new.with_name(f"{NAME}{new.name}"))  # none is seen that is not locked
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # what was found before is looked for again
    return folder


def _roomy(memory: Path, room: int) -> bool:
    return memory.is_dir() and room <= min(
        shutil.disk_usage(memory).free, psutil.virtual_memory().available
    )


def _locked(folder: Path) -> int:
    """Lock a folder until what is returned is closed. Raises `OSError` when another one has it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle
