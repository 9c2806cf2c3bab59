"""Imports: rows become commands once, in the right order, and a bad row harms no other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.commands.dry_run import Rehearsal
from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.storage.journal_tables import operations
from api.imports.files.sheets import read_sheet
from api.imports.importer import Commands, Importer
from api.imports.mapping import MappingError, SheetMapping
from api.imports.notes import import_notes
from api.imports.on_behalf import SYSTEM, Behalf
from api.imports.result import Result
from api.imports.row_commands import Plan
from api.imports.titles import titled, titles
from domain.kernel.actors import IMPORT, Actor
from domain.kernel.aggregate import Origin, Recorded, new_id
from domain.kernel.commands import commands
from projections.kernel.read_model import fold
from projections.sales.contracts import contracts
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
        self.notes: list[str] = []

    def run(
        self, text: str, kind: str = "customer", behalf: Behalf = SYSTEM, **options: Any
    ) -> Result:
        self.file.write_text(text, encoding="utf-8")
        mapping = SheetMapping()
        mapping.add(**(CUSTOMERS | {"key": "id"} | options))
        sheet = read_sheet(self.file)
        plan = Plan(kind, mapping, sheet)
        self.notes = list(import_notes(plan, sheet))
        return Importer(plan, self.journal, self.executor, behalf=behalf).run(sheet)


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
    assert told(again) == [
        (2, "customer.register: was imported before with other values; --update changes them")
    ]
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
        (2, "column '人数': 'many' is no number, as in 1234.50 or 1,234.50"),
        (3, "customer.register: column '名称': Field required"),
        (
            5,
            "customer.register: No two customers have the same registration number. "
            "It is held by line 4.",
        ),
        (6, "column '上级': there is no customer 'Nobody'"),
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
        "customer.manager-assigned",
        "customer.activated",
        "customer.registered",
    ]


def test_what_was_missing_of_a_row_is_done_when_it_is_run_again(desk: Desk) -> None:
    options: Any = {"columns": ["名称=name", "经理=assign-manager.manager"]}
    first = desk.run("id,名称,经理\n1,A,李 伟\n", **options)
    assert [line for line, _ in told(first)] == [2]
    desk.run("id,名称,经理\n1,A,li.wei\n", **options)
    assert [event.version for event in imported(desk.journal)] == [1, 2]


def test_a_row_is_all_or_nothing_and_comes_in_once_it_is_corrected(desk: Desk) -> None:
    options: Any = {
        "columns": ["名称=name", "号码=registration_number", "经理=assign-manager.manager"]
    }
    for key in ("id", None):
        before = len(imported(desk.journal))
        name = f"A{key}"
        wrong = desk.run(f"id,名称,号码,经理\n1,{name},9144{key},nobody\n", **options, key=key)
        assert (wrong.imported, len(wrong.faults)) == (0, 1)
        assert len(imported(desk.journal)) == before
        right = desk.run(f"id,名称,号码,经理\n1,{name},9144{key},li.wei\n", **options, key=key)
        assert (right.imported, right.faults) == (1, [])
        again = desk.run(f"id,名称,号码,经理\n1,{name},9144{key},li.wei\n", **options, key=key)
        assert (again.imported, again.unchanged) == (0, 1)


def test_the_identity_of_a_row_without_key_is_that_of_its_mapped_cells(desk: Desk) -> None:
    assert desk.run("名称,备注\nA,old\n", columns=["名称=name"], key=None).imported == 1
    assert desk.run("名称,备注\nA,new\n", columns=["名称=name"], key=None).unchanged == 1
    assert desk.run("名称,备注\nB,new\n", columns=["名称=name"], key=None).imported == 1


def test_a_row_without_key_that_came_in_when_all_cells_were_its_key_comes_in_once(
    desk: Desk,
) -> None:
    cells = {"名称": "A", "备注": "old"}
    text = json.dumps(cells, ensure_ascii=False, sort_keys=True).encode()
    key = desk.journal.digest_key
    digest = hashlib.blake2b(text, digest_size=16, key=key).hexdigest()
    origin = Origin("import", "group", f"import//customer.register/{digest}", actor_kind="system")
    body = {"name": "A", "unit": "group"}
    desk.executor.submit_together([Call("customer.register", None, body, origin)]).result()
    assert desk.run("名称,备注\nA,old\n", columns=["名称=name"], key=None).unchanged == 1


def test_columns_named_as_fields_or_their_titles_are_mapped_and_named(desk: Desk) -> None:
    text = "Name,单位,统一社会信用代码,head office,Notes,年收入,备注\nBank,gd,9144,,x,￥1万,y\n"
    result = desk.run(text, columns=[], constants=[], key=None)
    assert (result.imported, result.faults) == (1, [])
    (event,) = imported(desk.journal)
    assert (event.data["unit"], event.data["registration_number"]) == ("gd", "9144")
    assert event.data["annual_revenue"] == "10000"
    assert desk.notes == [
        "Mapped by their names: Name → name, 单位 → unit, 统一社会信用代码 → registration_number, "
        "head office → parent_id, 年收入 → annual_revenue.",
        "Not mapped, so nothing is made of them: Notes, 备注.",
        "Nothing gives registered_on: these records begin today, and what reports of earlier days "
        "say of them is empty.",
    ]


def test_every_field_by_which_a_record_is_made_has_a_title_that_means_it_alone() -> None:
    made = [command for command in commands().values() if command.creates]
    for command in made:
        fields = list(command.body.model_fields)
        for field in fields:
            of, told = command.aggregate, titles(command.aggregate, field)
            assert not all(map(str.isascii, told)), f"{of.__module__}: {field} has none in `titles`"
            for title in told:
                others = [each for each in fields if titled(of, each, [title])]
                assert others == [field], f"{command.name} {title}"


def test_values_on_which_no_command_depends_are_named(desk: Desk) -> None:
    desk.run(
        "id,名称,状态\n1,A,在用\n2,B,在甪\n3,C,\n",
        columns=["名称=name"],
        when=["activate:状态=在用"],
    )
    assert (
        desk.notes[0]
        == "No command depends on these values of '状态': '在甪' (1 rows), '' (1 rows)."
    )


def test_the_empty_day_of_a_command_that_follows_is_asked_for(desk: Desk) -> None:
    options: Any = {
        "columns": ["名称=name", "日=activate.effective"],
        "when": ["activate:状态=在用"],
    }
    result = desk.run("id,名称,状态,日\n1,A,在用,\n2,B,,\n3,C,在用,2026/3/1\n", **options)
    assert told(result) == [
        (
            2,
            "column '日' is empty: from which day does activate hold? A --set activate.effective "
            "instead of the column says it for all rows",
        )
    ]
    assert result.imported == 2
    days = [event.data["on"] for event in imported(desk.journal) if "on" in event.data]
    assert days == ["2026-03-01"]


def test_a_record_begins_with_the_first_day_of_which_its_row_tells(desk: Desk) -> None:
    result = desk.run(
        "id,名称,登记,用,停\n1,A,,2026-03-01,2026-04-01\n2,B,2025-01-01,2026-03-01,\n3,C,,,\n",
        columns=[
            *("名称=name", "登记=registered_on"),
            *("用=activate.effective", "停=suspend.effective"),
        ],
        constants=["unit=gd", "suspend.reason=x"],
        when=["activate:id=1,2", "suspend:id=1"],
    )
    assert result.faults == []
    begun = [e.data["registered_on"] for e in imported(desk.journal) if "name" in e.data]
    assert begun == ["2026-03-01", "2025-01-01", None]
    assert desk.notes[-1].startswith("1 rows do not give registered_on: these records begin today")


def test_an_amount_in_another_currency_than_its_row_is_refused(desk: Desk) -> None:
    columns = ["名称=name", "收入=annual_revenue", "币=currency"]
    result = desk.run(
        "id,名称,收入,币\n1,A,￥5,USD\n2,B,US$5,USD\n3,C,5元,\n4,D,¥5,JPY\n", columns=columns
    )
    assert told(result) == [(2, "column '收入': '￥5' is in CNY, not USD")]


def test_people_and_units_are_found_by_code_name_or_key(desk: Desk) -> None:
    people: Any = {
        "columns": ["工号=code", "姓名=name"],
        "constants": ["unit=group"],
        "key": "工号",
    }
    assert desk.run("工号,姓名\nli.si,李四\n", kind="employee", **people).imported == 1
    units: Any = {"columns": ["码=code", "名=name"], "constants": ["parent=gd", "level=network"]}
    assert desk.run("id,码,名\nU1,gd-sz,深圳分公司\n", kind="unit", **units).imported == 1
    result = desk.run(
        "id,名称,经理,单位\n1,A,李四,深圳\n2,B,li.si,U1\n3,C,李五四,gd-sz\n4,D,nobody,gd\n",
        columns=["名称=name", "经理=assign-manager.manager", "单位=unit"],
        constants=[],
    )
    assert told(result) == [
        (4, "column '经理': there is no employee '李五四'; did you mean '李四'?"),
        (5, "column '经理': there is no employee 'nobody'"),
    ]
    made = [e.data for e in imported(desk.journal) if e.type == "customer.registered"]
    assert [each["unit"] for each in made] == ["gd-sz", "gd-sz"]
    assigned = [e.data for e in imported(desk.journal) if e.type == "customer.manager-assigned"]
    assert [each["manager"] for each in assigned] == ["li.si", "li.si"]


def test_units_of_one_file_come_in_below_each_other(desk: Desk) -> None:
    text = "code,name,level,parent\njs-nj,南京,network,江苏\njs,江苏,province,group\n"
    result = desk.run(text, kind="unit", columns=[], constants=[], key=None)
    assert (result.imported, result.faults) == (2, [])
    above, below = imported(desk.journal)
    assert (above.data["code"], below.data["parent"]) == ("js", "js")


def test_present_names_count_and_merged_customers_lead_to_their_survivor(desk: Desk) -> None:
    desk.run(
        "id,名称\n1,旧名\n2,广州银行\n3,广州银行 分行\n4,X\n5,X\n",
        columns=["名称=name"],
        constants=["unit=gd", "registered_on=2025-01-01"],
    )
    first, bank, branch, *_ = [event.stream for event in imported(desk.journal)]

    def give(command: str, id_: str | None, **body: Any) -> None:
        call = Call(command, id_, body, Origin("tester", "group", new_id()))
        desk.executor.submit_together([call]).result()

    give("customer.correct-details", first, name="新名")
    give("customer.correct-details", first, name="更早的名", effective="2025-06-01")
    give("customer.merge-into", branch, survivor_id=bank, merge_id=new_id(), reason="same")
    result = desk.run(
        "id,客户\n1,新名\n2,旧名\n3,更早的名\n4,广州银行有限公司\n5,广州银行 分行\n6,X\n",
        kind="opportunity",
        columns=["客户=customer_id"],
        constants=["title=T", "unit=gd"],
    )
    opened = [e.data for e in imported(desk.journal) if e.type == "opportunity.opened"]
    assert [each["customer_id"] for each in opened] == [first, bank, bank]
    (second, no), (third, nor), (sixth, many) = told(result)
    assert (second, third, sixth) == (3, 4, 7)
    assert no.startswith("column '客户': there is no customer '旧名'")
    assert nor.startswith("column '客户': there is no customer '更早的名'")
    assert many.startswith("column '客户': 2 records of kind customer are called 'X': ")
    assert "name the one that is meant" in many


def test_two_imports_at_once_see_each_other_s_names(desk: Desk) -> None:
    class Meanwhile:
        """Lets somebody else register the same name just before a row."""

        def submit_together(self, calls: Any) -> Any:
            body = {"name": "广州银行", "unit": "gd"}
            other = Call("customer.register", None, body, Origin("other", "group", new_id()))
            desk.executor.submit_together([other]).result()
            return desk.executor.submit_together(calls)

    result = Desk(desk.journal, Meanwhile(), desk.file.parent).run(
        "id,名称\n1,广州银行有限公司\n", columns=["名称=name"]
    )
    assert [(each.line, each.names) for each in result.alike] == [(2, ["广州银行"])]


def test_the_log_has_who_imported_which_line_of_which_file(desk: Desk) -> None:
    behalf = Behalf(
        Actor("person", "li.wei"), "gd", credential="import by somebody", digest="ab" * 32
    )
    desk.run("id,名称\n1,A\n\n2,B\n", columns=["名称=name"], behalf=behalf)
    with desk.journal.engine.connect() as connection:
        query = sa.select(operations).where(operations.c.actor == "li.wei").order_by("number")
        found = [(row.unit, row.credential, row.trace) for row in connection.execute(query)]
    assert found == [
        ("gd", "import by somebody", f"import/{'ab' * 16}/2"),
        ("gd", "import by somebody", f"import/{'ab' * 16}/4"),
    ]
    # Somebody else who runs the file changes nothing.
    assert desk.run("id,名称\n1,A\n\n2,B\n", columns=["名称=name"]).unchanged == 2


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
    assert told(result) == [(4, "column '客户': there is no customer 'Nobody'")]
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


def test_old_contracts_come_in_as_they_were_signed(desk: Desk) -> None:
    desk.run("id,名称,号码,上级,人数\n1,Bank,,,\n")
    columns = ["合同编号=number", "customer=customer_id", "from=starts_on", "to=ends_on"]
    columns += ["fee=lines.monthly", "signed=take-over.signed_on", "by=take-over.signed_by"]
    more = ["unit=group", "title=Lines", "lines.id=a", "lines.product=DIA"]
    text = (
        "id,合同编号,customer,from,to,fee,signed,by\n"
        "c1,HT-1,Bank,2024-01-01,2030-12-31,100.00,2023-12-20,Chen Gang\n"
        "c2,HT-2,Bank,2024-01-01,2030-12-31,100.00,2999-01-01,\n"
        "c3,HT-3,Bank,2024-01-01,2030-12-31,100.00,,\n"
    )
    result = desk.run(text, "contract", columns=columns, constants=more)
    assert (result.imported, [line for line, _ in told(result)]) == (2, [3])
    drafted, taken, waiting = imported(desk.journal)[1:]
    assert (drafted.stream, taken.type) == (taken.stream, "contract.taken-over")
    assert (taken.data["signed_on"], taken.data["signed_by"]) == ("2023-12-20", "Chen Gang")
    assert waiting.type == "contract.drafted"  # it waits to be approved and signed
    (row,) = fold(contracts, {}, [drafted, taken]).rows.values()
    assert (row["status"], str(row["signed_on"]), row["taken_over"]) == (
        "signed",
        "2023-12-20",
        True,
    )
