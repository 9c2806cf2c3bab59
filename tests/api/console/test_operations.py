"""The console's operations: what is wrong is said there, and mended with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

import pytest

from adapters.journal.journal import Journal
from adapters.settings import Settings
from api.console.texts import Words
from domain.kernel.aggregate import Origin, Stored, new_id
from tests.api.conftest import KEY, serving
from tests.api.console.staff import Looking, Staff, text

REASON = "坏的，我们知道"


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Staff, str]]:
    """A server with an event that neither rows nor warehouse can take, and its record."""
    settings = Settings(data=tmp_path_factory.mktemp("operations"), port=0, admin_key=KEY)
    with serving(settings) as address:
        staff, stream = Staff(address), new_id()
        journal = Journal(settings.journal_url)
        with journal.transaction() as transaction:
            poison = Stored(stream, 1, "customer.registered", 1, b"{}")
            transaction.append([poison], Origin("test", "gd", new_id()))
            transaction.end_unit()
        journal.close()
        staff.settled()
        ask = {"min_position": staff.world.admin.get("/readyz").json()["position"]}
        staff.world.admin.get("/reports/customers", params=ask).raise_for_status()
        yield staff, stream
        staff.close()


def mend(looking: Looking, stream: str, verb: str, **fields: str) -> tuple[int, str]:
    """Press a button beside a parked event; return the status, and what operations say then."""
    mark = re.search(r'name="mark" value="([^"]+)"', looking.get("/console/operations").text)
    assert mark is not None
    fields = {"mark": mark[1], "reason": REASON} | fields
    answer = looking.post(f"/console/operations/customers/{stream}/{verb}", **fields)
    return answer.status_code, text(looking.get("/console/operations"))


def test_what_is_parked_is_passed_over_and_tried_again_for_a_reason_that_the_log_keeps(
    poisoned: tuple[Staff, str],
) -> None:
    staff, stream = poisoned
    boss, south = staff.looking("admin2"), staff.looking("south")
    page = boss.get("/console/operations")
    assert f'formaction="/console/operations/customers/{stream}/retry"' in page.text
    assert "KeyError" in text(page)
    assert stream not in south.get("/console/operations").text
    for fields, refused in (({"reason": " "}, 422), ({"mark": "made-up"}, 403)):
        status, said = mend(boss, stream, "skip", **fields)
        assert (status, "已跳过" in said) == (refused, False)
    assert mend(boss, stream, "nonsense")[0] == 404
    assert mend(south, stream, "skip")[0] == 403
    status, said = mend(boss, stream, "skip")
    assert (status, "已跳过" in said) == (303, True)
    status, said = mend(boss, stream, "retry")
    assert (status, "已跳过" in said) == (303, False)
    assert f"{stream} · {REASON}" in said
    for verb in ("skip", "retry"):
        ask = {"command": f"parked.{verb}", "actor": "admin2", "accepted": "true"}
        (entry,) = staff.world.admin.get("/operations", params=ask).json()["items"]
        assert unquote_plus(entry["query"]).endswith(f"{stream}/{verb}?reason={REASON}")


def test_operations_say_what_is_wrong_what_works_and_which_jobs_there_were(
    poisoned: tuple[Staff, str],
) -> None:
    staff, _ = poisoned
    form = {"file": ("units.csv", "code,name\nx,y\n", "text/csv")}
    sent = staff.world.admin.post("/imports", data={"kind": "units"}, files=form)
    ready = staff.world.admin.get("/readyz").json()  # first: a part may yet be on its way
    said = text(staff.looking("admin2").get("/console/operations"))
    words = Words("zh")
    assert "units.csv" in said, sent.text
    for name in ready["parts"]:
        assert re.search(rf"\b{words.part(name)} \d+ \d+\b", said)
    for process in ready["processes"]:
        assert words.part(process["name"]) in said
    assert "搁置的事件 : " in said
    assert "process.started" in said
