"""The console: pages show what the API shows whoever is signed in, of now and of any day."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.settings import Settings
from tests.api.conftest import KEY, serving
from tests.api.console.staff import MARKUP, Staff, entered, links, lists, text
from tests.api.documented import committed
from tests.api.permissions.test_sign_in import GOOD
from tests.browser import browser


def test_nobody_sees_a_page_before_signing_in_and_is_led_back_to_it_then(staff: Staff) -> None:
    someone = staff.someone()
    for path in ("/console", "/console/customers?grade=A", "/console/nowhere"):
        answer = someone.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/console/sign-in?next=%2Fconsole")
    door = someone.get(answer.headers["location"])
    assert door.status_code == 200
    answer = someone.sign_in("chief", next="/console/customers?grade=A")
    assert answer.headers["location"] == "/console/customers?grade=A"
    cookie = answer.headers["set-cookie"].lower()
    for each in ("__host-keyline=", "httponly", "secure", "samesite=strict", "path=/"):
        assert each in cookie
    assert "domain" not in cookie


@pytest.mark.parametrize(
    "elsewhere",
    ["https://else.where", "//else.where", "/console\\@else.where", "/customers", "/consolex"],
)
def test_signing_in_leads_nowhere_else(staff: Staff, elsewhere: str) -> None:
    answer = staff.someone().sign_in("chief", next=elsewhere)
    assert answer.headers["location"] == "/console"


def test_a_wrong_password_is_said_and_opens_nothing(staff: Staff) -> None:
    someone = staff.someone()
    answer = someone.sign_in("nobody.here", "wrong wrong wrong")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert someone.get("/console").status_code == 303


def test_forms_of_other_places_and_of_other_sessions_are_refused(staff: Staff) -> None:
    chief = staff.looking("chief")
    mark = re.search(r'name="mark" value="([^"]+)"', chief.get("/console").text)
    assert mark is not None
    assert chief.post("/console/sign-out", "https://else.where", mark=mark[1]).status_code == 403
    assert chief.post("/console/sign-out", "null", mark=mark[1]).status_code == 403
    assert chief.post("/console/sign-out", mark="made-up").status_code == 403
    assert chief.post("/console/sign-out").status_code == 403
    signing = {"employee": "chief", "password": GOOD}
    assert chief.post("/console/sign-in", "https://else.where", **signing).status_code == 403
    assert chief.get("/console").status_code == 200
    assert chief.post("/console/sign-out", mark=mark[1]).status_code == 303
    assert chief.get("/console").status_code == 303  # the tokens are of no use to anybody now


def test_tokens_that_have_ended_are_renewed_without_a_word(staff: Staff) -> None:
    chief = staff.looking("chief")
    mark, _, refresh = chief.cookie.partition("=")[2].split("~")
    chief.cookie = f"__Host-keyline={mark}~ended~{refresh}"
    answer = chief.get("/console")
    assert answer.status_code == 200
    renewed = answer.headers["set-cookie"].partition(";")[0].partition("=")[2].split("~")
    assert renewed[0] == mark
    assert renewed[2] != refresh
    chief.cookie = "__Host-keyline=a~b~c"
    assert chief.get("/console").status_code == 303
    chief.cookie = "__Host-keyline=nonsense"
    assert chief.get("/console").status_code == 303


@pytest.mark.parametrize("code", ["chief", "south", "masked"])
def test_every_list_and_record_shows_what_the_api_shows(staff: Staff, code: str) -> None:
    looking, api, told = staff.looking(code, "en"), staff.tokens(code), 0
    offered = lists(looking.get("/console"))
    assert {"/console/customers", "/console/opportunities", "/console/units"} <= {*offered}
    for path in offered:
        page = looking.get(path)
        assert page.status_code == 200, page.text
        rows = staff.world.admin.get(path.removeprefix("/console"), headers=api).json()["items"]
        body = page.text[page.text.index("<tbody") : page.text.index("</tbody")]
        assert body.count("<tr>") == len(rows)
        for row in rows[:3]:
            told += 1
            record = looking.get(f"{path}/{row['id']}")
            assert record.status_code == 200, record.text
            said = text(record)
            for name in ("name", "title", "code", "grade", "state", "status"):
                if row.get(name):
                    assert str(row[name]) in said, (path, name)
    assert told > 10
    amounts = text(looking.get(f"/console/opportunities/{staff.world.sale}"))
    assert ("●●●" in amounts) == (code == "masked")
    assert ("10.00" in amounts) == (code != "masked")
    contact = text(looking.get(f"/console/customers/{staff.world.south}"))
    assert ("+86 20 1234 5678" in contact) == (code != "masked")


def test_what_is_out_of_sight_is_not_there(staff: Staff) -> None:
    south = staff.looking("south")
    answer = south.get(f"/console/customers/{staff.world.east}")
    assert answer.status_code == 404
    assert "华南电力公司" not in text(south.get("/console/customers?q=华南电力公司"))
    assert "华南电力公司" in text(staff.looking("chief").get("/console/customers"))


def test_names_are_text_and_pages_run_nothing_of_them(staff: Staff) -> None:
    chief = staff.looking("chief")
    for path in ("/console/customers", f"/console/customers/{staff.odd}", "/console"):
        answer = chief.get(path)
        assert "<script>alert" not in answer.text
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
    assert MARKUP in text(chief.get(f"/console/customers/{staff.odd}"))


def test_lists_are_filtered_sorted_and_paged_as_their_addresses_say(staff: Staff) -> None:
    chief = staff.looking("chief")
    assert MARKUP not in text(chief.get("/console/customers?grade=A"))
    fewer = chief.get("/console/customers?fields=name&fields=unit&sort=-name")
    head = fewer.text[fewer.text.index("<thead") : fewer.text.index("</thead")]
    assert head.count("<th ") == 2
    assert 'aria-sort="descending"' in head
    for path, wrong in (("customers?grade=Z", 422), ("customers?cursor=x", 400), ("nowhere", 404)):
        answer = chief.get(f"/console/{path}")
        assert (answer.status_code in (wrong, 422), 'role="alert"' in answer.text) == (True, True)
    for number in range(60):
        staff.world.make(
            "/units", code=f"n{number}", name=f"N{number}", level="network", parent="js"
        )
    staff.settled()
    names, path = list[str](), "/console/units?sort=code&level=network"
    while path:
        page = chief.get(path)
        names += re.findall(r"\b(n\d+)\b", text(page))
        path = next((e for e in links(page) if "cursor=" in e), "")
    assert {*names} == {f"n{number}" for number in range(60)}


def test_a_page_of_the_past_shows_what_was_and_says_so(staff: Staff) -> None:
    chief, world = staff.looking("chief"), staff.world
    id_ = world.make(
        "/customers", name="Once Ltd", unit="gd", grade="A", registered_on="2020-03-01"
    )
    body = {"grade": "C", "reason": "less business", "effective": "2023-06-01"}
    world.post(f"/customers/{id_}/regrade", **body)
    staff.settled()
    now = chief.get(f"/console/customers/{id_}")
    then = chief.get(f"/console/customers/{id_}?valid_at=2022-01-01")
    assert 'class="state C"' in now.text
    assert 'class="state A"' in then.text
    assert 'role="status"' in then.text
    assert 'role="status"' not in now.text
    assert "<mark>现在: C</mark>" in then.text
    assert "<mark>" not in now.text
    assert "less business" in text(now)
    since, _, until = text(then).partition("技术字段")
    assert "less business" in since  # what changed since
    assert "less business" not in until
    assert all("valid_at=2022-01-01" in each for each in links(then) if "/console/units" in each)
    for wrong in ("valid_at=2999-01-01", "as_of=1999-01-01", "as_of=nonsense"):
        answer = chief.get(f"/console/customers/{id_}?{wrong}")
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text


def test_a_merged_customer_leads_to_where_it_went(staff: Staff) -> None:
    chief, world = staff.looking("chief"), staff.world
    ids = [world.make("/customers", name=f"Twin {n}", unit="js") for n in (1, 2)]
    body: dict[str, Any] = {
        "survivor_id": ids[0],
        "duplicate_id": ids[1],
        "take": [],
        "reason": "one",
    }
    world.make("/customer-merges", **body)
    for _ in range(100):
        staff.settled()
        answer = chief.get(f"/console/customers/{ids[1]}")
        if answer.status_code == 303:
            break
    assert answer.headers["location"] == f"/console/customers/{ids[0]}?merged=1"
    for path, said in ((answer.headers["location"], True), (f"/console/customers/{ids[0]}", False)):
        assert ("已并入本客户" in text(chief.get(path))) is said


def test_it_speaks_chinese_and_english(staff: Staff) -> None:
    chief = staff.looking("chief")
    assert 'lang="zh-CN"' in chief.get("/console/customers").text
    english = chief.get("/console/customers", **{"Accept-Language": "en-GB"})
    assert 'lang="en"' in english.text
    answer = chief.get("/console/language?next=/console/units")
    assert answer.headers["location"] == "/console/units"
    chief.cookie += f"; {answer.headers['set-cookie'].partition(';')[0]}"
    assert 'lang="en"' in chief.get("/console/customers", **{"Accept-Language": "zh"}).text


def test_a_chinese_page_names_everything_in_chinese(staff: Staff) -> None:
    named = re.compile(r"<(?:th|dt|h2|button|option|summary|label)\b[^>]*>(.*?)</", re.DOTALL)
    boss, told = staff.looking("admin2"), set[str]()
    for path in lists(boss.get("/console")):
        answers = [boss.get(path), boss.get(f"/console/new/{path.rpartition('/')[2]}")]
        rows = staff.world.admin.get(path.removeprefix("/console")).json()["items"]
        for row in rows[:1]:
            answers.append(boss.get(f"{path}/{row['id']}"))
            given = (each for each in links(answers[-1]) if each.startswith(f"{path}/{row['id']}/"))
            answers += [boss.get(each) for each in given if not each.endswith("/timeline")]
        for answer in answers:
            told |= {
                re.sub(r"<[^>]+>|[\w-]+\.[\w-]+", " ", each) for each in named.findall(answer.text)
            }
    assert len(told) > 300
    english = [each for each in sorted(told) if re.search("[a-z]{2}", each)]
    assert english == [], english


def test_each_look_is_in_the_operation_log_as_any_read_is(staff: Staff) -> None:
    south = staff.looking("south")
    south.get(f"/console/customers/{staff.world.south}")
    found = staff.world.admin.get(
        "/operations", params={"actor": "south", "command": "customer.read", "limit": 1}
    ).json()["items"]
    assert staff.world.south in str(found)


def test_a_browser_signs_in_and_finds_nothing_to_complain_of(
    staff: Staff, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with browser(tmp_path_factory.mktemp("browser")) as page:
        page.open(f"{staff.world.address}/console/customers/{staff.odd}")
        for name, value in (("employee", "chief"), ("password", GOOD)):
            page.run(f"document.querySelector('[name={name}]').value = '{value}'")
        page.run("document.querySelector('form.door').requestSubmit()")
        page.until("document.querySelector('h1')?.textContent.includes('alert(1)')")
        page.run(
            "const day = document.querySelector('[name=valid_at]'); day.value = '2020-01-01';"
            " day.dispatchEvent(new Event('change', {bubbles: true}))"
        )
        page.until("document.querySelector('[role=alert]') !== null")
        page.open(f"{staff.world.address}/console/events/3")
        output, press = "document.querySelector('output')", "document.querySelector('form.proof')"
        for altered, said in (("", "proved"), ("group", "refuted"), ("", "proved")):
            page.open(f"{staff.world.address}/console/events/3")
            if altered:
                page.run(f"{press}.proof.value = {press}.proof.value.replace('{altered}', 'Group')")
            page.run(f"{press}.requestSubmit()")
            page.until(f"{output}.value")
            assert page.run(f"{output}.className") == said, page.run(f"{output}.value")
        page.run("document.querySelector('form[action=\"/console/sign-out\"]').requestSubmit()")
        page.until("document.querySelector('form.door') !== null")
        assert page.run("performance.getEntriesByType('resource').length") > 0
        elsewhere = "e => new URL(e.name).host !== location.host"
        assert page.run(f"performance.getEntriesByType('resource').filter({elsewhere}).length") == 0
        assert not [said for said in page.said if "404" not in said and "422" not in said]


def test_who_asks_too_much_is_told_so_on_a_page(tmp_path: Path) -> None:
    with serving(Settings(data=tmp_path, port=0, admin_key=KEY, rate=1, burst=80)) as address:
        staff = Staff(address)
        chief = staff.looking("chief")
        found = [chief.get("/console/customers") for _ in range(40)]
        staff.close()
    assert {answer.status_code for answer in found} == {200, 429}
    refused = next(answer for answer in found if answer.status_code == 429)
    assert 'role="alert"' in refused.text


@pytest.mark.parametrize("code", ["chief", "south", "masked"])
def test_a_report_shows_the_figures_of_the_api_down_to_the_records(staff: Staff, code: str) -> None:
    looking, api = staff.looking(code, "en"), staff.tokens(code)
    assert "/console/reports/pipeline" in links(looking.get("/console/reports"))
    query = "by=stage&by=unit&measures=opportunities&measures=amount"
    page = looking.get(f"/console/reports/pipeline?{query}")
    ask = {"by": "stage,unit", "measures": "opportunities,amount"}
    found = staff.world.admin.get("/reports/pipeline", params=ask, headers=api)
    said = text(page)
    assert page.status_code == found.status_code == (200 if code != "masked" else 403)
    if code == "masked":
        assert found.json()["title"] in said
        return
    assert page.text.count("<tr>") == len(found.json()["rows"]) + 1
    for row in found.json()["rows"]:
        assert f"{Decimal(row['amount']):,.2f}" in said
    behind = looking.get(next(each for each in links(page) if "/records?" in each))
    assert behind.status_code == 200
    record = next(each for each in links(behind) if "/console/opportunities/" in each)
    assert looking.get(record).status_code == 200
    assert looking.get("/console/reports/none").status_code == 404
    assert looking.get("/console/reports/pipeline?by=nonsense").status_code == 422
    assert looking.get("/console/reports/pipeline/records?stage=none").status_code in (200, 422)


def test_what_no_page_knows_is_refused_and_nothing_is_left_out_in_silence(staff: Staff) -> None:
    chief = staff.looking("chief")
    for path in ("customers?garde=A", "customers?fields=nonsense", "reports/pipeline?stagee=lead"):
        answer = chief.get(f"/console/{path}")
        assert answer.status_code in (400, 422), path
        assert 'role="alert"' in answer.text
    both = chief.get("/console/customers?fields=name&fields=unit&valid_at=2026-01-01")
    assert 'name="fields" value="name,unit"' in both.text


def test_what_a_figure_of_the_past_leads_to_is_of_the_past(staff: Staff) -> None:
    chief, position = staff.looking("chief"), staff.world.position
    for query, past in (("by=stage", False), (f"by=stage&as_of_position={position}", True)):
        page = chief.get(f"/console/reports/pipeline?{query}")
        behind = chief.get(next(each for each in links(page) if "/records?" in each))
        record = next(each for each in links(behind) if "/console/opportunities/" in each)
        assert (f"as_of_position={position}" in record) == past
        assert ('role="status"' in chief.get(record).text) == past


def test_operations_show_what_whoever_looks_may_see_of_them(staff: Staff) -> None:
    chief, south = staff.looking("chief"), staff.looking("south")
    head = staff.world.admin.get("/proofs/head", headers=staff.tokens("chief"))
    of_chief, of_south = chief.get("/console/operations"), south.get("/console/operations")
    assert of_chief.status_code == of_south.status_code == 200
    assert head.json()["events"]["root"] in of_chief.text
    assert "系统日志" in text(of_chief)
    assert "系统日志" not in text(of_south)


def test_a_command_is_given_by_a_form_once_and_what_is_wrong_is_told_beside_it(
    staff: Staff,
) -> None:
    chief, world = staff.looking("admin2"), staff.world
    form = chief.get("/console/new/customers")
    hidden = entered(form)
    wrong = chief.post("/console/new/customers", **hidden, name="", unit="gd", founded="soon")
    assert wrong.status_code == 422
    assert "成立年份" in text(wrong)
    assert 'value="gd"' in wrong.text
    paths, body = set[str](), {"name": "华南电力公司", "unit": "gd", "grade": "B"}
    for _ in range(2):  # a second click does nothing
        made = chief.post("/console/new/customers", **hidden, **body)
        assert made.status_code == 200  # it looks like one that is there, which is told
        assert "华南电力公司" in text(made)
        paths.add(next(e for e in links(made) if "min_position" in e))
    (path,) = paths
    record = chief.get(path)
    assert record.status_code == 200
    id_ = path.partition("?")[0]
    verbs = [each.rpartition("/")[2] for each in links(record) if each.startswith(f"{id_}/")]
    assert {"regrade", "add-contact", "assign-manager"} <= {*verbs}
    regrade = f"{id_}/regrade"
    hidden = entered(chief.get(regrade))
    refused = chief.post(regrade, **hidden, grade="A")
    assert refused.status_code == 422
    assert "原因" in text(refused)
    markup = {"grade": "A", "reason": MARKUP}
    assert chief.post(regrade, **{**hidden, "mark": "made-up"}, **markup).status_code == 403
    done = chief.post(regrade, **hidden, **markup)
    assert done.status_code == 303
    again = chief.get(done.headers["location"])
    assert 'class="state A"' in again.text
    assert MARKUP in text(again)
    stale = chief.post(regrade, **{**hidden, "key": "another"}, grade="C", reason="late")
    assert stale.status_code == 412
    forbidden = chief.post(f"{id_}/win-back", **entered(chief.get(f"{id_}/win-back")))
    assert forbidden.status_code == 409
    assert "不符合业务规则 只有已流失的客户才能挽回。" in text(forbidden)
    reader = staff.looking("admin2", "en")
    forbidden = reader.post(f"{id_}/win-back", **entered(reader.get(f"{id_}/win-back")))
    assert "Only a lapsed customer is won back." in text(forbidden)
    assert chief.get(f"{id_}/nonsense").status_code == 404
    assert f"{id_}/regrade" not in links(staff.looking("chief").get(id_))  # who only reads
    assert f"{id_}/regrade" not in links(chief.get(f"{id_}?valid_at=2026-01-01"))
    reader = staff.looking("chief")
    hidden = entered(reader.get(regrade))
    assert reader.post(regrade, **hidden, grade="C", reason="mine").status_code == 403
    ask = {"actor": "admin2", "command": "customer.regrade"}
    found = world.admin.get("/operations", params=ask)
    assert [each["accepted"] for each in found.json()["items"]].count(True) == 1


def test_every_command_has_a_form_of_all_its_fields(staff: Staff) -> None:
    boss, document = staff.looking("admin2"), committed()
    shown = 0
    for path, operations in document["paths"].items():
        if path.startswith("/customers/{id}/") and "post" in operations:
            page = boss.get("/console" + path.replace("{id}", staff.world.south))
            assert page.status_code == 200, path
            body = operations["post"].get("requestBody")
            name = body and body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            for field in document["components"]["schemas"][name]["properties"] if name else ():
                assert f'name="{field}"' in page.text, (path, field)
                shown += 1
    assert shown > 50
