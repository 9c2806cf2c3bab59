"""Fingerprints: what the rows depend on changes them, what changes no row does not."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from projections.kernel.fingerprint import code_of
from projections.kernel.read_model import read_models

FOLD = '''
"""A module of folds."""
import re
from enum import Enum
from projections.customers.merges.name_key import name_key

class Step(Enum):
    FIRST = "first"

STEPS = {"b": Step.FIRST, "a": 2}
MARKS = re.compile("[.]")
NAMES = frozenset({"x", "y", "z"})
unused = 1

def helpers_helper(value):
    """Say what it is."""
    return (value, STEPS, NAMES, MARKS)

def helper(value):
    return [helpers_helper(each) for each in value]

def elsewhere():
    return 1

def fold(row, event, more=1):
    return {"name": helper(name_key(event.data["name"]))}
'''

COUNTS = [
    ('FIRST = "first"', 'FIRST = "1st"'),
    ('"a": 2', '"a": 3'),
    ('"[.]"', '"[,]"'),
    ('"x", "y"', '"x", "w"'),
    ("(value, STEPS", "(str(value), STEPS"),
    ("helpers_helper(each) for", "helpers_helper(0) for"),
    ("more=1", "more=2"),
    (
        "projections.customers.merges.name_key import name_key",
        "projections.kernel.payload_values import day as name_key",
    ),
]
DOES_NOT = [
    ("import re\n", "import re\nimport os\n"),
    ('"""Say what it is."""', '"""Say what it was."""  # a comment'),
    ("unused = 1", "unused = 2"),
    ("return 1", "return 2"),
    ("return [helpers", "return [  helpers"),
    ('"""A module of folds."""', ""),
]


def fingerprint(folder: Path, text: str, name: str = "folds_of_a_test") -> list[str]:
    path = folder / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        spec.loader.exec_module(module)
        return code_of([module.fold])
    finally:
        sys.dont_write_bytecode = before
        del sys.modules[name]


def test_where_a_fold_stands_does_not_count(tmp_path: Path) -> None:
    assert fingerprint(tmp_path, FOLD) == fingerprint(tmp_path, FOLD, "a_room_of_a_test")


@pytest.mark.parametrize(("old", "new"), COUNTS)
def test_a_constant_or_a_function_that_a_fold_depends_on_counts(
    old: str, new: str, tmp_path: Path
) -> None:
    assert FOLD.count(old) == 1
    assert fingerprint(tmp_path, FOLD) != fingerprint(tmp_path, FOLD.replace(old, new))


@pytest.mark.parametrize(("old", "new"), DOES_NOT)
def test_what_no_fold_depends_on_does_not_count(old: str, new: str, tmp_path: Path) -> None:
    assert FOLD.count(old) == 1
    assert fingerprint(tmp_path, FOLD) == fingerprint(tmp_path, FOLD.replace(old, new))


def test_every_process_finds_the_same() -> None:
    here = {name: model.fingerprint for name, model in read_models().items()}
    asked = "from projections.kernel.read_model import read_models as m;"
    asked += "print({name: model.fingerprint for name, model in m().items()})"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        env=os.environ | {"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == str(here), done.stderr
