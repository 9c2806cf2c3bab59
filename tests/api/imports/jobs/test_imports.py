"""Imports over HTTP: what the command does, for whoever signed in; bad files are told in words."""

from __future__ import annotations

import csv
import io
import itertools
import socket
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from api.imports.jobs.imports import MOST, WORKBOOK
from tests.api.asking import head, problem
from tests.api.kernel.test_lasting import auditor, delegation_withdrawn, done, person
from tests.streams.flow import until

_numbers = itertools.count(1)

MAPPING = """\
key = "编号"
[map]
"名称" = "name"
"等级" = "regrade.grade"
[set]
unit = "group"
"regrade.reason" = "as listed"
"""

Form = dict[str, Any]


def names(count: int) -> list[str]:
    """Return names that no other test uses and that are not alike."""
    return [
        f"{chr(0x4E00 + 7 * next(_numbers))}{chr(0x5E00 + next(_numbers))}厂" for _ in range(count)
    ]


def send(
    client: httpx.Client, content: str | bytes, form: Form | None = None, **more: Any
) -> httpx.Response:
    """Send a file of customers."""
    file = content.encode() if isinstance(content, str) else content
    named = more.pop("name", "rows.csv")
    fields = {"kind": "customers", "map": ["名称=name"], "set": ["unit=group"]} | (form or {})
    type_ = more.pop("type", "text/csv")
    return client.post("/imports", data=fields, files={"file": (named, file, type_)}, **more)


def ended(client: httpx.Client, sent: httpx.Response) -> dict[str, Any]:
    """Wait until what was sent is at its end; returns what is told of it."""
    assert sent.status_code == 202, sent.text
    place = sent.headers["Location"]
    assert done(client.get(place))["id"] == sent.json()["id"]
    until(lambda: done(client.get(place))["ended_at"] is not None)
    return done(client.get(place))


def test_a_file_is_imported_as_the_command_does_and_the_same_again_changes_nothing(
    client: httpx.Client,
) -> None:
    one, two, three = names(3)
    text = f"编号,名称,等级\n{one}1,{one},A\n{two}2,{two},很好\n{three}3,{three},\n"
    files = {"mapping": ("mapping.toml", MAPPING.encode())}
    fields = {"kind": "customers"}
    trial = client.post("/imports", data=fields | {"dry_run": "true"}, files=files | {"file": text})
    told = ended(client, trial)
    assert (told["state"], told["imported"], told["refused"], told["position"]) == (
        "done",
        2,
        1,
        None,
    )
    sent = client.post("/imports", data=fields, files=files | {"file": ("客户.csv", text)})
    told = ended(client, sent)
    assert told | {"state": "done", "rows": 3, "imported": 2, "refused": 1, "unchanged": 0} == told
    assert (told["file"], told["actor"], told["dry_run"]) == ("客户.csv", "admin", False)
    (fault,) = told["faults"]
    assert fault["line"] == 3
    assert "'很好'" in fault["reason"]
    asked = {"name": one, "min_position": told["position"]}
    (row,) = done(client.get("/customers", params=asked))["items"]
    assert row["grade"] == "A"
    answer = client.get(told["errors"])
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert lines == [
        ["line", "reason", "编号", "名称", "等级"],
        ["3", fault["reason"], f"{two}2", two, "很好"],
    ]
    trace = f"import/{told['sha256'][:32]}/2"
    entries = done(client.get("/operations", params={"trace": trace}))["items"]
    assert {each["command"] for each in entries} == {"customer.register", "customer.regrade"}
    assert entries[0]["credential"] == f"import {told['id']} by administrator-key"
    again = ended(client, client.post("/imports", data=fields, files=files | {"file": text}))
    assert (again["imported"], again["unchanged"], again["refused"]) == (0, 2, 1)
    changed = text.replace(",A\n", ",B\n").replace("很好", "A")
    form = fields | {"update": "1"}
    told = ended(client, client.post("/imports", data=form, files=files | {"file": changed}))
    assert (told["updated"], told["imported"], told["unchanged"]) == (1, 1, 1)
    ((update,),) = [told["updates"]]
    assert (update["line"], update["id"]) == (2, row["id"])
    assert update["differences"] == [{"field": "grade", "before": "A", "after": "B"}]


def test_a_workbook_is_imported_and_likely_duplicates_are_told(
    client: httpx.Client, tmp_path: Path
) -> None:
    (name,) = names(1)
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["名称"])
    book.active.append([f"{name}制造有限公司"])
    book.active.append([f"{name}制造公司"])
    book.save(path := tmp_path / "book.xlsx")
    sent = send(client, path.read_bytes(), name="book.xlsx", type=WORKBOOK)
    told = ended(client, sent)
    assert (told["state"], told["imported"], told["alike"]) == ("done", 2, 1)
    (alike,) = told["likely_duplicates"]
    assert (alike["line"], alike["names"]) == (3, [f"{name}制造有限公司"])


PACKED = b"PK\x03\x04 and so on"

REFUSED: dict[str, tuple[Any, int, str]] = {
    "no file": ({"data": {"kind": "customers"}, "files": {"x": ""}}, 422, "invalid-body"),
    "an empty file": ({"content": ""}, 422, "invalid-body"),
    "no kind": ({"form": {"kind": []}}, 422, "invalid-body"),
    "a kind that there is not": ({"form": {"kind": "stars"}}, 422, "invalid-body"),
    "a field that there is not": ({"form": {"colour": "red"}}, 422, "invalid-body"),
    "a field twice": ({"form": {"key": ["a", "b"]}}, 422, "invalid-body"),
    "an update without a key": ({"form": {"update": "1"}}, 422, "invalid-body"),
    "a mapping that is none": ({"form": {"mapping": "[map"}}, 422, "invalid-body"),
    "a mapping of other things": ({"form": {"mapping": "x = 1"}}, 422, "invalid-body"),
    "an option of another form": ({"form": {"scale": "a=many"}}, 422, "invalid-body"),
    "a factor without end": ({"form": {"scale": "a=1e99999"}}, 422, "invalid-body"),
    "code 0": ({"form": {"source": "a\0b"}}, 422, "invalid-body"),
    "a workbook that is none": ({"type": WORKBOOK}, 415, "unsupported-media-type"),
    "a text that is none": ({"content": PACKED}, 415, "unsupported-media-type"),
    "a picture": ({"type": "image/png"}, 415, "unsupported-media-type"),
    "a field too long": ({"form": {"mapping": "#" * 70_000}}, 413, "body-too-large"),
    "a key that is none": ({"headers": {"Idempotency-Key": "a b"}}, 400, "malformed-header"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_with_a_form_is_refused_and_nothing_is_kept(
    client: httpx.Client, case: str
) -> None:
    asked, status, name = REFUSED[case]
    before = done(client.get("/imports"))["items"]
    if "data" in asked:
        problem(client.post("/imports", **asked), status, name)
    else:
        problem(send(client, **{"content": "名称\n1\n"} | asked), status, name)
    assert done(client.get("/imports"))["items"] == before


def test_what_is_no_form_is_refused(client: httpx.Client) -> None:
    problem(client.post("/imports", json={"kind": "customers"}), 415, "unsupported-media-type")
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for content in (b"", b"nonsense", b"--x\r\n\r\n\r\n--x--\r\n", b"--x\r\nno header"):
        problem(client.post("/imports", content=content, headers=headers), 400, "malformed-request")
    begun = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc'
    problem(client.post("/imports", content=begun, headers=headers), 400, "malformed-request")
    problem(client.post("/imports?kind=customers"), 422, "invalid-parameter")


UNFIT: dict[str, tuple[bytes, Form, str]] = {
    "GBK": ("名称\n广州\n".encode("gb18030"), {}, "rows.csv is not UTF-8 text; Chinese files"),
    "code 0": ("名称\na\0b\n".encode(), {}, "characters of code 0"),
    "no packed parts": (PACKED, {"type": ""}, "rows.csv is not an XLSX file"),
    "an old workbook": (b"\xd0\xcf\x11\xe0" * 200, {"type": ""}, "old or protected Excel file"),
    "a column that there is not": ("甲\n1\n".encode(), {}, "There is no column '名称'"),
    "a command that there is not": ("名称\n1\n".encode(), {"map": "名称=fly.to"}, "fly"),
    "a sheet of a text": ("名称\n1\n".encode(), {"sheet": "One"}, "Only an XLSX file has sheets"),
    "an encoding that there is not": (b"a\n1\n", {"encoding": "klingon"}, "no encoding"),
    "an encoding of hosts": (b"a\n1\n", {"encoding": "punycode"}, "no encoding of text"),
    "a row too long": ("名称\n".encode() + b"x" * 1_100_000, {}, "more than 1,000,000 char"),
    "no header": (b"\n\n\n", {}, "has no first row"),
}


def test_what_is_wrong_with_a_file_is_told_by_its_import_and_nothing_of_it_is_done(
    client: httpx.Client,
) -> None:
    position, found = head(client), {}
    for case, (content, form, said) in UNFIT.items():
        told = ended(client, send(client, content, form, type=form.pop("type", "text/csv")))
        found[case] = (told["state"], told["problem"]["type"], said in told["problem"]["detail"])
        assert (told["errors"], told["rows"]) == (None, None)
        problem(client.get(f"/imports/{told['id']}/errors"), 404, "unknown-id")
    assert found == dict.fromkeys(UNFIT, ("failed", "/problems/unfit-file", True))
    gbk = send(client, UNFIT["GBK"][0], {"encoding": "gb18030", "dry_run": "1"})
    assert ended(client, gbk)["imported"] == 1
    assert head(client) == position


def test_rows_are_imported_by_the_permissions_of_whoever_sent_them_and_told_to_them(
    client: httpx.Client, address: str
) -> None:
    code, headers = person(client)
    with httpx.Client(base_url=address, headers=headers, trust_env=False) as theirs:
        problem(send(theirs, "名称\n1\n"), 403, "not-permitted")
        unit = f"imp-{code}".replace(".", "-")
        done(
            client.post(
                "/units", json={"code": unit, "name": unit, "level": "team", "parent": "group"}
            )
        )
        role = {"code": unit, "name": unit, "unit": "group", "permissions": ["customer.*"]}
        done(client.post("/roles", json=role))
        done(
            client.post(
                "/grants", json={"employee": code, "role": unit, "unit": unit, "reason": "x"}
            )
        )
        one, two = names(2)
        sent = send(theirs, f"名称,unit\n{one},{unit}\n{two},group\n", {"set": []})
        told = ended(theirs, sent)
        assert (told["actor"], told["imported"], told["refused"]) == (code, 1, 1)
        assert "not at group" in told["faults"][0]["reason"]
        problem(send(theirs, "标题\n1\n", {"kind": "opportunities"}), 403, "not-permitted")
        assert [each["id"] for each in done(theirs.get("/imports"))["items"]] == [told["id"]]
        mine = ended(client, send(client, "名称\n", {"dry_run": "1"}))
        for path in (f"/imports/{mine['id']}", f"/imports/{mine['id']}/errors", "/imports/1"):
            problem(theirs.get(path), 404, "unknown-id")
        problem(theirs.post(f"/imports/{mine['id']}/cancel"), 404, "unknown-id")
    _, auditing = auditor(client)
    seen = done(client.get(f"/imports/{told['id']}", headers=auditing))
    assert (seen["imported"], "faults" in seen) == (1, False)
    problem(client.get(told["errors"], headers=auditing), 404, "unknown-id")
    problem(client.post(f"/imports/{told['id']}/cancel", headers=auditing), 403, "not-permitted")


def test_a_deputy_imports_by_the_permissions_of_whoever_is_away(
    client: httpx.Client, address: str
) -> None:
    headers, withdraw, _ = delegation_withdrawn(client)
    with httpx.Client(base_url=address, headers=headers, trust_env=False) as deputy:
        told = ended(deputy, send(deputy, f"名称\n{names(1)[0]}\n"))
        assert (told["imported"], told["on_behalf_of"]) == (1, "admin")
        asked = {"trace": f"import/{told['sha256'][:32]}/2"}
        (entry,) = done(client.get("/operations", params=asked))["items"]
        assert (entry["actor"], entry["on_behalf_of"]) == (told["actor"], "admin")
        withdraw()
        problem(deputy.get(f"/imports/{told['id']}"), 403, "not-delegated")
        deputy.headers.pop("On-Behalf-Of")
        problem(deputy.get(f"/imports/{told['id']}"), 404, "unknown-id")


def test_a_request_with_its_key_is_done_once_and_imports_come_in_pages(
    client: httpx.Client,
) -> None:
    (name,) = names(1)
    headers = {"Idempotency-Key": f"import-{name.encode().hex()}"}
    first = send(client, f"名称\n{name}\n", headers=headers)
    again = send(client, f"名称\n{name}\n", headers=headers)
    assert (again.status_code, again.headers["Location"]) == (202, first.headers["Location"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    problem(send(client, "名称\nother\n", headers=headers), 422, "key-reused")
    problem(send(client, f"名称\n{name}\n", {"dry_run": "1"}, headers=headers), 422, "key-reused")
    assert ended(client, first)["imported"] == 1
    assert ended(client, send(client, "名称\n", {"dry_run": "1"}))["rows"] == 0
    page = done(client.get("/imports", params={"limit": 1}))
    (newest,) = page["items"]
    (next_,) = done(client.get("/imports", params={"limit": 1, "cursor": page["next"]}))["items"]
    assert next_["id"] == first.json()["id"] < newest["id"]


def test_what_waits_is_cancelled_and_so_many_of_one_sender_wait_at_most(
    client: httpx.Client,
) -> None:
    sent = []
    rows = "".join(f"{number}\n" for number in range(4000))  # one after another, none of them new
    while (answer := send(client, f"名称\n{rows}", {"dry_run": "1"})).status_code == 202:
        sent.append(answer.headers["Location"])
        assert len(sent) <= 3 * MOST
    assert problem(answer, 429, "too-many-imports")["detail"].startswith(f"{MOST} of your")
    assert answer.headers["Retry-After"] == "1"
    last = done(client.post(f"{sent[-1]}/cancel"))
    assert (last["state"], last["rows"]) == ("cancelled", None)
    for each in sent:
        done(client.post(f"{each}/cancel"))
    until(lambda: all(done(client.get(each))["ended_at"] is not None for each in sent))
    for each in sent:
        told = done(client.get(each))
        assert told["state"] in ("cancelled", "done")
        if told["rows"] is not None:
            assert told["imported"] + told["refused"] == told["rows"]


def test_a_file_that_breaks_off_leaves_nothing(client: httpx.Client) -> None:
    before = done(client.get("/imports"))["items"]
    host, port = client.base_url.host, client.base_url.port
    begin = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + b"abc\n" * 600_000
    told = (
        f"POST /imports HTTP/1.1\r\nHost: x\r\nAuthorization: {client.headers['Authorization']}\r\n"
    )
    told += "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000000\r\n\r\n"
    for _ in range(MOST + 1):
        with socket.create_connection((host, port)) as line:
            line.sendall(told.encode() + begin)
    until(lambda: send(client, "名称\n", {"dry_run": "1"}).status_code == 202)
    after = done(client.get("/imports"))["items"]
    assert after[1:] == before[: len(after) - 1]
    until(lambda: "408" in str(_sent_before(client)))


def _sent_before(client: httpx.Client) -> list[int]:
    entries = done(client.get("/operations", params={"command": "import.send", "limit": 20}))
    return [each["status"] for each in entries["items"]]
