"""Proofs: signed heads of the logs, and proofs that an auditor checks without us."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query, Response

from adapters.proofs import verifier
from adapters.proofs.merkle import Range, consistency_path, inclusion_path, leaf_hash
from adapters.proofs.merkle_store import LOGS, Log, Name, frontier, leaf_of, proof, root_at
from adapters.proofs.signed_heads import Head, heads, latest, public_keys
from adapters.refusals import NotPermitted, UnknownId
from api.kernel.access.visibility import See, Seeing
from api.kernel.process import Parts
from api.kernel.reading.read_parameters import TheParts, invalid, json_response

router = APIRouter(tags=["proofs"])

Number = Annotated[int, Path(ge=1, le=2**53)]
Size = Annotated[
    int | None,
    Query(
        ge=1,
        le=2**53,
        description="entries of the log that is proved to have it; by default those of the last "
        "signed head, or all when that does not have it yet",
    ),
]

_TEXT, _COUNT = {"type": "string"}, {"type": "integer"}
_HEAD = {
    "type": "object",
    "required": list(Head._fields),
    "properties": {name: _COUNT if name == "size" else _TEXT for name in Head._fields},
}
_MAYBE_HEAD = {"oneOf": [_HEAD, {"type": "null"}]}
_HASHES = {"type": "array", "items": _TEXT}
_STATE = {"size": _COUNT, "root": _TEXT, "head": _MAYBE_HEAD}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": dict(properties)}


def _answers(description: str, schema: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    content = {"application/json": {"schema": schema}}
    return {200: {"description": description, "content": content}}


_KEY = _object({"id": _TEXT, "public": _TEXT})
_ENTRY = _object(
    {
        "log": _TEXT,
        "number": _COUNT,
        "leaf": _TEXT,
        "leaf_hash": _TEXT,
        "hashes": _HASHES,
        **_STATE,
    }
)
_CONSISTENCY = _object(
    {"log": _TEXT, "from": _COUNT, "to": _COUNT, "from_root": _TEXT, "to_root": _TEXT}
    | {"hashes": _HASHES}
)


@router.get(
    "/proofs/head",
    operation_id="proof.head",
    response_class=Response,
    responses=_answers("Each log.", _object({name: _object(_STATE) for name in LOGS})),
)
def head(parts: TheParts, see: See) -> Response:
    """Show how many entries each log has, its root, and the last head that was signed of it.

    Two such answers, kept, and `/proofs/consistency` between their heads are what
    `/proofs/verifier` checks.
    """
    see.need("proof.read")
    content = {}
    with parts.journal.engine.connect() as connection:
        for name, log in LOGS.items():
            tree, last = frontier(connection, log), latest(connection, name)
            signed = None if last is None else last._asdict()
            content[name] = {"size": tree.size, "root": tree.root().hex(), "head": signed}
    return json_response(content)


@router.get(
    "/proofs/keys",
    operation_id="proof.keys",
    response_class=Response,
    responses=_answers("Each key.", _object({"items": {"type": "array", "items": _KEY}})),
)
def keys(parts: TheParts, see: See) -> Response:
    """List the public keys (Ed25519, hexadecimal) that ever signed heads, oldest first.

    Whoever is to be convinced keeps them from a time when this answer could be trusted.
    """
    see.need("proof.read")
    with parts.journal.engine.connect() as connection:
        found = public_keys(connection)
    return json_response({"items": [{"id": id_, "public": key} for id_, key in found.items()]})


@router.get(
    "/proofs/verifier",
    operation_id="proof.verifier",
    response_class=Response,
    responses={
        200: {"description": "The program.", "content": {"text/x-python": {"schema": _TEXT}}}
    },
)
def program(see: See) -> Response:
    """Return the program by which an auditor checks proofs and heads on a machine of their own.

    It is one file of Python that needs `cryptography` alone and asks nobody:
    `python verifier.py entry PROOF.json KEYS.json`, `python verifier.py heads OLD.json NEW.json
    CONSISTENCY.json KEYS.json`, with the answers of `/proofs/...` as they are.
    """
    see.need("proof.read")
    source = FilePath(verifier.__file__).read_bytes()
    headers = {"Content-Disposition": 'attachment; filename="verifier.py"'}
    return Response(source, media_type="text/x-python", headers=headers)


@router.get(
    "/proofs/events/{position}",
    operation_id="proof.event",
    response_class=Response,
    responses=_answers("The proof.", _ENTRY),
)
def event(parts: TheParts, see: See, position: Number, size: Size = None) -> Response:
    """Prove that an event is in the journal: its leaf as it was hashed, and the way to the root.

    `head` is the signed head of just this size, if there is one. `/proofs/verifier` checks it, and
    tells who did what and when.
    """
    return _entry(parts, see, LOGS["events"], position, size)


@router.get(
    "/proofs/operations/{number}",
    operation_id="proof.operation",
    response_class=Response,
    responses=_answers("The proof.", _ENTRY),
)
def operation(parts: TheParts, see: See, number: Number, size: Size = None) -> Response:
    """Prove that an entry is in the operation log, as for an event."""
    return _entry(parts, see, LOGS["operations"], number, size)


@router.get(
    "/proofs/consistency",
    operation_id="proof.consistency",
    response_class=Response,
    responses=_answers("The proof.", _CONSISTENCY),
)
def consistency(
    parts: TheParts,
    see: See,
    from_: Annotated[int, Query(alias="from", ge=0, le=2**53, description="the size of the one")],
    to: Annotated[
        int | None,
        Query(ge=0, le=2**53, description="the size of the other; by default all there is"),
    ] = None,
    log: Name = "events",
) -> Response:
    """Prove that a log of one size is the beginning of the same log at another size."""
    see.need("proof.read")
    chosen = LOGS[log]
    with parts.journal.engine.connect() as connection:
        size = frontier(connection, chosen).size
        end = size if to is None else to
        if end > size:
            raise invalid("to", f"There are {size} entries.")
        if from_ > end:
            raise invalid("from", f"A log of {from_} is not the beginning of one of {end}.")
        hashes = _proof(connection, chosen, consistency_path(from_, end))
        roots = [_root(connection, chosen, each) for each in (from_, end)]
    content = {"log": log, "from": from_, "to": end, "from_root": roots[0], "to_root": roots[1]}
    return json_response({**content, "hashes": hashes})


def _entry(parts: Parts, see: Seeing, log: Log, number: int, wanted: int | None) -> Response:
    if not see.need("proof.read").everything:
        raise NotPermitted("A proof shows an entry whole: it needs proof.read for everything.")
    with parts.journal.engine.connect() as connection:
        tree, last = frontier(connection, log), latest(connection, log.name)
        row = connection.execute(sa.select(log.table).where(log.key == number)).one_or_none()
        if row is None or number > tree.size:
            raise UnknownId(f"There is no number {number} among the {log.name}.")
        size = last.size if last is not None and number <= last.size else tree.size
        if wanted is not None:
            size = wanted
        if not number <= size <= tree.size:
            raise invalid("size", f"It is from {number} to {tree.size}.")
        leaf = leaf_of(tuple(row))
        content = {
            "log": log.name,
            "number": number,
            "leaf": leaf.decode(),
            "leaf_hash": leaf_hash(leaf).hex(),
            "size": size,
            "root": _root(connection, log, size),
            "hashes": _proof(connection, log, inclusion_path(number - 1, size)),
            "head": _signed(connection, log, size),
        }
    return json_response(content)


def _proof(connection: sa.Connection, log: Log, path: list[Range]) -> list[str]:
    return [each.hex() for each in proof(connection, log, path)]


def _root(connection: sa.Connection, log: Log, size: int) -> str:
    return root_at(connection, log, size).hex()


def _signed(connection: sa.Connection, log: Log, size: int) -> dict[str, Any] | None:
    columns = [heads.c[name] for name in Head._fields]
    which = sa.and_(heads.c.log == log.name, heads.c.size == size)
    row = connection.execute(sa.select(*columns).where(which)).one_or_none()
    return None if row is None else Head(*row)._asdict()
