"""Described: what the document says of imports, their form and what is told of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from api.document.answers import ActorKind, Change, Link, Next, Uuid
from api.document.common_parts import IDEMPOTENCY_KEY, headers, refused
from api.document.plain_schemas import without_defaults
from api.imports.jobs.asked import Asked
from api.imports.jobs.form import FORM

ENDED = ("done", "cancelled", "failed")
"""The states of what is at its end."""

Line = Annotated[int, Field(description="of the file, from 1")]
SoFar = Annotated[int, Field(description="rows, so far")]


class RowFault(TypedDict):
    """A row of which nothing was imported, and why."""

    line: Line
    reason: str


class LikelyDuplicate(TypedDict):
    """A row that was imported although it looks like others."""

    line: Line
    name: str
    names: Annotated[list[str], Field(description="those that it looks like")]


class RowUpdate(TypedDict):
    """A row whose record was changed, or would be."""

    line: Line
    id: Uuid
    differences: list[Change]


class SomeBills(TypedDict):
    """A number of bills, and what they come to."""

    bills: int
    total: Annotated[str, Field(examples=["1000000.00"])]


class RunTotals(TypedDict):
    """The control totals of a run of bills, in a dry run as they would be; null out of sight."""

    system: str
    month: str
    announced: SomeBills | None
    received: SomeBills | None
    missing: SomeBills | None


class WhyFailed(TypedDict):
    """The problem that a file, or its import, has."""

    type: Annotated[str, Field(examples=["/problems/unfit-file"])]
    title: str
    status: int
    detail: str


class ImportProgress(TypedDict):
    """How far an import is; once it has ended, what its rows came to, for whoever sent it."""

    id: Uuid
    state: Literal["waiting", "running", "done", "cancelled", "failed"]
    kind: str
    file: Annotated[str, Field(description="what whoever sent it called it")]
    bytes: int
    sha256: Annotated[str, Field(description="of the file: traces of its rows begin with it")]
    dry_run: bool
    update: bool
    actor: str
    actor_kind: ActorKind
    on_behalf_of: str | None
    unit: str
    sent_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    rows: Annotated[int | None, Field(description="of the file; not known at first")]
    imported: SoFar
    unchanged: SoFar
    updated: SoFar
    refused: SoFar
    alike: Annotated[int, Field(description="rows whose names look like those of others")]
    position: Annotated[
        int | None,
        Field(description="reads that have it as `min_position` see what was imported"),
    ]
    errors: Annotated[Link | None, Field(description="the rows that failed, as a CSV file")]
    problem: NotRequired[WhyFailed]
    notes: NotRequired[Annotated[list[str], Field(description="how the file was understood")]]
    faults: NotRequired[list[RowFault]]
    likely_duplicates: NotRequired[list[LikelyDuplicate]]
    updates: NotRequired[list[RowUpdate]]
    runs: NotRequired[Annotated[list[RunTotals], Field(description="of the bills of the file")]]


class Imports(TypedDict):
    """Imports, newest first."""

    items: list[ImportProgress]
    next: Next


_FILE = {
    "type": "string",
    "format": "binary",
    "description": "a CSV or XLSX file; its first row names the columns",
}


def _form() -> dict[str, Any]:
    """Return the schema of the form. A field of a form is there or not, and never null."""
    fields: dict[str, Any] = Asked.model_json_schema()["properties"]
    for field in fields.values():
        for each in field.pop("anyOf", ()):
            field |= {} if each == {"type": "null"} else each
    form = {
        "type": "object",
        "description": "A file, and what is to be made of it: fields are what options are to "
        "`keyline import`.",
        "required": ["file", "kind"],
        "properties": {"file": _FILE, **fields},
    }
    without_defaults(form)
    return form


SENT: dict[str, Any] = {
    "openapi_extra": {
        "parameters": [IDEMPOTENCY_KEY],
        "requestBody": {"required": True, "content": {FORM.decode(): {"schema": _form()}}},
        "responses": refused(),
    },
    "responses": {
        202: {
            "description": "The file has come, and is imported.",
            "model": ImportProgress,
            "headers": headers("Location", "Idempotency-Replayed"),
        }
    },
}
"""What sending a file takes, and is answered."""
