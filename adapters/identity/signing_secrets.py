"""Signing secrets: what signs tokens and cursors, wrapped by the master key."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from contextlib import suppress

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from adapters.identity.administrator_key import keys
from adapters.privacy.person_keys import PersonKeys
from adapters.settings import SettingsError
from adapters.storage.databases import writing

log = structlog.get_logger(__name__)

SIZE = 32
"""Bytes of a secret."""

CURSORS = "signing"
"""The name of the secret that signs cursors."""

TOKENS = "token:"
"""How the names of secrets that sign tokens begin."""

_MARK = "wrapped:"
"""A secret is kept as this, the id of the master key, and what it wraps, in base64."""

_secret = sa.or_(keys.c.name == CURSORS, keys.c.name.startswith(TOKENS))


class SigningSecrets:
    """The secrets of a journal. Whoever reads its database alone can sign nothing."""

    def __init__(self, engine: sa.Engine, person_keys: PersonKeys) -> None:
        """Keep secrets in a journal's database; they are wrapped as the keys of persons are.

        Those that an earlier version kept in the clear are thrown away: others may have read them.
        """
        self._engine = engine
        self._person_keys = person_keys
        self._wrapping = person_keys.wrapping
        if found := self._remove(keys.c.value.not_like(f"{_MARK}%")):
            log.warning("signing-secrets-replaced", secrets=found)

    def all(self, beginning: str) -> dict[str, bytes | None]:
        """Return the secrets whose names begin so; `None` for one that does not open here."""
        query = sa.select(keys).where(keys.c.name.startswith(beginning, autoescape=True))
        with self._engine.connect() as connection:
            return {
                row.name: self._opened(row.name, row.value) for row in connection.execute(query)
            }

    def one(self, name: str) -> bytes:
        """Return a secret, made unless there is one.

        Raises `SettingsError` when it does not open, which only its master key can mend.
        """
        if name not in self.all(name):
            with suppress(IntegrityError):  # another process was quicker
                self.add(name)
        found = self.all(name)[name]
        if found is None:
            raise SettingsError(
                "The secrets that sign tokens are wrapped by another master key than those in "
                f"{self._wrapping.master.path}. Put the right one back, KEYLINE_MASTER_KEY says "
                "where it is; if it is lost: keyline keys renew."
            )
        return found

    def add(self, name: str, instead_of: Collection[str] = ()) -> None:
        """Make a secret, and remove others.

        Raises `Unavailable` without the master key that is in use now.
        """
        with (  # in the order in which whoever seals a person's fields locks these two
            writing(self._engine).begin() as connection,
            self._person_keys.holding() as master,
        ):
            wrapped = self._wrapping.wrap(master, name, secrets.token_bytes(SIZE))
            connection.execute(keys.delete().where(keys.c.name.in_(instead_of)))
            connection.execute(keys.insert(), {"name": name, "value": _text(master, wrapped)})

    def rewrap(self, newest: str) -> None:
        """Wrap all secrets by the newest master key. Raises `SettingsError` as persons' keys do."""
        with writing(self._engine).begin() as connection:
            for row in connection.execute(sa.select(keys).where(_secret).with_for_update()).all():
                master, wrapped = _parts(row.value)
                again = self._wrapping.rewrap(newest, master, row.name, wrapped)
                change = keys.update().where(keys.c.name == row.name)
                connection.execute(change.values(value=_text(newest, again)))

    def renew(self) -> int:
        """Remove all secrets; the next start makes new ones. Returns how many there were."""
        return self._remove(sa.true())

    def _remove(self, which: sa.ColumnElement[bool]) -> int:
        with writing(self._engine).begin() as connection:
            return connection.execute(keys.delete().where(_secret, which)).rowcount

    def _opened(self, name: str, value: str) -> bytes | None:
        master, wrapped = _parts(value)
        return self._wrapping.unwrap(master, name, wrapped)


def _text(master: str, wrapped: bytes) -> str:
    return f"{_MARK}{master}:{base64.b64encode(wrapped).decode()}"


def _parts(value: str) -> tuple[str, bytes]:
    """Return the id of the master key and what it wraps."""
    master, _, wrapped = value.removeprefix(_MARK).partition(":")
    return master, base64.b64decode(wrapped)
