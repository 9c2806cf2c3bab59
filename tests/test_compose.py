"""The compose file: accepted by Docker Compose, where that client is installed."""

import os
import subprocess
from pathlib import Path

import pytest

COMPOSE_FILE = Path(__file__).parent.parent / "compose.yaml"


def compose(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `docker compose` on the project's file; skip the test where there is none."""
    try:
        subprocess.run(["docker", "compose", "version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("docker compose is not installed")
    inherited = {name: value for name, value in os.environ.items() if name != "KEYLINE_ADMIN_KEY"}
    return subprocess.run(
        ["docker", "compose", "--file", str(COMPOSE_FILE), *arguments],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_docker_compose_accepts_the_file() -> None:
    result = compose("config", "--quiet", KEYLINE_ADMIN_KEY="a-key-of-some-length")
    assert result.returncode == 0, result.stderr


def test_docker_compose_asks_for_the_administrator_key() -> None:
    result = compose("config", "--quiet", KEYLINE_ADMIN_KEY="")
    assert result.returncode != 0
    assert "KEYLINE_ADMIN_KEY" in result.stderr
