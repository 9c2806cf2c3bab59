"""Announcing a year without a server, straight into the journal, or rehearsing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from adapters.commands.access_cache import Guard
from adapters.commands.executor import Call
from adapters.journal.journal import Journal
from adapters.privacy.person_keys import PersonKeys
from adapters.refusals import Refusal
from adapters.settings import Settings
from adapters.storage.databases import connect
from adapters.storage.journal_tables import claims
from adapters.storage.private_files import make_folder
from api.imports.files.import_file import executing
from api.imports.on_behalf import behalf_of
from api.kernel.terminal import Failure
from domain.kernel.aggregate import Origin, new_id
from domain.kernel.types.values import CALENDAR_CODE


def give(
    settings: Settings, code: str, body: Mapping[str, Any], employee: str | None, *, dry_run: bool
) -> int:
    """Announce a year of a calendar; return the position, which says nothing after a dry run.

    Raises `Failure` when there is no such calendar, or when the command is refused.
    """
    make_folder(settings.data)
    keys, rows = PersonKeys.of(settings), connect(settings.rows_url, "normal")
    journal = Journal(settings.journal_url, keys=keys)
    try:
        journal.create(settings.zone)
        guard = Guard(journal, rows)
        with executing(journal, guard, settings.record_events, dry_run) as executor:
            behalf = behalf_of(journal, guard, employee, None, "")
            actor, command = behalf.actor, "working-calendar.announce-year"
            origin = Origin(actor.id, behalf.unit, new_id(), actor_kind=actor.kind)
            call = Call(
                command,
                _calendar(journal, code),
                body,
                origin,
                credential=behalf.credential,
                party=behalf.party,
            )
            (answer,) = executor.submit_together([call]).result()
            return answer.position
    except Refusal as refusal:
        raise Failure(str(refusal)) from refusal
    finally:
        journal.close()
        rows.dispose()
        keys.close()


def _calendar(journal: Journal, code: str) -> str:
    """Return the id of the calendar of a code. Raises `Failure` if there is none."""
    claimed = sa.and_(claims.c.rule == CALENDAR_CODE, claims.c.value == code)
    with journal.engine.connect() as connection:
        found = connection.scalar(sa.select(claims.c.stream).where(claimed))
    if found is None:
        raise Failure(f"There is no calendar {code!r}.", 2)
    return str(found)
