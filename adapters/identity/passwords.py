"""Passwords: kept as argon2id hashes beside the journal, never in events."""

from __future__ import annotations

import dataclasses
import time
import unicodedata
from collections.abc import Iterable

import orjson
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy.dialects import postgresql, sqlite

from adapters.identity.guessable_passwords import is_common, says_whose
from adapters.refusals import Refusal
from adapters.storage.databases import writing
from adapters.storage.journal_tables import claims, events, journal_tables
from domain.kernel.types.values import EMPLOYEE_CODE

SHORTEST, LONGEST = 12, 256
"""Characters that a password has at least and at most."""

ONCE = 7 * 86_400
"""Seconds for which a password that somebody else chose can be used."""

passwords = sa.Table(
    "passwords",
    journal_tables,
    sa.Column("employee", sa.String(64), primary_key=True),
    sa.Column("hash", sa.String(200), nullable=False),
    sa.Column("changed_us", sa.BigInteger, nullable=False),
    sa.Column("once", sa.Boolean, nullable=False),
)
"""The hash by employee code. `once`: somebody else chose it, so it has to be changed."""


class WeakPassword(Refusal):
    """The password is too short, too long, or easily guessed."""

    status = 422
    title = "Choose another password"


@dataclasses.dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs: passes over the memory, its size in KiB, and lanes in parallel."""

    passes: int = RFC_9106_LOW_MEMORY.time_cost
    memory: int = RFC_9106_LOW_MEMORY.memory_cost
    lanes: int = RFC_9106_LOW_MEMORY.parallelism


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What a password turned out to be: right or not, and whether it must be changed first."""

    right: bool
    once: bool = False


class Passwords:
    """The passwords of all employees.

    Each call takes a tenth of a second and 64 MiB: make few at a time, and none on an event loop.
    """

    def __init__(self, engine: sa.Engine, cost: Cost | None = None) -> None:
        """Keep passwords in a journal's database; new ones are hashed at this cost."""
        chosen = cost or Cost()
        self._engine = engine
        self._hasher = PasswordHasher(chosen.passes, chosen.memory, chosen.lanes)
        self._decoy = self._hasher.hash("the password of nobody")

    def put(self, employee: str, password: str, *, once: bool = False) -> None:
        """Set a password; with `once` it has to be changed at the first sign-in.

        Raises `WeakPassword`.
        """
        hash_ = self._hasher.hash(_fit(employee, self._names(employee), password))
        values = {"hash": hash_, "changed_us": time.time_ns() // 1000, "once": once}
        with writing(self._engine).begin() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            put = dialect.insert(passwords).values(employee=employee, **values)
            put = put.on_conflict_do_update(index_elements=[passwords.c.employee], set_=values)
            connection.execute(put)

    def check(self, employee: str, password: str) -> Verdict:
        """Tell whether this is the password of an employee.

        It takes as long where there is no such employee, or none with a password.
        """
        query = sa.select(passwords).where(passwords.c.employee == employee)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        given = _plain(password)
        right = self._verify(self._decoy if row is None else row.hash, given)
        if row is None or not right:
            return Verdict(right=False)
        if row.once and time.time_ns() // 1000 > row.changed_us + ONCE * 1_000_000:
            return Verdict(right=False)
        if self._hasher.check_needs_rehash(row.hash):
            self._strengthen(row.hash, self._hasher.hash(given))
        return Verdict(right=True, once=row.once)

    def _names(self, employee: str) -> set[str]:
        """Return the names that an employee has or had."""
        claimed = sa.and_(claims.c.rule == EMPLOYEE_CODE, claims.c.value == employee)
        theirs = sa.select(claims.c.stream).where(claimed).scalar_subquery()
        with self._engine.connect() as connection:
            told = connection.scalars(sa.select(events.c.data).where(events.c.stream == theirs))
            found = {orjson.loads(data).get("name") for data in told}
        return {name for name in found if isinstance(name, str)}

    def _verify(self, hash_: str, password: str) -> bool:
        try:
            return self._hasher.verify(hash_, password)
        except (VerificationError, InvalidHashError):
            return False

    def _strengthen(self, old: str, new: str) -> None:
        """Keep a hash at today's cost, unless the password was changed meanwhile."""
        update = passwords.update().where(passwords.c.hash == old).values(hash=new)
        with writing(self._engine).begin() as connection:
            connection.execute(update)


def _plain(password: str) -> str:
    """Return a password as it is hashed, however the keyboard composed its characters."""
    return unicodedata.normalize("NFKC", password.encode(errors="replace").decode())


def _fit(employee: str, names: Iterable[str], password: str) -> str:
    plain = _plain(password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise WeakPassword(f"A password has {SHORTEST} to {LONGEST} characters.")
    if part := says_whose(plain, employee, names):
        raise WeakPassword(f"A password does not have {part!r} in it, which others know.")
    if is_common(plain):
        raise WeakPassword(
            "A password is not a common one, nor common words and rows of characters alone: "
            "four words that do not belong together are good."
        )
    return plain
