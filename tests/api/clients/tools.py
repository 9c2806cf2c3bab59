"""The generators: installed once, as their lock files have them, into the user's cache folder."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path

HERE = Path(__file__).parent
NODE = shutil.which("node") is not None and shutil.which("npm") is not None


def run(command: Sequence[str | Path], folder: Path) -> str:
    """Return what a command says in a folder. It has to end well, and to warn of nothing."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{told}"
    assert "warning" not in told.lower(), told
    return done.stdout


def openapi_python_client() -> Path:
    """Return the folder with the generator's programs."""
    return _installed("openapi-python-client", ["requirements.lock"], _venv) / "bin"


def node_modules() -> Path:
    """Return the folder with the packages that the TypeScript client is made and run by."""
    return _installed("node", ["package.json", "package-lock.json"], _npm) / "node_modules"


def _venv(folder: Path) -> None:
    run([sys.executable, "-m", "venv", folder], folder)
    pip = ["bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--require-hashes", "-r", "requirements.lock"], folder)


def _npm(folder: Path) -> None:
    run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], folder)


def _installed(name: str, locks: Sequence[str], install: Callable[[Path], None]) -> Path:
    """Return the folder of what some lock files say, which whoever comes first installs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "keyline"
    digest = blake2b(b"".join((HERE / lock).read_bytes() for lock in locks), digest_size=8)
    place = cache / f"{name}-{digest.hexdigest()}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}.lock").open("a") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not (place / ".ready").exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            for lock in locks:
                shutil.copy(HERE / lock, place)
            install(place)
            (place / ".ready").touch()
    return place
