"""No key or password lies in the tree: what looks like one is looked at by a person, once."""

import json
from collections.abc import Iterable
from pathlib import Path

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings

from tests.test_house import ROOT, texts

LOOKED_AT = ROOT / ".secrets.baseline"
"""What only looks like a secret: file → digests. Made by `python -m tests.test_secrets`."""

GENERATED = {"requirements.lock", "openapi.json", "asyncapi.json"}


def found(files: Iterable[Path], root: Path) -> dict[str, list[str]]:
    """Return the digests of what looks like a secret, by file."""
    secrets = SecretsCollection(root=str(root))
    with default_settings():
        for file in files:
            secrets.scan_file(str(file.relative_to(root)))
    return {
        name: sorted({secret.secret_hash for secret in secrets[name]})
        for name in sorted(secrets.files)
    }


def tree() -> dict[str, list[str]]:
    """Return what looks like a secret in the project."""
    files = [file for file in texts() if file.name not in GENERATED]
    return found([*files, Path(__file__).with_name("test_house.py")], ROOT)


def test_nothing_in_the_tree_looks_like_a_secret_that_nobody_has_looked_at() -> None:
    assert tree() == json.loads(LOOKED_AT.read_text(encoding="utf-8"))


def test_a_key_that_is_left_in_a_file_is_found(tmp_path: Path) -> None:
    left = tmp_path / "left.py"
    left.write_text('aws = "AKIA' + "IOSFODNN7EXAMPLQ" + '"\n', encoding="utf-8")
    assert found([left], tmp_path).keys() == {"left.py"}


if __name__ == "__main__":
    LOOKED_AT.write_text(json.dumps(tree(), indent=1) + "\n", encoding="utf-8")
