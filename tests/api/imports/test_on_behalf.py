"""An import on somebody's behalf may what they may, and tells them of what they see alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.imports.files.sheets import read_sheet
from api.imports.importer import Importer
from api.imports.mapping import SheetMapping
from api.imports.on_behalf import behalf_of
from api.imports.row_commands import Plan
from api.kernel.terminal import Failure
from domain.kernel.actors import IMPORT, Actor
from tests.adapters.staff import company


def test_an_employee_imports_by_their_own_permissions(journal_url: str, tmp_path: Path) -> None:
    (file := tmp_path / "rows.csv").write_text("id,name,unit\n1,A,gd\n2,B,bj\n", encoding="utf-8")
    mapping = SheetMapping()
    mapping.add(key="id")
    sheet = read_sheet(file)
    with company(journal_url) as firm:
        firm.staff()
        firm.grant("li", "clerk", "gd")
        behalf = behalf_of(firm.journal, firm.guard, "li", None, "ab" * 32)
        assert (behalf.actor, behalf.unit) == (Actor("person", "li"), "gd")
        plan = Plan("customer", mapping, sheet)
        result = Importer(plan, firm.journal, firm.executor, behalf=behalf).run(sheet)
        assert result.imported == 1
        ((line, reason),) = [(each.line, each.reason) for each in result.faults]
        assert line == 3
        assert "customer.register" in reason
        inside, outside = firm.customer("gd-gz"), firm.customer("bj")
        assert behalf.sees is not None
        assert [behalf.sees("customer", each) for each in (inside, outside)] == [True, False]


def test_nobody_in_particular_is_the_system_and_who_is_nobody_is_refused(journal_url: str) -> None:
    with company(journal_url) as firm:
        firm.staff()
        behalf = behalf_of(firm.journal, firm.guard, None, None, "")
        assert (behalf.actor, behalf.unit, behalf.party) == (IMPORT, "group", None)
        left = firm.do(None, "employee.engage", code="gone", name="Gone", unit="gd")
        firm.do(None, "employee.leave", left, reason="moved")
        for code in ("gone", "unheard-of"):
            with pytest.raises(Failure, match="nobody who works here"):
                behalf_of(firm.journal, firm.guard, code, None, "")
