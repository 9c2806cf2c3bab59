"""The wheel is whole: installed where there is no checkout, it starts and has everything in it."""

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import httpx
import pytest

from adapters.local.process import free_port
from api.console.files import address
from api.openapi_file import FILE
from tests.api.command_line import environment
from tests.test_house import PACKAGES, ROOT

KEY = "a-key-for-tests-only"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that has the wheel, and the packages that it needs."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in (*PACKAGES, "pyproject.toml", "README.md"):  # so that nothing is built in the tree
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    alone = ["--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "wheel", *alone, "--wheel-dir", folder, source], check=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", symlinks=True)
    (packages,) = (folder / "env").glob("lib/python*/site-packages")
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib"))
    python = folder / "env" / "bin" / "python"
    subprocess.run([*pip, "--python", python, "install", *alone, wheel], check=True)
    return python.parent


def test_an_installed_wheel_serves_all_that_the_document_names(
    installed: Path, tmp_path: Path
) -> None:
    port = str(free_port())
    settings = environment(tmp_path, port=port, admin_key=KEY)
    settings.pop("PYTHONPATH", None)
    with subprocess.Popen([installed / "keyline", "serve"], cwd=tmp_path, env=settings) as server:
        try:
            transport = httpx.HTTPTransport(retries=8)  # half a second, one, two, ...
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=transport) as client:
                client.headers["Authorization"] = f"Bearer {KEY}"
                document = client.get("/openapi.json", timeout=60)
                customers = client.get("/customers", timeout=60)
                files = ("console.css", "htmx.min.js", "echarts.common.min.js")
                pages = [client.get(each) for each in ("/console/sign-in", *map(address, files))]
        finally:
            server.terminate()
    assert server.returncode == 0
    assert document.json() == json.loads(FILE.read_bytes())
    assert customers.json()["items"] == []
    assert [each.status_code for each in pages] == [200] * 4


def test_an_installed_wheel_speaks_chinese(installed: Path) -> None:
    spoken = {each.name for room in PACKAGES for each in (ROOT / room).rglob("*.po")}
    assert {each.name for each in installed.parent.rglob("lib/**/*.po")} == spoken != set()
