"""The files of the pages: those of others are what their authors published, each kept for good."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pyarrow as pa
import pytest

from adapters.settings import Settings
from api.console.files import address
from tests.api.conftest import KEY, serving
from tests.test_house import ROOT

VENDOR = ROOT / "api" / "console" / "vendor"
PACKAGES: Mapping[str, Any] = json.loads((VENDOR / "vendor.json").read_bytes())


def files() -> Iterator[tuple[str, str, Path, str]]:
    """Yield of each file its package, its path in there, where it is here, and its hash."""
    for package, told in PACKAGES.items():
        for path, sha in told["files"].items():
            yield package, path, VENDOR / package / Path(path).name, sha


def test_what_others_made_is_as_they_published_it_with_its_licence() -> None:
    for _, _, file, sha in files():
        assert sha256(file.read_bytes()).hexdigest() == sha, file
    assert set(VENDOR.glob("*/*")) == {file for _, _, file, _ in files()}
    for package, told in PACKAGES.items():
        assert told.keys() == {"version", "licence", "files"}
        assert (VENDOR / package / "LICENSE").is_file()
    altered = sha256((VENDOR / "htmx.org" / "htmx.min.js").read_bytes() + b" ").hexdigest()
    assert altered not in {sha for *_, sha in files()}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    settings = Settings(data=tmp_path_factory.mktemp("files"), port=0, admin_key=KEY)
    with serving(settings) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def test_a_file_is_kept_for_good_under_its_hash_and_comes_packed(server: httpx.Client) -> None:
    plain = (VENDOR / "echarts" / "echarts.common.min.js").read_bytes()
    path = address("echarts.common.min.js")
    assert sha256(plain).hexdigest()[:16] in path
    unpack: Mapping[str, Callable[[bytes], bytes]] = {
        "identity": bytes,
        "gzip": lambda packed: zlib.decompress(packed, 31),
        "zstd": lambda packed: bytes(pa.CompressedInputStream(BytesIO(packed), "zstd").read()),
    }
    for coding, unpacked in unpack.items():
        with server.stream("GET", path, headers={"Accept-Encoding": coding}) as answer:
            packed = b"".join(answer.iter_raw())
        assert unpacked(packed) == plain
        assert len(packed) < 250_000 or coding == "identity"
        assert answer.headers.get("content-encoding", "identity") == coding
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "Accept-Encoding" in answer.headers["vary"]


def test_a_page_of_another_version_gets_the_file_of_today_and_does_not_keep_it(
    server: httpx.Client,
) -> None:
    answer = server.get("/console/static/0123456789abcdef.console.css")
    assert answer.text == server.get(address("console.css")).text
    assert answer.headers["content-type"].startswith("text/css")
    assert answer.headers["cache-control"] == "no-cache"
    for name in ("0123.nothing.js", "console.css", "0123.vendor.json", "0123.LICENSE"):
        assert server.get(f"/console/static/{name}").status_code == 404


def fetch() -> None:
    """Put in place the files that `vendor.json` names. Raises `SystemExit` where one is another."""
    for package, told in PACKAGES.items():
        with TemporaryDirectory() as folder:
            spec = f"{package}@{told['version']}"
            subprocess.run(
                ["npm", "pack", "--silent", spec], cwd=folder, check=True, stdout=subprocess.DEVNULL
            )
            (packed,) = Path(folder).iterdir()
            with tarfile.open(packed) as content:
                for _, path, file, sha in (each for each in files() if each[0] == package):
                    member = content.extractfile(f"package/{path}")
                    assert member is not None
                    found = member.read()
                    if (is_ := sha256(found).hexdigest()) != sha:
                        sys.exit(
                            f"{spec}: the SHA-256 of {path} is {is_}, not that of vendor.json."
                        )
                    file.parent.mkdir(exist_ok=True)
                    file.write_bytes(found)


if __name__ == "__main__":
    fetch()
