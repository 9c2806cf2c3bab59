"""The committed document: `python -m api.openapi_file` writes it; a change shows in the diff."""

from __future__ import annotations

from pathlib import Path

import orjson

from api.app import router_application

FILE = Path(__file__).with_name("openapi.json")


def text() -> bytes:
    """Return the document of the server as it is committed."""
    document = router_application().openapi()
    form = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(document, option=form)


if __name__ == "__main__":
    FILE.write_bytes(text())
