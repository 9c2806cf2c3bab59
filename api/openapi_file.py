"""The committed document: `python -m api.openapi_file` writes it; a change shows in the diff."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from api.app import router_application

FILE = Path(__file__).with_name("openapi.json")

_WIDTH = 100
"""Characters of a line, into which what fits is written whole: a third of the file is saved."""


def text() -> bytes:
    """Return the document of the server as it is committed."""
    return f"{_laid_out(router_application().openapi(), '')}\n".encode()


def _laid_out(value: Any, indent: str) -> str:
    short = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(indent) + len(short) <= _WIDTH:
        return short
    deeper = indent + " "
    if isinstance(value, list):
        parts, (begins, ends) = [_laid_out(each, deeper) for each in value], "[]"
    else:
        parts, (begins, ends) = (
            [
                f"{json.dumps(str(key), ensure_ascii=False)}: {_laid_out(each, deeper)}"
                for key, each in value.items()
            ],
            "{}",
        )
    return begins + ",".join(f"\n{deeper}{part}" for part in parts) + f"\n{indent}{ends}"


if __name__ == "__main__":
    FILE.write_bytes(text())
