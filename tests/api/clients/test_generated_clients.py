"""Clients that generators make of the committed document compile, and make ten calls."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.settings import Settings
from api.openapi_file import FILE
from tests.api.clients import tools
from tests.api.clients.tools import HERE, run
from tests.api.conftest import KEY, serving

TOLD = """registered 1
batch [201, 201, 201]
list ["Branch 1", "Branch 2", "Branch 3", "广州启明银行"]
record 广州启明银行 null ETag
command 2
problem /problems/stale-version 412
report [4]
history Administrator (admin) regraded the customer to A, because "It grew".
events ["customer.registered", "customer.regraded"]
export name,grade,masked,sealed
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    settings = Settings(data=tmp_path / "data", port=0, admin_key=KEY)
    with serving(settings) as address:
        yield address


def plain(told: str) -> str:
    """Return what was told with the lists of either language written alike."""
    return told.replace("'", '"').replace("[ ", "[").replace(" ]", "]").replace("None", "null")


def test_openapi_python_client(server: str, tmp_path: Path) -> None:
    programs = tools.openapi_python_client()
    python, client = programs / "python", tmp_path / "keyline_client"
    path = os.pathsep.join([str(programs), os.environ["PATH"]])  # where it looks for ruff
    generate = ["env", f"PATH={path}", "openapi-python-client", "generate", "--meta", "none"]
    run([*generate, "--path", FILE, "--output-path", client], tmp_path)
    run([python, "-W", "error", "-m", "compileall", "-q", client], tmp_path)
    shutil.copy(HERE / "ten_calls.py", tmp_path)
    assert plain(run([python, "-W", "error", "ten_calls.py", server, KEY], tmp_path)) == TOLD


@pytest.mark.skipif(not tools.NODE, reason="there is no Node.js with npm on this machine")
def test_openapi_typescript_with_openapi_fetch(server: str, tmp_path: Path) -> None:
    modules = tools.node_modules()
    (tmp_path / "node_modules").symlink_to(modules)
    (tmp_path / "package.json").write_text(json.dumps({"type": "module"}))
    for name in ("ten_calls.ts", "tsconfig.json"):
        shutil.copy(HERE / name, tmp_path)
    programs = modules / ".bin"
    run([programs / "openapi-typescript", FILE, "-o", "schema.d.ts"], tmp_path)
    run([programs / "tsc"], tmp_path)
    assert plain(run(["node", "ten_calls.js", server, KEY], tmp_path)) == TOLD
