"""Where the files of tests lie: in memory, if there is room. No commit waits for a disk there.

A process that is killed loses no more than on a disk, and no test cuts the power.
"""

import os
import shutil
import tempfile
from pathlib import Path

import psutil  # type: ignore[import-untyped]

MEMORY = Path("/dev/shm")
ROOM = 8_000_000_000
"""Bytes that a whole run may take. Containers often have less there: their files lie on a disk."""


def keep_files(folder: Path = MEMORY, room: int = ROOM) -> None:
    """Let temporary files of this process, and of those it starts, lie in a folder of the memory.

    Not if it has less room, nor if `TMPDIR` names another one.
    """
    if "TMPDIR" in os.environ or not folder.is_dir():
        return
    if min(shutil.disk_usage(folder).free, psutil.virtual_memory().available) >= room:
        os.environ["TMPDIR"] = str(folder)
        tempfile.tempdir = None  # what was found before is looked for again
