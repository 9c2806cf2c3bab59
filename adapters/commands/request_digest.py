"""Digests: what tells a repeated command from another one under the same key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import orjson

from adapters.commands.exact_json import as_written, rounded, write
from adapters.refusals import MalformedBody


def digest(command: str, id: str | None, values: Any, key: bytes = b"") -> str:
    """Return what tells a repeat from another request under the same key.

    `values` are what the body says, or the body itself where it cannot be read. With a key of ours
    nobody else can find out from it what the body said of a person.
    """
    told = {"": values.hex()} if isinstance(values, bytes) else values
    try:
        text = write([command, id, told], _number, orjson.OPT_SORT_KEYS)
    except MalformedBody:
        text = repr(told).encode(errors="backslashreplace")
    return hashlib.blake2b(text, digest_size=16, key=key).hexdigest()


def former(
    command: str, id: str | None, body: bytes | Mapping[str, Any], key: bytes
) -> Iterator[str]:
    """Yield the digests that the same request had in former times.

    They had no key; numbers were rounded to doubles, and of a key given twice the last counted.
    """
    values: Any = body
    if isinstance(body, bytes):
        try:
            values = orjson.loads(body or b"{}")
        except orjson.JSONDecodeError:
            values = {"": body.hex()}
    text = write([command, id, values], float, orjson.OPT_SORT_KEYS)
    for each in (key, b""):
        yield hashlib.blake2b(text, digest_size=16, key=each).hexdigest()


def _number(number: Decimal) -> Any:
    return as_written(number.normalize()) if rounded(number) else float(number)
