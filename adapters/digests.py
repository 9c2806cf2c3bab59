"""Digests: what tells a repeated command from another one under the same key."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson


def digest(command: str, id: str | None, body: bytes | Mapping[str, Any], key: bytes = b"") -> str:
    """Return what tells a repeat from another request under the same key.

    With a key of ours nobody else can find out from it what the body said of a person.
    """
    told: object = body
    if isinstance(body, bytes):
        try:
            told = orjson.loads(body or b"{}")
        except orjson.JSONDecodeError:
            told = {"": body.hex()}
    text = orjson.dumps([command, id, told], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=16, key=key).hexdigest()
