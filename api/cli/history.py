"""`keyline history`: who did what with a record, when and why, one sentence a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from adapters.settings import Settings
from api.kernel.terminal import Failure, out


def history(
    kind: Annotated[str, typer.Argument(help="The kind of record, as in customer.")],
    id: Annotated[str, typer.Argument(help="Its id.")],
    field: Annotated[
        str | None, typer.Option(help="Only what changed this field, with its values.")
    ] = None,
) -> None:
    """Print the history of a record as sentences: who did what, when and why."""
    from adapters.logs.console_log import configure
    from api.kernel.job_log import job

    settings = Settings.read()
    configure(settings.log)
    with job(settings, "history", kind=kind, id=id, field=field):
        for line in _lines(settings, kind, id, field):
            out.print(line, markup=False, highlight=False, soft_wrap=True)


def _lines(settings: Settings, kind: str, id_: str, field: str | None) -> Iterator[str]:
    from adapters.journal.journal import Journal
    from adapters.privacy.field_decryption import Opening
    from adapters.privacy.person_keys import PersonKeys
    from adapters.storage.databases import connect
    from api.kernel.access.at_machine import note_read
    from api.kernel.reading.told import Told
    from api.reads.event_texts import happenings, sentences
    from api.reads.record_names import names_now
    from domain.kernel.aggregate import discover
    from projections.kernel.history.changes import concerns
    from streams.followers.erase_persons import Erasing

    kinds = {each.plural: name for name, each in discover().aggregates.items()}
    kind = kinds.get(kind, kind)
    keys, rows = PersonKeys.of(settings), connect(settings.rows_url, "normal")
    journal = Journal(settings.journal_url, keys=keys)
    try:
        journal.create(settings.zone)
        Erasing(journal, keys).follow()  # a crash, or old keys that were put back, came before us
        events = journal.history(id_)
        if not events or events[0].aggregate != kind:
            raise Failure(f"There is no {kind} {id_}.")
        opened = Opening(keys).events(events)
        told = [
            each
            for each in happenings((event, frozenset[str]()) for event in opened)
            if field is None or any(concerns(change, field) for change in each.it.changes)
        ]
        query = f"keyline history {kind} {id_}" + (f" --field {field}" if field else "")
        what = Told(journal.head().position, len(told))
        note_read(journal, f"{kind}.history", query, what, target=id_)
        for each, text in zip(told, sentences(names_now(rows), told), strict=True):
            yield f"{each.it.event.time:%Y-%m-%d %H:%M:%S} {text}"
            for change in each.it.changes if field is not None else ():
                if concerns(change, field or ""):
                    told_of = f"{_plain(change.before)} -> {_plain(change.after)}"
                    days = f", {change.valid_from} until {change.valid_to}" * bool(change.valid_to)
                    yield f"{'':20}{change.field}: {told_of}{days}"
    finally:
        journal.close()
        rows.dispose()
        keys.close()


def _plain(value: object) -> str:
    return "nothing" if value is None else str(value)
