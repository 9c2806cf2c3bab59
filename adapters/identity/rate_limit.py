"""Attempts: how often a password may be tried, by whom and from where."""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import math
import secrets
import time
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapters.storage.databases import writing
from adapters.storage.journal_tables import journal_tables

ANY = ""
"""Stands for every employee or every address."""

GOOD = 30 * 86_400
"""Seconds for which an address from which an employee signed in is known as theirs."""

DEVICE = 90 * 86_400
"""Seconds for which a device from which an employee signed in is known as theirs."""

DEVICES = 20
"""Devices of an employee that are known at a time; the one that was used last stays."""

FORGOTTEN = 86_400
"""Seconds after the last failure after which failures are forgotten."""

attempts = sa.Table(
    "attempts",
    journal_tables,
    sa.Column("employee", sa.String(64), primary_key=True),
    sa.Column("address", sa.String(64), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_us", sa.BigInteger, nullable=False),
    sa.Column("good_us", sa.BigInteger, nullable=False),
    sa.Index("attempts_by_time", "last_us"),
)
"""Failures since the last success, by employee and address; an empty text stands for any.

A device, known by the digest of the token that it was given, and a session are addresses as well.
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Limit:
    """How many failures are free; after that each doubles the seconds to wait, up to `most`."""

    free: int
    most: int

    def delay(self, failures: int) -> int:
        """Return the seconds that must pass after this many failures."""
        over = failures - self.free
        return 0 if over < 0 else min(self.most, 2 ** min(over, 20))


PAIR = Limit(free=5, most=900)
"""One employee from one address: whoever guesses from there is soon slow, and nobody else is."""

ADDRESS = Limit(free=30, most=300)
"""All employees from one address: trying one password on everybody."""

EMPLOYEE = Limit(free=20, most=30)
"""One employee from addresses that are not known as theirs: guessing from many machines. It never
costs more than half a minute, so that nobody can be locked out by others for long."""


class TooSoon(Exception):
    """There were too many failures; `seconds` have to pass before the next attempt."""

    def __init__(self, seconds: int) -> None:
        """Say how long to wait."""
        super().__init__(f"Wait {seconds} seconds.")
        self.seconds = seconds


class Attempts:
    """Counts failures to sign in, for all processes on a journal."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], int] = time.time_ns) -> None:
        """Count in a journal's database; `clock` tells the nanoseconds since 1970."""
        self._engine = engine
        self._clock = clock

    def begin(self, employee: str, address: str, device: str = "", session: str = "") -> None:
        """Count an attempt as failed, before it is known how it ends, so that no two count as one.

        From a device that is known by its token, or in a session, only its own failures count,
        whoever else is behind the same address. Raises `TooSoon`, and counts nothing, when it comes
        too soon.
        """
        now, place = self._clock() // 1000, _place(address)
        with writing(self._engine).begin() as connection:
            pair = self._own(connection, employee, device, session, now) or (employee, place)
            limits = {pair: PAIR}
            if pair[1] == place:
                limits |= {(ANY, place): ADDRESS, (employee, ANY): EMPLOYEE}
            for key in sorted(limits):  # in one order, so that no two wait for each other
                self._touch(connection, *key)
            query = sa.select(attempts).where(sa.or_(*map(_is, limits)))
            rows = {(row.employee, row.address): row for row in connection.execute(query)}
            if _known(rows[pair].good_us, now):
                limits = {pair: PAIR}
            waits = []
            for key, limit in limits.items():
                row = rows[key]
                failures = row.failures if row.last_us > now - FORGOTTEN * 1_000_000 else 0
                waits.append(row.last_us + limit.delay(failures) * 1_000_000 - now)
                count = attempts.update().where(_is(key))
                connection.execute(count.values(failures=failures + 1, last_us=now))
            if max(waits) > 0:
                raise TooSoon(math.ceil(max(waits) / 1_000_000))

    def succeeded(self, employee: str, address: str, device: str = "", session: str = "") -> str:
        """Take back that an attempt failed; the address is known as the employee's from now on.

        Returns the token by which the device is, or stays, known; an empty one in a session.
        """
        now, place = self._clock() // 1000, _place(address)
        with writing(self._engine).begin() as connection:
            own = self._own(connection, employee, device, session, now)
            if own is None:
                device = f"kd_{secrets.token_urlsafe(32)}"
                self._forget_devices(connection, employee)
                self._put(connection, (employee, _device(device)), now)
            pair = own or (employee, place)
            self._touch(connection, *pair)
            known = connection.scalar(sa.select(attempts.c.good_us).where(_is(pair))) or 0
            apart = own is not None or _known(known, now)
            counted = () if apart else sorted([(ANY, place), (employee, ANY)])
            self._put(connection, pair, now)
            for key in counted:
                fewer = attempts.update().where(_is(key), attempts.c.failures > 0)
                connection.execute(fewer.values(failures=attempts.c.failures - 1))
            last, device_row = attempts.c.last_us, attempts.c.address.startswith(_DEVICE)
            over = sa.or_(~device_row, last < now - DEVICE * 1_000_000)
            old = sa.select(*_KEY.clauses).where(last < now - GOOD * 1_000_000, over)
            old = old.with_for_update(skip_locked=True)
            connection.execute(attempts.delete().where(_KEY.in_(old)))
        return "" if session else device

    def clear(self, employee: str) -> None:
        """Forget the failures of an employee, wherever from: they were given a new password."""
        with writing(self._engine).begin() as connection:
            forget = attempts.update().where(attempts.c.employee == employee)
            connection.execute(forget.values(failures=0))

    def _own(
        self, connection: sa.Connection, employee: str, device: str, session: str, now_us: int
    ) -> tuple[str, str] | None:
        """Return what counts for a session or a known device alone."""
        if session:
            return employee, f"{_SESSION}{session}"
        own = employee, _device(device)
        good = connection.scalar(sa.select(attempts.c.good_us).where(_is(own))) if device else None
        return own if good is not None and _known(good, now_us, DEVICE) else None

    def _forget_devices(self, connection: sa.Connection, employee: str) -> None:
        """Make room for one more device of an employee."""
        theirs = attempts.c.employee == employee, attempts.c.address.startswith(_DEVICE)
        older = sa.select(attempts.c.address).where(*theirs)
        older = older.order_by(attempts.c.good_us.desc()).offset(DEVICES - 1)
        if gone := connection.scalars(older).all():
            connection.execute(attempts.delete().where(*theirs, attempts.c.address.in_(gone)))

    def _put(self, connection: sa.Connection, key: tuple[str, str], now_us: int) -> None:
        """Note that somebody signed in from somewhere."""
        self._touch(connection, *key)
        good = {"failures": 0, "last_us": now_us, "good_us": now_us}
        connection.execute(attempts.update().where(_is(key)).values(good))

    def _touch(self, connection: sa.Connection, employee: str, address: str) -> None:
        """Make a row unless there is one, and lock it."""
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        row = {"employee": employee, "address": address, "failures": 0, "last_us": 0, "good_us": 0}
        touch = dialect.insert(attempts).values(row)
        same = {"failures": attempts.c.failures}
        connection.execute(
            touch.on_conflict_do_update(index_elements=["employee", "address"], set_=same)
        )


_DEVICE, _SESSION = "device:", "session:"

_KEY = sa.tuple_(attempts.c.employee, attempts.c.address)


def _known(good_us: int, now_us: int, seconds: int = GOOD) -> bool:
    return good_us > now_us - seconds * 1_000_000


def _device(token: str) -> str:
    return _DEVICE + hashlib.sha256(token.encode(errors="replace")).hexdigest()[:40]


def _is(key: tuple[str, str]) -> sa.ColumnElement[bool]:
    return sa.and_(attempts.c.employee == key[0], attempts.c.address == key[1])


def _place(address: str) -> str:
    """Return an address as it is counted: of IPv6 the network, as a host there has many."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
