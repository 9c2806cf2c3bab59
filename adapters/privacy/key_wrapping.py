"""Wrapping: secrets encrypted by a master key, each bound to its name."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.privacy.master_keys import MasterKeys
from adapters.refusals import Unavailable
from adapters.settings import SettingsError

NONCE = 12
"""Bytes before what is encrypted."""


class Wrapping:
    """Wraps and unwraps by the master keys of a file, which is read again for one not known yet."""

    def __init__(self, master: MasterKeys) -> None:
        """Describe the file, which need not be there yet."""
        self.master = master
        self._ring: dict[str, AESGCM] = {}

    def reload(self) -> str:
        """Read the file; returns the id of its newest key. Raises `SettingsError`."""
        found = self.master.read()
        self._ring |= {id_: AESGCM(key) for id_, key in found.items()}
        return [*found][-1]

    def has(self, master: str) -> bool:
        """Tell whether a master key is known, if need be from the file."""
        return self._cipher(master) is not None

    def wrap(self, master: str, name: str, secret: bytes) -> bytes:
        """Return a secret wrapped. Raises `Unavailable` when the master key is not known."""
        cipher = self._cipher(master)
        if cipher is None:
            raise Unavailable(f"The master key {master} is not in {self.master.path.name}.")
        nonce = os.urandom(NONCE)
        return nonce + cipher.encrypt(nonce, secret, name.encode())

    def unwrap(self, master: str, name: str, wrapped: bytes) -> bytes | None:
        """Return what was wrapped under a name, `None` if it does not open."""
        cipher = self._cipher(master)
        if cipher is None:
            return None
        try:
            return cipher.decrypt(wrapped[:NONCE], wrapped[NONCE:], name.encode())
        except (InvalidTag, ValueError):
            return None

    def rewrap(self, newest: str, master: str, name: str, wrapped: bytes) -> bytes:
        """Return what a master key wrapped, wrapped by the newest. Raises `SettingsError`."""
        secret = self.unwrap(master, name, wrapped)
        if secret is None:
            raise SettingsError(
                f"{self.master.path} does not have the master key {master}, which wraps some of "
                "the keys: add its line to the file, before the last one, and rotate again."
            )
        return self.wrap(newest, name, secret)

    def _cipher(self, master: str) -> AESGCM | None:
        if master not in self._ring:
            try:
                self.reload()  # it was rotated since
            except SettingsError:
                return None
        return self._ring.get(master)
