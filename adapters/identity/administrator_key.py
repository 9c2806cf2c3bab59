"""Keys: the administrator's, kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from adapters.settings import SettingsError
from adapters.storage.databases import writing
from adapters.storage.journal_tables import journal_tables

SHORTEST = 16
"""Characters that an administrator's key has at least: it is hashed fast, so it must be long."""

keys = sa.Table(
    "keys",
    journal_tables,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("value", sa.String(200), nullable=False),
)
"""Hashes and wrapped secrets, beside the journal so that every process has the same."""


class Keys:
    """Who may call. All processes on one journal share the same keys."""

    def __init__(self, engine: sa.Engine, admin: str = "") -> None:
        """Read the keys of a journal, whose tables are there; make those that are missing.

        `admin` replaces the administrator's key. Raises `SettingsError` when it is too short.
        """
        if admin and len(admin) < SHORTEST:
            raise SettingsError(f"KEYLINE_ADMIN_KEY has {SHORTEST} characters or more.")
        self._engine = engine
        self.made: str | None = None
        """The administrator's key in the clear, when it was made just now; else `None`."""
        if admin:
            self._put("admin", _hash(admin.encode()))
        elif self._get("admin") is None:
            key = f"kl_{secrets.token_urlsafe(32)}"
            if self._add("admin", _hash(key.encode())):
                self.made = key
        self._admin = self._get("admin") or ""

    def is_admin(self, key: bytes) -> bool:
        """Tell whether this is the administrator's key, in a time that does not depend on it."""
        return hmac.compare_digest(_hash(key), self._admin)

    def _get(self, name: str) -> str | None:
        with self._engine.connect() as connection:
            found: str | None = connection.scalar(
                sa.select(keys.c.value).where(keys.c.name == name)
            )
        return found

    def _add(self, name: str, value: str) -> bool:
        """Keep a value unless there is one, also when another process does so right now."""
        if self._get(name) is not None:
            return False
        try:
            with writing(self._engine).begin() as connection:
                connection.execute(keys.insert(), {"name": name, "value": value})
        except IntegrityError:
            return False
        return True

    def _put(self, name: str, value: str) -> None:
        if not self._add(name, value):
            with writing(self._engine).begin() as connection:
                connection.execute(keys.update().where(keys.c.name == name), {"value": value})


def _hash(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()
