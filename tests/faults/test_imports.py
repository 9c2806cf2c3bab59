"""Imports: a row is all or nothing, finds what people call by name, and says what became of it."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.api.commands.test_batch import NDJSON
from tests.faults.fresh import Fresh, faults, id_of, until

BY_NAME = ("--map", "名称=name", "--map", "经理=assign-manager.manager", "--set", "unit=group")


def named(keyline: Fresh, name: str) -> list[dict[str, Any]]:
    """Return the customers of this name."""
    items: list[dict[str, Any]] = keyline.ask("/customers", name=name)["items"]
    return items


def test_a_row_whose_second_command_fails_is_not_there_and_comes_in_once_corrected(
    keyline: Fresh,
) -> None:
    wrong = keyline.bring("customers", "名称,经理\n广州钢铁,nobody\n", *BY_NAME)
    assert (wrong.returncode, faults(wrong)) == (
        1,
        ["line 2: column '经理': there is no employee 'nobody'"],
    )
    assert named(keyline, "广州钢铁") == []
    right = "名称,经理\n广州钢铁,李伟\n"
    assert "1 imported, 0 were there" in keyline.bring("customers", right, *BY_NAME).stdout
    noted = "名称,经理,备注\n广州钢铁,李伟,x\n"  # what is not mapped makes no other row of it
    again = keyline.bring("customers", noted, *BY_NAME)
    assert "0 imported, 1 were there already, 0 failed" in again.stdout
    assert [row["manager"] for row in named(keyline, "广州钢铁")] == ["li.wei"]


def test_a_won_sale_without_an_amount_is_not_there(keyline: Fresh) -> None:
    keyline.customer("Winning", registered_on="2025-01-01")
    mapping = ("--map", "客户=customer_id", "--map", "金额=win.amount", "--map", "日=win.closed_on")
    done = keyline.bring(
        "opportunities",
        "title,unit,客户,状态,金额,日\nLines,group,Winning,Won,,2025-03-01\n",
        *mapping,
        *("--when", "win:状态=Won"),
    )
    assert (done.returncode, faults(done)) == (
        1,
        ["line 2: opportunity.win: column '金额': Field required"],
    )
    assert keyline.ask("/opportunities", title="Lines")["items"] == []


def test_columns_that_are_named_as_fields_are_mapped_and_told_and_a_dry_run_asks_for_days(
    keyline: Fresh,
) -> None:
    keyline.customer("总公司")
    rows = "Name,单位,head office,manager,Notes\n分公司,集团,总公司,li.wei,x\n"
    done = keyline.bring("customers", rows, "--map", "manager=assign-manager.manager", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "1 would be imported, 0 were there already, 0 failed" in done.stdout
    notes = [
        "Mapped by their names: Name → name, 单位 → unit, head office → parent_id.",
        "Not mapped, so nothing is made of them: Notes.",
        "Nothing gives registered_on: these records begin today, and what reports of earlier days "
        "say of them is empty.",
    ]
    assert "\n".join(notes) in done.stderr
    assert named(keyline, "分公司") == []


def test_people_and_units_are_found_by_name_and_a_slip_of_the_pen_is_told(keyline: Fresh) -> None:
    done = keyline.bring("customers", "名称,经理\n甲公司,李伟\n乙公司,李伟伟\n", *BY_NAME)
    assert faults(done) == [
        "line 3: column '经理': there is no employee '李伟伟'; did you mean '李伟'?"
    ]
    assert [row["manager"] for row in named(keyline, "甲公司")] == ["li.wei"]


def test_customers_are_found_by_the_names_that_people_use_now(keyline: Fresh) -> None:
    renamed = keyline.customer("旧名", registered_on="2025-01-01")
    keyline.do(f"{renamed}/correct-details", name="新名")
    bank, branch = keyline.customer("华南银行"), keyline.customer("华南银行 分行")
    both = {"survivor_id": id_of(bank), "duplicate_id": id_of(branch)}
    merge = keyline.make("/customer-merges", **both, reason="same")
    until(lambda: keyline.ask(merge)["state"] == "done")
    keyline.customer("Twins"), keyline.customer("Twins")
    names = ("新名", "旧名", "华南银行 分行", "华南银行有限公司", "Twins")
    rows = "".join(f"T{number},group,{name}\n" for number, name in enumerate(names))
    done = keyline.bring("opportunities", f"title,unit,客户\n{rows}", "--map", "客户=customer_id")
    former, twins = faults(done)
    assert former == "line 3: column '客户': there is no customer '旧名'"
    assert twins.startswith("line 6: column '客户': 2 records of kind customer are called 'Twins'")
    found = keyline.ask("/opportunities", sort="title")["items"]
    assert {row["title"]: row["customer_id"] for row in found} == {
        "T0": id_of(renamed),
        "T2": id_of(bank),
        "T3": id_of(bank),
    }


def test_the_empty_day_of_a_command_that_follows_is_asked_for(keyline: Fresh) -> None:
    day = ("--map", "日=activate.effective", "--when", "activate:状态=在用")
    done = keyline.bring("customers", "name,unit,状态,日\nDayless,group,在用,\n", *day)
    (told,) = faults(done)
    assert told.startswith("line 2: column '日' is empty: from which day does activate hold?")
    assert named(keyline, "Dayless") == []


def test_one_more_column_that_is_filled_changes_the_record_where_that_is_asked_for(
    keyline: Fresh,
) -> None:
    keyed = ("--key", "id")
    keyline.bring("customers", "id,name,unit,grade\n9,Nine,group,\n", *keyed)
    graded = "id,name,unit,grade\n9,Nine,group,A\n"
    assert faults(keyline.bring("customers", graded, *keyed)) == [
        "line 2: customer.register: was imported before with other values; --update changes them"
    ]
    dry = keyline.bring("customers", graded, *keyed, "--update", "--dry-run")
    assert faults(dry) == ["line 2: grade: nothing → A"]
    assert [row["grade"] for row in named(keyline, "Nine")] == [None]
    assert "1 changed" in keyline.bring("customers", graded, *keyed, "--update").stdout
    head = keyline.get("/readyz").json()["position"]
    (row,) = keyline.ask("/customers", name="Nine", min_position=head)["items"]
    assert (row["grade"], row["version"]) == ("A", 2)


def test_an_import_tells_its_position_and_by_whom_and_from_which_line_a_record_came(
    keyline: Fresh,
) -> None:
    keyline.do("/grants", employee="an.na", role="group-manager", unit="group")
    text = "name,unit,industry,registered_on\nBy Anna,js,J,2025-01-01\n"
    done = keyline.bring("customers", text, "--as", "an.na")
    report = keyline.get("/reports/customers", industry="J", measures="customers").json()
    assert report["rows"][0]["customers"] == 1
    assert f"0 look like others. Position {report['position']}." in done.stdout
    (told,) = keyline.get("/operations", command="customer.register", actor="an.na").json()["items"]
    assert (told["actor_kind"], told["position"]) == ("person", report["position"])
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert told["trace"] == f"import/{digest[:32]}/2"


def test_the_second_of_two_of_one_name_is_told_of_the_first(keyline: Fresh) -> None:
    def register(name: str) -> dict[str, Any]:
        return keyline.do("/customers", name=name, unit="group")

    def similar(answer: dict[str, Any]) -> list[str]:
        return [each["id"] for each in answer.get("similar", ())]

    with ThreadPoolExecutor(2) as pool:
        for number in range(10):
            name = f"{chr(0x4E00 + 97 * number) * 3}造船"
            pair = pool.map(register, [name, name])
            first, second = sorted(pair, key=lambda answer: answer["position"])
            assert (similar(first), similar(second)) == ([], [first["id"]])
    line = {"command": "customer.register", "body": {"name": "Zephyr Mills", "unit": "group"}}
    content = f"{json.dumps(line)}\n" * 2
    answer = keyline.http.post("/commands", content=content, headers=NDJSON)
    first, second = map(json.loads, answer.text.splitlines())
    assert (similar(first), similar(second)) == ([], [first["id"]])
