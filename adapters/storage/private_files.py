"""Private files: what Keyline keeps is for its own user alone, and what is not is told."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from adapters.settings import Settings

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def keep_private() -> None:
    """Make all files and folders of this process, and of those that it starts, private."""
    os.umask(_OTHERS)


def make_folder(path: Path) -> None:
    """Make a folder for its owner alone, unless it is there; close one of ours that is empty.

    One that holds something is left as it is: somebody may have opened it on purpose, and it may
    be more than ours. `open_to_others` finds it. Raises `OSError`.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.stat()
    ours = found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX
    if ours and found.st_mode & _OTHERS and not any(path.iterdir()):
        path.chmod(0o700)


def open_to_others(settings: Settings) -> Iterator[tuple[Path, str]]:
    """Yield what of ours others of this machine may read, with the command that closes it."""
    inside = [path for path in _walk(settings.data) if _is_open(path)]
    if inside:
        yield inside[0], f"chmod -R go= {shlex.quote(str(settings.data))}"
    urls = (settings.journal_url, settings.rows_url, settings.keys_url, settings.system_log_url)
    apart = [Path(sa.make_url(url).database or "") for url in urls if url.startswith("sqlite:")]
    logs = [path.with_name(path.name + end) for path in apart for end in ("-wal", "-shm")]
    keys = [settings.master_key_path, settings.head_key_path]
    for path in dict.fromkeys([*apart, *logs, *keys]):
        if not path.is_relative_to(settings.data) and _is_open(path):
            yield path, f"chmod go= {shlex.quote(str(path))}"


def _walk(folder: Path) -> Iterator[Path]:
    yield folder
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in sorted([*folders, *files]))


def _is_open(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:  # gone meanwhile, or not there
        return False
    return not stat.S_ISLNK(mode) and bool(mode & _OTHERS)
