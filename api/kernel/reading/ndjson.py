"""Lines: values as NDJSON, so that whoever reads line by line gets the lines that were meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson

from api.kernel.reading.read_parameters import JSON

NDJSON = "application/x-ndjson"

_LEADS = (b"\xc2\x85", b"\xd8\x9c", b"\xe2\x80", b"\xe2\x81")
_MISLEADING = re.compile(rb"\xc2\x85|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
"""Ends of a line to many readers (U+0085, U+2028, U+2029), and marks of direction, in UTF-8."""


def line(value: Any) -> bytes:
    """Return a value as one line of JSON, ended by a line feed and by nothing else."""
    return escaped(orjson.dumps(value, default=str, option=JSON | orjson.OPT_APPEND_NEWLINE))


def lines(values: Iterable[Any]) -> bytes:
    """Return values as lines of JSON."""
    return b"".join(map(line, values))


def escaped(text: bytes) -> bytes:
    r"""Return UTF-8 text with `\u2028` and its like spelt out; in JSON it says the same.

    New texts cannot have them (`domain/kernel/types/text.py`); what was recorded before can.
    """
    if not any(lead in text for lead in _LEADS):
        return text
    return _MISLEADING.sub(lambda found: rb"\u%04x" % ord(found[0].decode()), text)
