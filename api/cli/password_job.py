"""Setting a password without a server, straight into the journal's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
import structlog

from adapters.identity.passwords import Passwords
from adapters.identity.rate_limit import Attempts
from adapters.identity.sessions import Sessions
from adapters.journal.journal import Journal
from adapters.settings import Settings
from adapters.storage.journal_tables import claims
from adapters.storage.private_files import make_folder
from domain.kernel.actors import SYSTEM
from domain.kernel.types.values import EMPLOYEE_CODE

log = structlog.get_logger(__name__)


def exists(settings: Settings, employee: str) -> bool:
    """Tell whether an employee has this code, whether they have left or not."""
    claimed = sa.and_(claims.c.rule == EMPLOYEE_CODE, claims.c.value == employee)
    with _opened(settings) as journal, journal.engine.connect() as connection:
        return connection.scalar(sa.select(claims.c.stream).where(claimed)) is not None


def put(settings: Settings, employee: str, password: str, *, once: bool) -> None:
    """Set a password and end all sessions of its employee. Raises `WeakPassword`."""
    with _opened(settings) as journal:
        Passwords(journal.engine).put(employee, password, once=once)
        Attempts(journal.engine).clear(employee)
        Sessions(journal.engine).end_all(employee)
    log.info("password-set", employee=employee, by="operator", by_kind=SYSTEM.kind)


@contextmanager
def _opened(settings: Settings) -> Iterator[Journal]:
    make_folder(settings.data)
    journal = Journal(settings.journal_url)
    try:
        journal.create(settings.zone)
        yield journal
    finally:
        journal.close()
