"""The dictionary of an export: every table and column in words, with types and references."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from duckdb import DuckDBPyConnection

from domain.kernel.types.sensitive import sensitive_fields
from projections.kernel.exports.both_times import INTERVALS
from projections.kernel.history.sentences import references, template
from projections.kernel.read_model import ReadModel, read_models
from projections.kernel.visibility.column_masks import sensitive
from projections.kernel.warehouse.facts import facts

ENVELOPE = {
    "position": "where the event stands in the journal, from 1 without gaps",
    "stream": "the id of the record",
    "version": "the number of the event among those of its record, from 1",
    "time": "when it was recorded",
    "actor": "who did it: an identity among those of the kind of actor",
    "actor_kind": "what the actor is: person, key of a system, policy, system, stranger",
    "actor_unit": "the unit from which it was done",
    "command_id": "the command that stated it",
    "on_behalf_of": "for whom it was done, if for somebody else",
    "on_behalf_kind": "what that one is",
    "caused_by": "the command or event that led to it, if nobody typed it",
}
"""What the columns are that every fact has."""

ROW = {
    "id": "the id of the record",
    "version": "the number of the record's last event in it",
    "position": "where that event stands in the journal",
    "created_at": "when the record's first event was recorded",
    "changed_at": "when the last event in it was recorded",
}
"""What the columns are that every row has, besides those of `INTERVALS`."""

Tables = Iterable[tuple[str, str]]
"""The name of each table and the query for its rows."""


def dictionary(cursor: DuckDBPyConnection, tables: Tables) -> dict[str, Any]:
    """Return what each table is about and, by column, its type and what is known of it.

    A column says what it is `about`, of which kind of record it `names` one, and the class of what
    is `sensitive` in it, which is masked for those who may not see it: one class, or those of the
    fields within it by name.
    """
    models = {f"history_{model.name}": model for model in read_models().values()}
    events = {fact.name: fact for fact in facts().values()}
    told: dict[str, Any] = {}
    for name, query in tables:
        if name in models:
            model = models[name]
            kind, about = model.aggregate, _about(model)
            each, known, masked = "a state of a record", ROW | INTERVALS, sensitive(model)
        else:
            type_ = events[name].type
            kind, about = type_.partition(".")[0], template(type_)
            each, known, masked = "an event", ENVELOPE, sensitive_fields(type_)
        columns = cursor.execute(f"DESCRIBE {query}").fetchall()
        told[name] = {
            "about": about,
            "row": each,
            "columns": {
                column: _column(column, type_of, known, references(kind), masked)
                for column, type_of, *_ in columns
            },
        }
    return told


def _about(model: ReadModel) -> str:
    """Return what the rows of a read model are: the first line of the module that declares it."""
    module = sys.modules[model.module]
    return (inspect.getdoc(module) or "").partition("\n")[0]


def _column(
    name: str,
    type_of: str,
    known: Mapping[str, str],
    references_: Mapping[str, str],
    masked: Mapping[str, Any],
) -> dict[str, Any]:
    found: dict[str, Any] = {"type": type_of, "about": known.get(name, name.replace("_", " "))}
    if name not in known and name in references_:
        found["names"] = references_[name]
    if name in masked:
        of = masked[name]
        found["sensitive"] = of if isinstance(of, str) else dict(of)
    return found
