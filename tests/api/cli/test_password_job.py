"""The operator's way to a password: `keyline set-password`, through a real process."""

import subprocess
from pathlib import Path

import httpx
import pytest

from adapters.settings import Settings
from tests.api.asking import problem
from tests.api.command_line import ROOT, command, environment
from tests.api.conftest import KEY, serving

GOOD = "a long and winding road"


def set_password(data: Path, *arguments: str, typed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("set-password", *arguments),
        cwd=ROOT,
        env=environment(data),
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        start_new_session=True,  # without a terminal it reads what is typed from here
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with nothing but the foundation in it."""
    with serving(Settings(data=tmp_path, port=0, admin_key=KEY)):
        return tmp_path


def test_the_operator_sets_a_password_that_opens(data: Path) -> None:
    done = set_password(data, "admin", typed=f"{GOOD}\n{GOOD}\n")
    assert done.returncode == 0, done.stderr
    assert "The password of admin is set." in done.stdout
    assert GOOD not in done.stdout + done.stderr
    with serving(Settings(data=data, port=0, admin_key=KEY)) as address:
        body = {"employee": "admin", "password": GOOD}
        answer = httpx.post(f"{address}/sign-in", json=body, trust_env=False)
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        found = httpx.get(f"{address}/me", headers=headers, trust_env=False)
        assert found.json()["actor"] == "admin"
        assert set_password(data, "admin", "--once", typed=f"{GOOD}\n{GOOD}\n").returncode == 0
        problem(
            httpx.get(f"{address}/me", headers=headers, trust_env=False), 401, "unauthenticated"
        )
        answer = httpx.post(f"{address}/sign-in", json=body, trust_env=False)
        assert answer.json()["password_change_required"] is True


@pytest.mark.parametrize(
    ("employee", "typed", "status", "complaint"),
    [
        ("nobody", "", 1, "There is no employee 'nobody'."),
        ("admin", "short\nshort\n", 2, "A password has 12 to 256 characters."),
    ],
)
def test_a_password_that_cannot_be_set_is_said_in_words(
    data: Path, employee: str, typed: str, status: int, complaint: str
) -> None:
    done = set_password(data, employee, typed=typed)
    assert done.returncode == status
    assert done.stderr.strip().endswith(complaint)
    assert "Traceback" not in done.stderr
