"""Master keys: the file that wraps the keys of persons, kept apart from all that it protects."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from adapters.settings import SettingsError

SIZE = 32
"""Bytes of a key: AES-256."""


class MasterKeys:
    """A file of keys, each 64 hexadecimal digits on a line of its own; the last is the newest.

    More than one stand there only while the keys of persons pass from one to the next.
    """

    def __init__(self, path: Path) -> None:
        """Describe the file, which need not be there yet."""
        self.path = path

    def make(self) -> None:
        """Make the file with a first key, for its owner alone, unless it is there."""
        if not self.path.exists():
            with suppress(FileExistsError):  # another process was quicker
                self._write([secrets.token_bytes(SIZE)], os.link)

    def read(self) -> Mapping[str, bytes]:
        """Return the keys by their ids, the newest last. Raises `SettingsError`."""
        try:
            lines = self.path.read_text(encoding="ascii").split()
            keys = [bytes.fromhex(line) for line in lines]
        except OSError as error:
            raise SettingsError(
                f"The master key {self.path} cannot be read ({error.strerror}): personal fields "
                "are sealed with it. Put it back; KEYLINE_MASTER_KEY says where it is."
            ) from error
        except ValueError:
            keys = []
        if not keys or any(len(key) != SIZE for key in keys):
            raise SettingsError(
                f"The master key {self.path} is not one: it has 64 hexadecimal digits on a line."
            )
        return {id_of(key): key for key in keys}

    def add_next(self) -> None:
        """Add a key that will succeed the one in use, unless one was added before."""
        known = [*self.read().values()]
        if len(known) == 1:
            self._write([*known, secrets.token_bytes(SIZE)], os.replace)

    def keep(self, id_: str) -> None:
        """Remove all keys but one."""
        self._write([self.read()[id_]], os.replace)

    def _write(self, keys: Iterable[bytes], place: object) -> None:
        """Write the file anew, so that whoever reads it finds the one before or the new one."""
        folder = self.path.parent
        number, name = tempfile.mkstemp(prefix=f".{self.path.name}-", dir=folder)
        try:
            with os.fdopen(number, "w", encoding="ascii") as file:
                file.writelines(f"{key.hex()}\n" for key in keys)
                file.flush()
                os.fsync(file.fileno())
            place(name, self.path)  # type: ignore[operator]
        finally:
            with suppress(FileNotFoundError):
                os.unlink(name)  # noqa: PTH108
        directory = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def id_of(key: bytes) -> str:
    """Return the name of a key, which tells nothing of it."""
    return hashlib.sha256(b"keyline master key" + key).hexdigest()[:16]
