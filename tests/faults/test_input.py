"""Careful input: each number is what was written, and of two values none is guessed."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from domain.kernel.time.business_day import recorded_day
from tests.api.asking import problem
from tests.faults.fresh import Fresh, until

JSON = {"Content-Type": "application/json"}


def test_an_amount_as_a_json_number_keeps_its_hundredths(keyline: Fresh) -> None:
    body = '{"name": "Exact", "unit": "group", "annual_revenue": 123456789012345.67}'
    made = keyline.http.post("/customers", content=body, headers=JSON).json()
    row = keyline.ask(f"/customers/{made['id']}", min_position=made["position"])
    assert row["annual_revenue"] == "123456789012345.67"


def test_a_key_that_is_there_twice_is_refused(keyline: Fresh) -> None:
    body = '{"name": "Former", "unit": "group", "name": "Latter"}'
    found = keyline.http.post("/customers", content=body, headers=JSON)
    assert 'twice the key "name"' in problem(found, 400, "malformed-body")["detail"]


def test_two_idempotency_keys_are_refused(keyline: Fresh) -> None:
    headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    body = {"name": "Twice", "unit": "group"}
    found = keyline.http.post("/customers", json=body, headers=headers)
    assert "Idempotency-Key" in problem(found, 400, "malformed-header")["detail"]
    assert keyline.ask("/customers", name="Twice")["items"] == []


def test_money_in_sentences_and_changes_has_one_form(keyline: Fresh) -> None:
    sale = keyline.sale(amount=3178240000)
    keyline.do(f"{sale}/revise-amount", amount="3200000000.00")
    told = keyline.ask(f"{sale}/history", field="amount")["items"][-1]
    assert told["sentence"].endswith("from 3,178,240,000.00 to 3,200,000,000.00.")
    change = told["changes"][0]
    assert (change["before"], change["after"]) == ("3178240000.00", "3200000000.00")
    assert told["effective"] == f"{recorded_day(datetime.fromisoformat(told['time']))}"


@pytest.fixture
def alone(keyline: Fresh, tmp_path: Path) -> Path:
    """A folder elsewhere with the verifier and the answers of the API as they are."""
    until(lambda: _head(keyline) is not None)
    first = _head(keyline)
    for name, path in {
        "verifier.py": "/proofs/verifier",
        "keys.json": "/proofs/keys",
        "head.json": "/proofs/head",
        "between.json": f"/proofs/consistency?from={first['size']}&to={first['size']}",
        "event.json": f"/proofs/events/{first['size']}?size={first['size']}",
    }.items():
        answer = keyline.get(path)
        assert answer.status_code == 200, answer.text
        (tmp_path / name).write_bytes(answer.content)
    return tmp_path


def _head(keyline: Fresh) -> Any:
    return keyline.get("/proofs/head").json()["events"]["head"]


def test_the_verifier_takes_the_answers_of_the_api_and_tells_what_it_proved(
    keyline: Fresh, alone: Path
) -> None:
    def run(*arguments: str) -> str:
        words = [sys.executable, "-I", "verifier.py", *arguments]
        done = subprocess.run(words, cwd=alone, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    heads = run("heads", "head.json", "head.json", "between.json", "keys.json")
    assert heads.startswith("PROVED:")
    told = run("entry", "event.json", "keys.json")
    _, stream, version, type_, *_ = json.loads(
        json.loads((alone / "event.json").read_text())["leaf"]
    )
    assert told.startswith("PROVED:")
    assert f"  what {type_}, version {version} of {stream}\n" in told
    assert "  when 20" in told
    assert "  who  system " in told
    assert "  says {" in told
    described = keyline.get("/openapi.json").json()["paths"]
    assert "/proofs/verifier" in json.dumps(described["/proofs/head"])
