"""Sessions: who has signed in, kept alive by refresh tokens that are good for one use."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import re
import secrets
import time
from typing import Any

import sqlalchemy as sa

from adapters.storage.databases import in_parts, writing
from adapters.storage.journal_tables import ID, journal_tables
from domain.kernel.aggregate import new_id

IDLE = 12 * 3600
"""Seconds after its last refresh at which a session ends by itself."""

LONGEST = 30 * 86_400
"""Seconds after which everybody has to sign in again."""

KEPT = 86_400
"""Seconds for which sessions that are over are still remembered."""

GRACE = 10
"""Seconds for which a token that was just exchanged is answered with the same next one: two tabs
of a browser renew at once, and an answer gets lost on the way."""

_TOKEN = re.compile(r"kr_([0-9a-f-]{36})_([0-9A-Za-z-]{22})_([0-9A-Za-z-]{43})")

sessions = sa.Table(
    "sessions",
    journal_tables,
    sa.Column("id", ID, primary_key=True),
    sa.Column("employee", sa.String(64), nullable=False),
    sa.Column("family", sa.String(64), nullable=False),
    sa.Column("current", sa.String(64), nullable=False),
    sa.Column("begun_us", sa.BigInteger, nullable=False),
    sa.Column("until_us", sa.BigInteger, nullable=False),
    sa.Column("ended_us", sa.BigInteger),
    sa.Index("sessions_by_employee", "employee"),
    sa.Index("sessions_by_end", "until_us"),
)
"""`family` and `current` are SHA-256 digests of the two secrets in a refresh token: one is the same
in all tokens of the session, the other is new in each."""

exchanges = sa.Table(
    "exchanges",
    journal_tables,
    sa.Column("session", ID, primary_key=True),
    sa.Column("before", sa.String(64), nullable=False),
    sa.Column("salt", sa.String(43), nullable=False),
    sa.Column("at_us", sa.BigInteger, nullable=False),
)
"""The last exchange of each session: the digest of the secret that was exchanged, and the salt by
which whoever has that secret finds the next one. Neither this table nor an old token tells it."""


class RefreshRefused(Exception):
    """The refresh token is unknown, or its session is over."""


class RefreshReused(RefreshRefused):
    """A refresh token came a second time: somebody has a copy, so the session has ended."""

    def __init__(self, employee: str, session: str) -> None:
        """Say whose session it was."""
        super().__init__(session)
        self.employee = employee
        self.session = session


@dataclasses.dataclass(frozen=True, slots=True)
class Session:
    """A session: whose, since when (microseconds since 1970), and its next refresh token.

    `again` tells that the token which came had been exchanged for this one a moment ago.
    """

    id: str
    employee: str
    begun_us: int
    refresh: str
    again: bool = False


class Sessions:
    """All sessions of a journal; every process sees the same."""

    def __init__(self, engine: sa.Engine) -> None:
        """Keep sessions in a journal's database."""
        self._engine = engine

    def begin(self, employee: str) -> Session:
        """Begin a session."""
        now, id_ = _now_us(), new_id()
        family, current = _secret(16), _secret(32)
        row = {"id": id_, "employee": employee, "begun_us": now}
        row |= {
            "family": _digest(family),
            "current": _digest(current),
            "until_us": _until(now, now),
        }
        with writing(self._engine).begin() as connection:
            old = sa.select(sessions.c.id).where(sessions.c.until_us < now - KEPT * 1_000_000)
            gone = connection.scalars(old.with_for_update(skip_locked=True)).all()
            for part in in_parts(gone):
                connection.execute(exchanges.delete().where(exchanges.c.session.in_(part)))
                connection.execute(sessions.delete().where(sessions.c.id.in_(part)))
            connection.execute(sessions.insert(), row)
        return Session(id_, employee, now, f"kr_{id_}_{family}_{current}")

    def refresh(self, token: str) -> Session:
        """Exchange a refresh token for the next one.

        The token that was exchanged last is answered with the same next one for `GRACE` seconds.
        Nobody gets a line of tokens of their own by that: of two who hold the next one, the later
        to use it is noticed.

        Raises `RefreshReused` and ends the session when the token was exchanged before,
        `RefreshRefused` when it is not good for other reasons.
        """
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise RefreshRefused
        id_, family, given = match.groups()
        now = _now_us()
        with writing(self._engine).begin() as connection:
            query = sa.select(sessions).where(sessions.c.id == id_).with_for_update()
            row = connection.execute(query).one_or_none()
            if row is None or not hmac.compare_digest(row.family, _digest(family)):
                raise RefreshRefused
            if row.ended_us is not None or row.until_us <= now:
                raise RefreshRefused
            again = not hmac.compare_digest(row.current, _digest(given))
            if again:
                following = _exchanged(connection, row, given, now)
            else:
                following = _exchange(connection, row, given, now)
        if following is None:
            raise RefreshReused(row.employee, id_)
        refresh = f"kr_{id_}_{family}_{following}"
        return Session(id_, row.employee, row.begun_us, refresh, again)

    def end(self, id_: str) -> None:
        """End a session."""
        self._end(sessions.c.id == id_)

    def end_all(self, employee: str) -> None:
        """End all sessions of an employee."""
        self._end(sessions.c.employee == employee)

    def _end(self, which: sa.ColumnElement[bool]) -> None:
        end = sessions.update().where(which, sessions.c.ended_us.is_(None))
        with writing(self._engine).begin() as connection:
            connection.execute(end.values(ended_us=_now_us()))


def _exchange(connection: sa.Connection, row: Any, given: str, now_us: int) -> str:
    """Make the token that follows the current one, and return its secret."""
    salt = _secret(32)
    following = _following(given, salt)
    change = sessions.update().where(sessions.c.id == row.id)
    until = _until(row.begun_us, now_us)
    connection.execute(change.values(current=_digest(following), until_us=until))
    connection.execute(exchanges.delete().where(exchanges.c.session == row.id))
    made = {"session": row.id, "before": _digest(given), "salt": salt, "at_us": now_us}
    connection.execute(exchanges.insert(), made)
    return following


def _exchanged(connection: sa.Connection, row: Any, given: str, now_us: int) -> str | None:
    """Return what a secret was just exchanged for; if it was not, end the session."""
    query = sa.select(exchanges).where(exchanges.c.session == row.id)
    last = connection.execute(query).one_or_none()
    just_now = last is not None and abs(now_us - last.at_us) <= GRACE * 1_000_000
    if last is not None and just_now and hmac.compare_digest(last.before, _digest(given)):
        return _following(given, last.salt)
    end = sessions.update().where(sessions.c.id == row.id)
    connection.execute(end.values(ended_us=now_us))
    return None


def _following(secret: str, salt: str) -> str:
    """Return the secret that follows another."""
    made = hmac.digest(secret.encode(), salt.encode(), "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=").replace("_", "-")


def _until(begun_us: int, now_us: int) -> int:
    return min(begun_us + LONGEST * 1_000_000, now_us + IDLE * 1_000_000)


def _now_us() -> int:
    return time.time_ns() // 1000


def _secret(size: int) -> str:
    """Return random bytes as text without the character that parts a token."""
    return secrets.token_urlsafe(size).replace("_", "-")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
