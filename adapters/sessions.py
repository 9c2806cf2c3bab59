"""Sessions: who has signed in, kept alive by refresh tokens that are good for one use."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import re
import secrets
import time

import sqlalchemy as sa

from adapters.databases import writing
from adapters.journal_tables import ID, journal_tables
from domain.kernel import new_id

IDLE = 12 * 3600
"""Seconds after its last refresh at which a session ends by itself."""

LONGEST = 30 * 86_400
"""Seconds after which everybody has to sign in again."""

KEPT = 86_400
"""Seconds for which sessions that are over are still remembered."""

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
    """A session: whose, since when (microseconds since 1970), and its next refresh token."""

    id: str
    employee: str
    begun_us: int
    refresh: str


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
            old = old.with_for_update(skip_locked=True)
            connection.execute(sessions.delete().where(sessions.c.id.in_(old)))
            connection.execute(sessions.insert(), row)
        return Session(id_, employee, now, f"kr_{id_}_{family}_{current}")

    def refresh(self, token: str) -> Session:
        """Exchange a refresh token for the next one.

        Raises `RefreshReused` and ends the session when the token was exchanged before,
        `RefreshRefused` when it is not good for other reasons.
        """
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise RefreshRefused
        id_, family, current = match.groups()
        now, following = _now_us(), _secret(32)
        with writing(self._engine).begin() as connection:
            query = sa.select(sessions).where(sessions.c.id == id_).with_for_update()
            row = connection.execute(query).one_or_none()
            if row is None or not hmac.compare_digest(row.family, _digest(family)):
                raise RefreshRefused
            if row.ended_us is not None or row.until_us <= now:
                raise RefreshRefused
            stolen = not hmac.compare_digest(row.current, _digest(current))
            change = sessions.update().where(sessions.c.id == id_)
            if stolen:
                connection.execute(change.values(ended_us=now))
            else:
                until = _until(row.begun_us, now)
                connection.execute(change.values(current=_digest(following), until_us=until))
        if stolen:
            raise RefreshReused(row.employee, id_)
        return Session(id_, row.employee, row.begun_us, f"kr_{id_}_{family}_{following}")

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


def _until(begun_us: int, now_us: int) -> int:
    return min(begun_us + LONGEST * 1_000_000, now_us + IDLE * 1_000_000)


def _now_us() -> int:
    return time.time_ns() // 1000


def _secret(size: int) -> str:
    """Return random bytes as text without the character that parts a token."""
    return secrets.token_urlsafe(size).replace("_", "-")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
