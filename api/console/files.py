"""Files: the pages' styles and scripts, ours and those of others, each kept under its hash."""

from __future__ import annotations

import zlib
from functools import cache
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
from fastapi import APIRouter, Request, Response

from api.console.view import HOME, TEMPLATES
from api.kernel.problems import NotFound
from api.kernel.reading.answer_headers import PUBLIC
from api.server.compression import coding

router = APIRouter(include_in_schema=False)

_TYPES = {".css": "text/css", ".js": "text/javascript"}

_FOR_GOOD = "public, max-age=31536000, immutable"


@cache
def address(name: str) -> str:
    """Return the address of a file, which is another one when its content is. Raises `KeyError`."""
    return f"{HOME}/static/{sha256(_files()[name].read_bytes()).hexdigest()[:16]}.{name}"


async def file(request: Request) -> Response:
    """Return a file; a page of an earlier version gets it as it is today, not to be kept."""
    name = request.path_params["name"].partition(".")[2]
    if name not in _files():
        raise NotFound(f"There is no {name!r} here.")
    packing = coding(request.headers.get("accept-encoding", "").encode())
    kept = _FOR_GOOD if request.url.path == address(name) else PUBLIC
    headers = {"Cache-Control": kept} | ({"Content-Encoding": packing} if packing else {})
    return Response(_packed(name, packing), 200, headers, _TYPES[Path(name).suffix])


@cache
def _files() -> dict[str, Path]:
    here = Path(__file__).parent
    found = [*(here / "static").iterdir(), *(here / "vendor").glob("*/*")]
    return {each.name: each for each in found if each.suffix in _TYPES}


@cache
def _packed(name: str, packing: str | None) -> bytes:
    """Return a file packed tightly, which is done once."""
    content = _files()[name].read_bytes()
    if packing == "zstd":
        return bytes(pa.Codec("zstd", compression_level=9).compress(content, asbytes=True))
    return zlib.compress(content, 9, wbits=31) if packing else content


TEMPLATES.globals["file"] = address
router.add_route(f"{HOME}/static/{{name}}", file, ["GET"])
