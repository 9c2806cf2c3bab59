"""Imports: rows become commands once, in the right order, and a bad row harms no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.executor import Executor
from adapters.journal import Journal
from adapters.rehearsal import Rehearsal
from api.importing import Commands, Importer, Result
from api.mapping import MappingError, SheetMapping
from api.plan import Plan
from api.sheets import read_sheet
from domain.actors import IMPORT
from domain.kernel import Recorded
from tests.adapters.keyring import keys_in
from tests.organisation import organise

CUSTOMERS: dict[str, Any] = {
    "columns": ["名称=name", "号码=registration_number", "上级=parent_id", "人数=employees"],
    "constants": ["unit=group"],
}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}", keys=keys_in(tmp_path))
    journal.create()
    yield journal
    journal.close()


@pytest.fixture
def executor(journal: Journal) -> Iterator[Executor]:
    executor = Executor(journal)
    executor.start()
    organise(executor, ["li.wei"])
    yield executor
    executor.stop()


def imported(journal: Journal) -> list[Recorded]:
    """Return what there is beside the organisation."""
    return [event for event in journal.read(0) if event.who == IMPORT]


class Desk:
    """Imports texts as files, the way the command line does."""

    def __init__(self, journal: Journal, executor: Commands, folder: Path) -> None:
        self.journal = journal
        self.executor = executor
        self.file = folder / "rows.csv"

    def run(self, text: str, kind: str = "customer", **options: Any) -> Result:
        self.file.write_text(text, encoding="utf-8")
        mapping = SheetMapping()
        mapping.add(**(CUSTOMERS | {"key": "id"} | options))
        sheet = read_sheet(self.file)
        plan = Plan(kind, mapping, sheet)
        return Importer(plan, self.journal, self.executor).run(sheet)


@pytest.fixture
def desk(journal: Journal, executor: Executor, tmp_path: Path) -> Desk:
    return Desk(journal, executor, tmp_path)


def told(result: Result) -> list[tuple[int, str]]:
    return [(fault.line, fault.reason) for fault in result.faults]


def test_a_row_becomes_a_record(desk: Desk) -> None:
    assert desk.run('id,名称,号码,上级,人数\n1,广州银行,9144,,"1,200"\n').imported == 1
    (event,) = imported(desk.journal)
    assert event.type == "customer.registered"
    assert (event.data["name"], event.data["employees"]) == ("广州银行", 1200)
    assert (event.who, event.unit) == (IMPORT, "group")


def test_running_again_changes_nothing(desk: Desk) -> None:
    text = "id,名称,号码,上级,人数\n1,A,,,\n2,B,,A,\n"
    desk.run(text)
    again = desk.run(text)
    assert (again.imported, again.unchanged, again.faults, again.alike) == (0, 2, [], [])
    assert len(imported(desk.journal)) == 2


def test_a_row_that_was_changed_since_is_reported(desk: Desk) -> None:
    desk.run("id,名称,号码,上级,人数\n1,A,,,1\n")
    again = desk.run("id,名称,号码,上级,人数\n1,A,,,2\n2,B,,,\n")
    assert told(again) == [(2, "customer.register: was imported before with other values")]
    assert again.imported == 1


def test_head_offices_come_before_their_subsidiaries_whatever_the_order(desk: Desk) -> None:
    result = desk.run("id,名称,号码,上级,人数\n1,Shop,,Branch,\n2,Branch,,3,\n3,Bank,,,\n")
    assert result.imported == 3
    bank, branch, shop = imported(desk.journal)
    assert [e.data["name"] for e in (bank, branch, shop)] == ["Bank", "Branch", "Shop"]
    assert branch.data["parent_id"] == bank.stream
    assert shop.data["parent_id"] == branch.stream


def test_a_head_office_may_have_come_in_earlier(desk: Desk) -> None:
    desk.run("id,名称,号码,上级,人数\n1,Bank,,,\n")
    desk.run("id,名称,号码,上级,人数\n2,Branch,,Bank,\n3,Shop,,2,\n")
    bank, branch, shop = imported(desk.journal)
    assert branch.data["parent_id"] == bank.stream
    assert shop.data["parent_id"] == branch.stream


def test_faults_name_the_line_and_the_column(desk: Desk) -> None:
    result = desk.run(
        "id,名称,号码,上级,人数\n"
        "1,A,9144,,many\n"
        "2,,,,\n"
        "3,C,9144,,\n"
        "4,D,9144,,\n"
        "5,E,,Nobody,\n"
        "5,F,,,\n"
        ",G,,,\n"
        "8,H,,I,\n"
        "9,I,,H,\n"
        "10,J,,E,\n"
    )
    assert told(result) == [
        (2, "customer.register: column '人数': Input should be a valid integer"),
        (3, "customer.register: column '名称': Field required"),
        (
            5,
            "customer.register: No two customers have the same registration number.",
        ),
        (6, "there is no customer 'Nobody'"),
        (7, "the same key as in line 6"),
        (8, "column 'id' is empty"),
        (9, "stands above itself"),
        (10, "stands above itself"),
        (11, "line 6, above it, was not imported"),
    ]
    assert result.imported == 1
    assert len(imported(desk.journal)) == 1


def test_names_that_look_alike_are_listed_and_imported(desk: Desk) -> None:
    desk.run("id,名称,号码,上级,人数\n1,广州银行股份有限公司,,,\n")
    result = desk.run("id,名称,号码,上级,人数\n2,广州银行,,,\n3,Finjob Inc.,,,\n4,FINJOB,,,\n")
    assert result.imported == 3
    assert [(each.line, each.name, each.names) for each in result.alike] == [
        (2, "广州银行", ["广州银行股份有限公司"]),
        (4, "FINJOB", ["Finjob Inc."]),
    ]


def test_a_dry_run_finds_the_same_faults_and_appends_nothing(
    journal: Journal, executor: Executor, tmp_path: Path
) -> None:
    text = "id,名称,号码,上级,人数\n1,Bank,9144,,\n2,Branch,9144,Bank,\n3,Shop,,Bank,\n"
    with Rehearsal(journal) as rehearsal:
        dry = Desk(journal, rehearsal, tmp_path).run(text)
    assert imported(journal) == []
    assert dry == Desk(journal, executor, tmp_path).run(text)
    with Rehearsal(journal) as rehearsal:
        assert Desk(journal, rehearsal, tmp_path).run(text).unchanged == 2


def test_commands_follow_where_a_row_asks_for_them(desk: Desk) -> None:
    result = desk.run(
        "id,名称,经理,状态\n1,A,li.wei,在用\n2,B,,潜在\n",
        columns=["名称=name", "经理=assign-manager.manager"],
        when=["activate:状态=在用"],
    )
    assert result.imported == 2
    assert [event.type for event in imported(desk.journal)] == [
        "customer.registered",
        "customer.registered",
        "customer.manager-assigned",
        "customer.activated",
    ]


def test_what_was_missing_of_a_row_is_done_when_it_is_run_again(desk: Desk) -> None:
    options: Any = {"columns": ["名称=name", "经理=assign-manager.manager"]}
    first = desk.run("id,名称,经理\n1,A,李 伟\n", **options)
    assert [line for line, _ in told(first)] == [2]
    desk.run("id,名称,经理\n1,A,li.wei\n", **options)
    assert [event.version for event in imported(desk.journal)] == [1, 2]


def test_opportunities_find_their_customer_and_carry_their_lines(desk: Desk) -> None:
    desk.run("id,名称,号码,上级,人数\n1,Bank,,,\n")
    result = desk.run(
        "id,客户,产品,价,月,日\n7,Bank,GTXPro,1,1.5,2017/3/1\n8,,X,,,\n9,Nobody,X,,,\n",
        kind="opportunity",
        columns=[
            "客户=customer_id",
            "产品=title",
            "产品=lines.product",
            "价=lines.one_off",
            "月=lines.0.monthly",
            "日=opened_on",
        ],
        values=["title:GTXPro=GTX Pro"],
        scale=["lines.one_off=10000"],
    )
    assert told(result) == [(4, "there is no customer 'Nobody'")]
    bank, first, second = imported(desk.journal)
    assert (first.data["customer_id"], second.data["customer_id"]) == (bank.stream, None)
    assert (first.data["title"], first.data["opened_on"]) == ("GTX Pro", "2017-03-01")
    (line,) = first.data["lines"]
    assert (line["product"], line["one_off"], line["monthly"]) == ("GTXPro", "10000", "1.5")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"columns": ["nothing=name"]}, "There is no column 'nothing'; there are id, 名称"),
        ({"columns": ["名称=nam"]}, "customer.register has no field 'nam'; there are annual_rev"),
        ({"columns": ["名称"]}, "--map column=field is the form"),
        ({"when": ["dance:id=1"]}, "There is no command 'dance' of a customer"),
        ({"values": ["grade:x=A"]}, "gives 'grade' a value to change"),
        ({"scale": ["employees=viel"]}, "is a number"),
        ({"key": "code"}, "There is no column 'code'"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(
    desk: Desk, options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(MappingError, match=complaint):
        desk.run("id,名称,号码,上级,人数\n", **options)


def test_a_mapping_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text(
        'key = "id"\n[map]\nA = "name"\nB = ["win.closed_on", "lose.closed_on"]\n'
        "[set]\nlines.quantity = 2\n[values.lines.product]\nX = 'Y'\n"
        "[scale]\nannual_revenue = 10000\n[when]\nwin = { S = ['Won'] }\n",
        encoding="utf-8",
    )
    mapping = SheetMapping.read(file)
    assert mapping.key == "id"
    assert mapping.columns == [("A", "name"), ("B", "win.closed_on"), ("B", "lose.closed_on")]
    assert mapping.constants == {"lines.quantity": "2"}
    assert mapping.values == {"lines.product": {"X": "Y"}}
    assert mapping.scale == {"annual_revenue": 10000}
    assert mapping.when == {"win": ("S", frozenset({"Won"}))}
    file.write_text("[mpa]\n", encoding="utf-8")
    with pytest.raises(MappingError, match="mpa"):
        SheetMapping.read(file)
