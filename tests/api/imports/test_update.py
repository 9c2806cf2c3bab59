"""A row that came in before with other values changes its record by commands, where it is asked."""

from __future__ import annotations

import getpass
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.commands.access_cache import Guard
from adapters.commands.dry_run import Rehearsal
from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.logs.operation_log import Wanted, entries
from api.imports.files.sheets import read_sheet
from api.imports.importer import Importer
from api.imports.mapping import SheetMapping
from api.imports.result import Result
from api.imports.row_commands import Plan
from domain.kernel.aggregate import Origin, new_id
from projections.customers.customers import customers
from projections.kernel.read_model import fold
from projections.kernel.visibility.visibility import Sight, View
from tests.adapters.keyring import keys_in
from tests.api.command_line import keyline
from tests.organisation import organise
from tests.volume import examples


class Desk:
    """A journal into which tables are imported one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(f"sqlite:///{folder / 'journal.db'}", keys=keys_in(folder))
        self.journal.create()
        self.executor = Executor(self.journal)
        self.executor.start()
        organise(self.executor, ["li.wei", "an.na"])

    def close(self) -> None:
        self.executor.stop()
        self.journal.close()

    def run(
        self,
        *rows: dict[str, str],
        update: bool = True,
        dry_run: bool = False,
        source: str = "",
        kind: str = "customer",
        **mapping: Any,
    ) -> Result:
        names = list(dict.fromkeys(name for row in rows for name in row))
        lines = [names, *([row.get(name, "") for name in names] for row in rows)]
        (self.folder / "rows.csv").write_text("\n".join(",".join(each) for each in lines) + "\n")
        wanted = SheetMapping()
        wanted.add(**({"columns": [], "constants": ["unit=gd"], "key": "id"} | mapping))
        sheet = read_sheet(self.folder / "rows.csv")
        plan = Plan(kind, wanted, sheet)
        if dry_run:
            with Rehearsal(self.journal, Guard(self.journal, self.journal.engine)) as rehearsal:
                return Importer(plan, self.journal, rehearsal, source=source, update=update).run(
                    sheet
                )
        importer = Importer(plan, self.journal, self.executor, source=source, update=update)
        return importer.run(sheet)

    def row(self, source: str = "", key: str = "1") -> dict[str, Any]:
        """Return the row of the customer that came in by a key."""
        first = next(
            each
            for each in self.journal.read(0, 100_000)
            if each.command_id == f"import/{source}/customer.register/{key}"
        )
        history = self.journal.history(first.stream)
        return fold(customers, {}, history, keep_versions=False).rows[first.stream]

    def events(self) -> list[str]:
        return [each.type for each in self.journal.read(0, 100_000)]

    def do(self, command: str, id_: str, **body: Any) -> None:
        self.executor.execute(Call(command, id_, body, Origin("li.wei", "gd", new_id())))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


def said(result: Result) -> list[tuple[int, list[str]]]:
    return [(each.line, [str(one) for one in each.differences]) for each in result.updated]


def faults(result: Result) -> list[str]:
    return [each.reason for each in result.faults]


def test_one_more_column_that_is_filled_becomes_the_command_that_sets_it(desk: Desk) -> None:
    desk.run({"id": "1", "name": "One"}, {"id": "2", "name": "Two"})
    rows = {"id": "1", "name": "One", "grade": "A"}, {"id": "2", "name": "Two", "grade": ""}
    before = desk.events()
    tried = desk.run(*rows, dry_run=True)
    assert said(tried) == [(2, ["grade: nothing → A"])]
    assert desk.events() == before
    result = desk.run(*rows)
    assert said(result) == said(tried)
    assert (result.imported, result.unchanged, faults(result)) == (0, 1, [])
    assert desk.events() == [*before, "customer.regraded"]
    assert desk.run(*rows).updated == []
    assert len(desk.events()) == len(before) + 1


def test_no_run_leaves_a_refusal_in_the_operation_log(desk: Desk) -> None:
    columns = ["who=assign-manager.manager"]
    first = {"id": "1", "name": "One", "who": ""}
    for row in (first, first | {"name": "Won"}, first | {"name": "Won", "who": "li.wei"}, first):
        for _ in range(2):
            assert faults(desk.run(row, columns=columns)) == []
    found = entries(desk.journal, Wanted(accepted=False), Sight((View("all"),)), None, 10)
    assert [each["refusal"] for each in found] == []


def test_without_being_asked_for_a_row_of_other_values_is_a_fault(desk: Desk) -> None:
    desk.run({"id": "1", "name": "One"})
    result = desk.run({"id": "1", "name": "Other"}, update=False)
    assert faults(result) == [
        "customer.register: was imported before with other values; --update changes them"
    ]


def test_all_differences_of_a_row_are_done_or_none(desk: Desk) -> None:
    old = {"id": "1", "name": "One", "unit": "gd", "employees": "5", "category": "", "reach": ""}
    desk.run(old, {**old, "id": "2", "name": "Two", "registration_number": "9144"}, constants=[])
    new = {
        **old,
        "name": "Won",
        "unit": "gd-gz",
        "employees": "1,200".replace(",", ""),
        "category": "group",
        "reach": "local",
    }
    taken = {**new, "registration_number": "9144"}
    before = desk.events()
    result = desk.run(taken, constants=[])
    assert len(result.faults) == 1
    assert "No two customers have the same registration number" in faults(result)[0]
    assert desk.events() == before
    result = desk.run(new, constants=[])
    assert faults(result) == []
    row = desk.row()
    assert [row[each] for each in ("name", "unit", "employees", "category", "reach")] == [
        *("Won", "gd-gz", 1200, "group", "local")
    ]
    assert sorted(desk.events()[len(before) :]) == [
        *("customer.classified", "customer.details-corrected", "customer.transferred"),
    ]


def test_what_no_command_changes_is_named_by_its_cell(desk: Desk) -> None:
    desk.run({"id": "1", "name": "One", "registered_on": "2020-01-01"})
    before = desk.events()
    result = desk.run({"id": "1", "name": "Won", "registered_on": "2020-01-02"})
    assert faults(result) == ["column 'registered_on': '2020-01-02': no command changes it"]
    assert desk.events() == before


def test_commands_that_follow_are_added_given_again_or_named(desk: Desk) -> None:
    columns = ["who=assign-manager.manager", "contact=add-contact.name"]
    desk.run({"id": "1", "name": "One", "who": "", "contact": ""}, columns=columns)
    result = desk.run({"id": "1", "name": "Won", "who": "li.wei", "contact": ""}, columns=columns)
    assert said(result) == [(2, ["name: One → Won", "assign-manager: nothing → added"])]
    result = desk.run({"id": "1", "name": "Won", "who": "an.na", "contact": "Mo"}, columns=columns)
    assert said(result) == [(2, ["manager: li.wei → an.na", "add-contact: nothing → added"])]
    row = desk.row()
    assert (row["name"], row["manager"], len(row["contacts"])) == ("Won", "an.na", 1)
    result = desk.run({"id": "1", "name": "One", "who": "an.na", "contact": "Mo"}, columns=columns)
    assert (said(result), faults(result)) == ([(2, ["name: Won → One"])], [])
    result = desk.run({"id": "1", "name": "Won", "who": "an.na", "contact": "Mu"}, columns=columns)
    assert faults(result) == ["column 'contact': 'Mu': no command changes it"]
    assert desk.row()["name"] == "One"


def test_a_contact_of_the_same_name_is_corrected(desk: Desk) -> None:
    columns = ["contact=add-contact.name", "tel=add-contact.phone", "job=add-contact.title"]
    first = {"id": "1", "name": "One", "contact": "Mo", "tel": "13800000001", "job": ""}
    desk.run(first, columns=columns)
    new = first | {"tel": "13800000002", "job": "CFO"}
    told = [(2, ["Mo: phone: 13800000001 → 13800000002", "Mo: title: nothing → CFO"])]
    assert said(desk.run(new, columns=columns, dry_run=True)) == told
    assert said(desk.run(new, columns=columns)) == told
    assert (desk.events()[-1], len(desk.row()["contacts"])) == ("customer.contact-corrected", 1)
    assert said(desk.run(new, columns=columns)) == []
    back = desk.run(first | {"job": "CFO"}, columns=columns)
    assert said(back) == [(2, ["Mo: phone: 13800000002 → 13800000001"])]


def test_the_one_line_of_a_sale_is_revised_and_of_another_product_the_cell_is_named(
    desk: Desk,
) -> None:
    columns = ["product=lines.product", "price=lines.one_off", "quantity=lines.quantity"]
    first = {"id": "1", "title": "Fibre", "product": "Line", "price": "100", "quantity": "1"}
    desk.run(first, kind="opportunity", columns=columns)
    result = desk.run(first | {"price": "120"}, kind="opportunity", columns=columns)
    assert faults(result) == []
    assert desk.events()[-1] == "opportunity.lines-revised"
    result = desk.run(first | {"product": "Other"}, kind="opportunity", columns=columns)
    assert len(faults(result)) == 1
    assert faults(result)[0].endswith("no command changes it")


def test_the_reason_is_the_one_that_the_mapping_says(desk: Desk) -> None:
    desk.run({"id": "1", "name": "One", "grade": "B"})
    desk.run(
        {"id": "1", "name": "One", "grade": "A"}, constants=["unit=gd", "regrade.reason=Grown"]
    )
    (event,) = (each for each in desk.journal.read(0, 10_000) if each.type == "customer.regraded")
    assert (event.data["reason"], event.data["grade"]) == ("Grown", "A")


def test_a_row_as_it_was_leaves_what_people_did_since(desk: Desk) -> None:
    desk.run({"id": "1", "name": "One", "grade": "B"})
    desk.do("customer.regrade", desk.row()["id"], grade="A", reason="Grown")
    assert desk.run({"id": "1", "name": "One", "grade": "B"}).unchanged == 1
    assert desk.row()["grade"] == "A"


def test_a_row_as_it_was_at_its_last_change_leaves_what_people_did_since(desk: Desk) -> None:
    first, second = (
        {"id": "1", "name": "One", "grade": "B"},
        {"id": "1", "name": "One", "grade": "A"},
    )
    desk.run(first)
    assert len(desk.run(second).updated) == 1
    desk.do("customer.regrade", desk.row()["id"], grade="C", reason="Shrunk")
    assert desk.run(second).unchanged == 1
    assert desk.row()["grade"] == "C"
    for row in (first, second, first):
        assert len(desk.run(row).updated) == 1
        assert desk.row()["grade"] == row["grade"]
        assert desk.run(row).unchanged == 1


def test_sales_are_changed_too(desk: Desk) -> None:
    columns = ["product=lines.product", "fee=lines.one_off"]
    row = {"id": "1", "title": "Lines", "product": "SDWAN", "fee": "10.50", "amount": ""}
    options: dict[str, Any] = {"kind": "opportunity", "columns": columns}
    assert faults(desk.run(row, **options)) == []
    result = desk.run({**row, "title": "More lines"}, **options)
    assert (said(result), faults(result)) == ([(2, ["title: Lines → More lines"])], [])
    result = desk.run({**row, "title": "More lines", "fee": "11"}, **options)
    assert (len(said(result)), faults(result)) == (1, [])


def test_the_command_line_shows_what_would_change_and_notes_who_saw_it(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "rows.csv"
    file.write_text("id,name,unit,grade\n1,One,group,\n2,Two,group,\n")
    assert keyline(data, "import", "customers", str(file), "--key", "id").returncode == 0
    file.write_text("id,name,unit,grade\n1,One,group,A\n2,Won,group,\n")
    asked = ("import", "customers", str(file), "--key", "id", "--update")
    tried = keyline(data, *asked, "--dry-run")
    assert tried.returncode == 0, tried.stderr
    assert "line 2: grade: nothing → A" in tried.stderr
    assert "line 3: name: Two → Won" in tried.stderr
    assert "2 would be changed" in tried.stdout
    assert "2 changed" in keyline(data, *asked).stdout
    again = keyline(data, *asked)
    assert "0 imported, 2 were there already, 0 failed" in again.stdout
    without = keyline(data, "import", "customers", str(file), "--update")
    assert (without.returncode, "--key" in without.stderr) == (2, True)
    with sqlite3.connect(data / "journal.db") as connection:
        query = "SELECT actor, rows, targets FROM operations WHERE command = 'import.differences'"
        noted = connection.execute(query).fetchall()
    connection.close()
    assert [(actor, rows, len(ids.split())) for actor, rows, ids in noted] == [
        (getpass.getuser(), 2, 2)
    ] * 2


cells = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["One", "Two", "Three"]),
        "grade": st.sampled_from(["", "A", "B", "C"]),
        "industry": st.sampled_from(["", "C", "J"]),
        "unit": st.sampled_from(["gd", "gd-gz", "group"]),
        "employees": st.sampled_from(["", "1", "20"]),
        "annual_revenue": st.sampled_from(["", "1.5", "2000000"]),
        "registration_number": st.sampled_from(["", "91440101X", "9144-0202"]),
    }
)
both = st.sampled_from([("", ""), ("group", "local"), ("strategic", "multinational")])


@settings(
    max_examples=examples(6),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=st.lists(st.tuples(cells, both), min_size=2, max_size=4))
def test_whatever_came_before_a_record_is_as_its_last_row_says(
    desk: Desk, rows: list[tuple[dict[str, str], tuple[str, str]]]
) -> None:
    source = new_id()
    told: dict[str, str] = {}
    for row, (category, reach) in rows:
        number = row["registration_number"]
        given = row | {"category": category, "reach": reach, "id": "1"}
        given["registration_number"] = number and f"{number}{source[:8]}{source[-6:]}"
        assert faults(desk.run(given, source=source, constants=[])) == []
        told |= {name: text for name, text in given.items() if text}
        before = len(desk.events())
        again = desk.run(given, source=source, constants=[])
        assert (again.unchanged, again.updated, len(desk.events())) == (1, [], before)
        found = desk.row(source)
        shown = {
            name: "" if found[name] is None else f"{found[name]}" for name in told if name != "id"
        }
        assert shown == {name: text for name, text in told.items() if name != "id"}
