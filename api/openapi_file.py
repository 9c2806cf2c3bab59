"""The committed document: `python -m api.openapi_file` writes it; a change shows in the diff."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from api.app import router_application

FILE = Path(__file__).with_name("openapi.json")

_WIDTH = 100
"""Characters of a line, which is filled: a third of the file is saved."""


def text() -> bytes:
    """Return the document of the server as it is committed."""
    return f"{_laid_out(router_application().openapi(), '')}\n".encode()


def _laid_out(value: Any, indent: str) -> str:
    short = _short(value)
    if not isinstance(value, dict | list) or len(indent) + len(short) <= _WIDTH:
        return short
    deeper = f"\n{indent} "
    if isinstance(value, list):
        parts, (begins, ends) = [_laid_out(each, indent + " ") for each in value], "[]"
    else:
        told = [(f"{_short(str(key))}:", each) for key, each in value.items()]
        parts, (begins, ends) = [key + _laid_out(each, indent + " ") for key, each in told], "{}"
    made, left = begins, 0
    for part in parts:
        comma = "," * (made != begins)
        fits = len(part) < left and "\n" not in part
        made += f"{comma}{part}" if fits else f"{comma}{deeper}{part}"
        left = (left if fits else _WIDTH - len(indent)) - len(part) - 1
        left *= "\n" not in part
    return made + ends


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    FILE.write_bytes(text())
