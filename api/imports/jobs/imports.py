"""Imports over HTTP: a file is sent, its import followed, ended before its end, and looked into."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from adapters.imports.import_store import ImportStore, Row, Sender, TooManyOpen, digest_of
from adapters.imports.import_tables import COUNTS
from adapters.refusals import KeyReused, NotPermitted, UnknownId
from adapters.storage.instants import instant
from api.commands.routes import idempotency_key
from api.document.answers import answer
from api.imports.jobs.asked import Asked, wrong
from api.imports.jobs.described import ENDED, SENT, ImportProgress, Imports
from api.imports.jobs.form import Form
from api.imports.jobs.runner import Importing
from api.imports.row_commands import creating, kinds
from api.kernel.access.authentication import Principal
from api.kernel.access.visibility import See, Seeing
from api.kernel.bodies import Disconnected, Pace, pieces
from api.kernel.problems import (
    BodyTooSlow,
    NotYet,
    TooManyImports,
    UnsupportedMediaType,
)
from api.kernel.process import Parts
from api.kernel.reading.cursors import Cursor, page
from api.kernel.reading.read_parameters import Limit, TheParts, json_response, known_only
from api.kernel.reading.told import tell

router = APIRouter(tags=["imports"], dependencies=[Depends(known_only)])

MOST = 8
"""Imports of one sender that are not at their end."""

PACKED = b"PK\x03\x04"
"""How an XLSX file begins."""

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

TEXTS = ("text/csv", "text/plain", "text/tab-separated-values", "application/csv")

UNTOLD = ("", "application/octet-stream", "application/vnd.ms-excel")
"""Media types that do not say what a file is; browsers call CSV the last one, too."""


def _sender(who: Principal) -> Sender:
    return Sender(who.actor, who.actor_kind, who.on_behalf_of or "", who.unit, who.credential)


@router.post(
    "/imports", operation_id="import.send", summary="Import a file", status_code=202, **SENT
)
async def send(request: Request, parts: TheParts, see: See) -> Response:
    """Import records from a CSV or XLSX file, as `keyline import` does.

    A row becomes the commands that make its record, whole or not at all, under your permissions.
    The same file again changes nothing. It is imported after the answer, also when the server is
    started again meanwhile; what is wrong with the file as such is told by the import, as is which
    rows failed.
    """
    if not any(see.sight(creating(each.kind).name) for each in kinds().values()):
        raise NotPermitted("There is nothing that you may import.")
    key = idempotency_key(dict(request.scope["headers"]))
    store, sender = parts.own(Importing).store, _sender(request.state.who)
    try:
        id_ = await run_in_threadpool(store.receive, sender, MOST)
    except TooManyOpen:
        raise TooManyImports(f"{MOST} of your imports are not at their end.") from None
    try:
        found = await _received(request, parts, see, store, id_, key)
    except Disconnected:
        await run_in_threadpool(store.drop, [id_])
        raise BodyTooSlow("The connection ended before the form did.") from None
    except BaseException:
        await run_in_threadpool(store.drop, [id_])
        raise
    parts.own(Importing).wake()
    row = await run_in_threadpool(store.one, found)
    assert row is not None
    replayed = {} if found == id_ else {"Idempotency-Replayed": "true"}
    accepted = json_response(_shown(row), {"Location": f"/imports/{found}"} | replayed)
    accepted.status_code = HTTPStatus.ACCEPTED
    return accepted


async def _received(
    request: Request, parts: Parts, see: Seeing, store: ImportStore, id_: str, key: str | None
) -> str:
    """Take in a form; return the id of the import that it makes, or made before."""
    s, headers = parts.settings, dict(request.scope["headers"])
    form = Form(headers, s.file_limit)
    pace = Pace(s.stall_seconds, s.least_rate)
    body = pieces(headers, request.receive, s.file_limit + s.body_limit, pace)
    sha256, number = hashlib.sha256(), 0
    async for piece in form.read(body):
        if number == 0:
            _require_type(form.type, piece)
        sha256.update(piece)
        await run_in_threadpool(store.put, id_, "file", number, piece)
        number += 1
    if form.name is None or form.size == 0:
        raise wrong("file", "is needed" if form.name is None else "is empty")
    asked = Asked.of(form.fields)
    see.again()
    see.need(creating(kinds()[asked.kind].kind).name)
    await parts.doorkeeper.identify(headers, request.scope["path"])  # it may have come for long
    text = asked.model_dump_json().encode()
    await run_in_threadpool(store.put, id_, "asked", 0, text)
    known = {"kind": asked.kind, "file": form.name, "bytes": form.size, "wish": digest_of(text)}
    known |= {"dry_run": asked.dry_run, "update": asked.update, "sha256": sha256.hexdigest()}
    found = await run_in_threadpool(lambda: store.accept(id_, key, **known))
    row = await run_in_threadpool(store.one, found)
    if row is None or (row["sha256"], row["wish"]) != (known["sha256"], known["wish"]):
        raise KeyReused("The Idempotency-Key was used for another file, or another wish.")
    return found


def _require_type(named: str, begin: bytes) -> None:
    """Refuse a file that is not what it says it is. Raises `UnsupportedMediaType`."""
    packed = begin.startswith(PACKED)
    if named not in (*TEXTS, WORKBOOK, *UNTOLD):
        raise UnsupportedMediaType(f"A file is text/csv or {WORKBOOK}, not {named!r}.")
    if named not in UNTOLD and (named == WORKBOOK) is not packed:
        what = "an XLSX file" if packed else "no XLSX file"
        raise UnsupportedMediaType(f"The file says that it is {named}, but is {what}.")


@router.get(
    "/imports",
    operation_id="import.list",
    summary="List",
    responses=answer("Imports, newest first.", Imports),
)
async def imports(
    request: Request, parts: TheParts, see: See, cursor: Cursor, limit: Limit = 50
) -> Response:
    """List imports, newest first: your own; all, for whoever reads all of the operation log."""
    sender = None if _reads_all(see) else _sender(request.state.who)
    below = cursor.after[0] if cursor.after else None
    some = await run_in_threadpool(parts.own(Importing).store.some, sender, below, limit + 1)
    last = [some[limit - 1]["id"]] if len(some) > limit else None
    return json_response(*page(cursor, [_shown(each) for each in some[:limit]], last))


@router.get(
    "/imports/{id}",
    operation_id="import.read",
    summary="Follow",
    responses=answer("The import.", ImportProgress),
)
async def one(request: Request, parts: TheParts, see: See, id: str) -> Response:
    """How far an import is; once it has ended, what its rows came to.

    What is told of rows is for whoever sent them, for as many days as the settings say.
    """
    return await run_in_threadpool(_one, request.state.who, parts, see, id)


def _one(who: Principal, parts: Parts, see: Seeing, id_: str) -> Response:
    row = _known(who, parts, see, id_)
    content = _shown(row)
    if row["state"] in ENDED and _is_own(who, row):
        told = b"".join(parts.own(Importing).store.read(id_, "told"))
        content |= orjson.loads(told) if told else {}
        updates = content.get("updates", ())
        tell(rows=len(updates), ids=[each["id"] for each in updates])
    return json_response(content)


@router.get(
    "/imports/{id}/errors",
    operation_id="import.errors",
    summary="Rows that failed",
    response_class=Response,
    responses={
        200: {
            "description": "The rows that failed, with their lines and reasons.",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        }
    },
)
async def errors(request: Request, parts: TheParts, see: See, id: str) -> Response:
    """The rows that failed, as they were, each with its line and reason: the file of `--errors`.

    Corrected, it is sent as it is.
    """
    who = request.state.who
    row = await run_in_threadpool(_known, who, parts, see, id)
    if row["state"] not in ENDED:
        raise NotYet("The import has not ended yet.")
    if not _is_own(who, row) or _errors(row) is None:
        raise UnknownId("There are no rows of this import to be told, or not to you.")
    tell(rows=row["refused"])
    name = f"import-{id}-errors.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    pieces: Iterator[bytes] = parts.own(Importing).store.read(id, "errors")
    return StreamingResponse(pieces, headers=headers, media_type="text/csv; charset=utf-8")


@router.post(
    "/imports/{id}/cancel",
    operation_id="import.cancel",
    summary="End",
    responses=answer("It ends, or has ended.", ImportProgress),
)
async def cancel(request: Request, parts: TheParts, see: See, id: str) -> Response:
    """End an import of yours: what waits is not begun, of what has begun the rest fails.

    What was imported stays; the rows that are left are in the file of errors, to be sent again.
    """
    return await run_in_threadpool(_cancel, request.state.who, parts, see, id)


def _cancel(who: Principal, parts: Parts, see: Seeing, id_: str) -> Response:
    if not _is_own(who, _known(who, parts, see, id_)):
        raise NotPermitted("An import is ended by whoever sent it.")
    parts.own(Importing).store.cancel(id_)
    return json_response(_shown(_known(who, parts, see, id_)))


def _known(who: Principal, parts: Parts, see: Seeing, id_: str) -> Row:
    """Return an import in sight. Raises `UnknownId`."""
    row = parts.own(Importing).store.one(id_) if len(id_) <= 36 else None
    if row is None or row["state"] == "receiving" or not (_is_own(who, row) or _reads_all(see)):
        raise UnknownId(f"No import {id_!r} is in sight.")
    return row


def _is_own(who: Principal, row: Row) -> bool:
    theirs = (who.actor_kind, who.actor, who.on_behalf_of or "")
    return (row["actor_kind"], row["actor"], row["on_behalf_of"]) == theirs


def _reads_all(see: Seeing) -> bool:
    return see.sight("operation.read").whole


def _errors(row: Row) -> str | None:
    told = row["kept"] and row["state"] in ENDED and row["rows"] is not None
    return f"/imports/{row['id']}/errors" if told else None


def _shown(row: Row) -> dict[str, Any]:
    names = ("id", "state", "kind", "file", "bytes", "sha256", "dry_run", "update", "actor")
    moments = ("sent", "started", "ended")
    return {
        **{name: row[name] for name in (*names, "actor_kind")},
        "on_behalf_of": row["on_behalf_of"] or None,
        "unit": row["unit"],
        **{f"{each}_at": _moment(row[f"{each}_us"]) for each in moments},
        **{name: row[name] for name in ("rows", *COUNTS, "alike", "position")},
        "errors": _errors(row),
    }


def _moment(time_us: int | None) -> Any:
    return None if time_us is None else instant(time_us)
