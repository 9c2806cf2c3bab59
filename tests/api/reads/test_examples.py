"""The examples of the READMEs: an aggregate and a read model added as they say are right."""

import subprocess
import sys
from pathlib import Path


def test_what_a_developer_adds_as_the_readmes_say_is_listed_permitted_searched_and_told(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.api.errands", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
