"""A journal from before no two codes might look alike: claimed as if always so, and listed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.refusals import RuleBroken
from adapters.settings import Settings
from adapters.storage.databases import connect, writing
from adapters.storage.journal_tables import claims
from adapters.storage.lookalikes import awkward
from domain.kernel.aggregate import Origin, new_id
from domain.kernel.types.values import EMPLOYEE_CODE, ROLE_CODE
from tests.adapters.storage.test_migrations import first_form
from tests.api.command_line import keyline
from tests.organisation import organise

CODES = [
    ("employee", "peng.zhao", "employee.engaged"),
    ("employee", "PENG.ZHAO", "employee.engaged"),
    ("employee", "policy:abandon-opportunities", "employee.engaged"),
    ("employee", "nobody", "employee.engaged"),
    ("employee", "li.wei", "employee.engaged"),
    ("employee", "key:gone", "employee.engaged"),
    ("employee", "KEY:BACK", "employee.engaged"),
    ("role", "Seller", "role.defined"),
    ("role", "old:role", "role.defined"),
    ("api-key", "ERP", "api-key.issued"),
    ("api-key", "erp", "api-key.issued"),
    ("api-key", "Erp", "api-key.issued"),
]
AFTER = {
    "key:gone": ["employee.left"],
    "KEY:BACK": ["employee.left", "employee.reengaged"],
    "old:role": ["role.retired"],
    "Erp": ["api-key.revoked"],
}
LISTED = {
    ("employee", "PENG.ZHAO"): "looks like 'peng.zhao', which was there first",
    ("employee", "policy:abandon-opportunities"): "small letters a to z",
    ("employee", "nobody"): "tells of no person",
    ("employee", "KEY:BACK"): "small letters a to z",
    ("role", "Seller"): "small letters a to z",
    ("api-key", "erp"): "looks like 'ERP', which was there first",
}
"""What is to be renamed, and a part of the reason; who has left poses as nobody any more."""


def record(url: str) -> None:
    """Record in a database what the first release would have taken for codes and names."""
    first_form(url).dispose()
    engine, position = connect(url), 0
    with writing(engine).begin() as connection:
        there = sa.MetaData()
        there.reflect(connection)
        for number, (kind, text, type_) in enumerate(CODES):
            stream = f"0199a3a1-0000-7000-8000-{number:012}"
            if kind != "api-key":
                rule = EMPLOYEE_CODE if kind == "employee" else ROLE_CODE
                claim = {"rule": rule, "value": text, "stream": stream}
                connection.execute(claims.insert(), claim)
            for version, event in enumerate([type_, *AFTER.get(text, ())], 1):
                position += 1
                named = "name" if kind == "api-key" else "code"
                row: dict[str, Any] = {"position": position, "stream": stream, "version": version}
                row |= {"type": event, "schema": 1, "time_us": position, "actor": "admin"}
                row |= {"unit": "group", "command_id": f"c-{position}"}
                row |= {"data": json.dumps({named: text})}
                connection.execute(there.tables["events"].insert(), row)
        state = {"position": position, "time_us": position}
        connection.execute(there.tables["head"].update(), state)
    engine.dispose()


@pytest.fixture
def journal(database_url: str) -> Iterator[Journal]:
    """Yield that journal, brought up to date."""
    record(database_url)
    journal = Journal(database_url)
    journal.create()
    yield journal
    journal.close()


def test_what_would_not_be_given_today_is_listed_with_why_and_what_to_do(journal: Journal) -> None:
    with journal.engine.connect() as connection:
        found = {(each.kind, each.text): each for each in awkward(connection)}
    assert found.keys() == LISTED.keys()
    for place, words in LISTED.items():
        assert words in found[place].because
        assert "another" in found[place].mend


@pytest.fixture
def executor(journal: Journal) -> Iterator[Executor]:
    executor = Executor(journal)
    executor.start()
    organise(executor, units=["group"])
    yield executor
    executor.stop()


def tried(executor: Executor, command: str, **body: Any) -> str | None:
    """Try to make something; returns the name of the rule that forbids it."""
    issued = {"prefix": "0" * 8, "digest": "0" * 64} if command == "api-key.issue" else {}
    body = {"name": "x", "unit": "group", **body}
    origin = Origin("admin", "group", new_id())
    try:
        executor.execute(Call(command, None, body, origin, issued=issued))
    except RuleBroken as refusal:
        return refusal.name
    return None


def test_whoever_came_first_has_what_their_code_or_name_looks_like(executor: Executor) -> None:
    permissions = ["customer.read"]
    taken = tried(executor, "role.define", code="seller", permissions=permissions)
    assert taken == "role-code-alike"
    assert tried(executor, "role.define", code="trader", permissions=permissions) is None
    assert tried(executor, "employee.engage", code="peng.zhao") == "employee-code-taken"
    assert tried(executor, "employee.engage", code="wang.fang") is None
    assert tried(executor, "api-key.issue", name=" erp ", role="trader") == "key-name-taken"
    assert tried(executor, "api-key.issue", name="crm", role="trader") is None


def test_a_code_that_looks_like_one_of_before_is_nobodys(executor: Executor) -> None:
    with writing(executor.journal.engine).begin() as connection:  # the same code is in nobody's way
        same = sa.and_(claims.c.rule == EMPLOYEE_CODE, claims.c.value == "peng.zhao")
        connection.execute(claims.delete().where(same))
    assert tried(executor, "employee.engage", code="peng.zhao") == "employee-code-alike"


def test_the_status_names_them_on_the_command_line(tmp_path: Path) -> None:
    record(Settings(data=tmp_path).journal_url)
    found = keyline(tmp_path, "status")
    assert found.returncode == 0, found.stderr
    lines = [each for each in found.stdout.splitlines() if each.startswith("rename ")]
    assert len(lines) == len(LISTED)
    for (kind, text), words in LISTED.items():
        (line,) = (each for each in lines if each.startswith(f"rename {kind} {text!r}: "))
        assert words in line
        assert "another" in line
