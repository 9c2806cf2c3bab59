"""What the READMEs tell a developer to write, written into a folder of its own and made use of.

Run as a process of its own, as whatever is added to the system is there until its end.
"""

from __future__ import annotations

import importlib
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from tests.api.asking import until_ready

ROOT = Path(__file__).parents[2]
KEY = "a-key-for-examples-only"
EXAMPLES = {
    "domain": ("errand.py", "class Errand"),
    "projections": ("errands.py", "errands = "),
}
"""The file of each example, and what it is known by among the others of its page."""


def add(folder: Path) -> None:
    """Write the examples into a folder, and let the program find them as it finds its own."""
    for package, (name, known_by) in EXAMPLES.items():
        page = (ROOT / package / "README.md").read_text(encoding="utf-8")
        (code,) = (
            each
            for each in re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
            if known_by in each
        )
        (folder / package).mkdir()
        (folder / package / name).write_text(code, encoding="utf-8")
        importlib.import_module(package).__path__.append(str(folder / package))


def errand(client: httpx.Client) -> None:
    """Plan an errand; read it in lists, as everybody and as somebody of its unit, page and digest.

    Raises `AssertionError` when something is not as the READMEs say.
    """

    def post(path: str, **body: Any) -> dict[str, Any]:
        answer = client.post(path, json=body)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made

    start = until_ready(client)["position"]
    for unit in ("gd", "yn"):
        post("/units", code=unit, name=unit, level="province", parent="group")
    post("/employees", code="li.wei", name="Li Wei", unit="gd")
    customer = post("/customers", name="广州启明银行", unit="gd")["id"]
    planned = post(
        "/errands",
        title="Renewal",
        customer_id=customer,
        unit="gd",
        runner="li.wei",
        day="2026-03-02",
    )
    seen = ["errand.read", "customer.read"]
    post("/roles", code="runners", name="Runners", unit="group", permissions=seen)
    post(f"/errands/{planned['id']}/score-runner", score=7)
    issue = partial(post, "/api-keys", role="runners")
    keys = {unit: issue(name=unit, unit=unit) for unit in ("gd", "yn")}
    keys["masked"] = issue(name="masked", unit="gd", masked=["assessment"])
    last = keys["masked"]["position"]

    def get(path: str, key: str = KEY, **params: Any) -> dict[str, Any]:
        params |= {"min_position": last}
        answer = client.get(path, params=params, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    row = get(f"/errands/{planned['id']}")
    assert (row["title"], row["runner"], row["day"]) == ("Renewal", "li.wei", "2026-03-02")
    assert [each["id"] for each in get("/errands")["items"]] == [planned["id"]]
    assert [each["id"] for each in get("/errands", q="renewal")["items"]] == [planned["id"]]
    assert len(get("/errands", keys["gd"]["key"])["items"]) == 1
    assert get("/errands", keys["yn"]["key"])["items"] == []
    for from_ in (start, planned["position"] - 1):
        told = get(f"/customers/{customer}/digest", from_position=from_)
        (touched,) = (each for each in told["items"] if each["kind"] == "errand")
        assert (touched["title"], touched["began"]) == ("Renewal", True)
    page = get(f"/customers/{customer}/page")
    assert [each["id"] for each in page["errands"]] == [planned["id"]]
    first, second = get(f"/errands/{planned['id']}/history")["items"]
    assert 'planned the errand "Renewal" on 2026-03-02' in first["sentence"]
    assert second["sentence"].endswith("how the runner did: 7 of 10.")
    for path in ("/errands", f"/errands/{planned['id']}/history"):
        *_, full = get(path, keys["gd"]["key"])["items"]
        *_, less = get(path, keys["masked"]["key"])["items"]
        assert less["masked"] == ["assessment"]
        assert full.get("data", full)["score"] == 7
        assert less.get("data", less)["score"] is None
    assert "7" not in less["sentence"]
    for asked in ({"sort": "score"}, {"score": 7}):
        assert get("/errands", keys["gd"]["key"], **asked)["items"]
        bearer = {"Authorization": f"Bearer {keys['masked']['key']}"}
        assert client.get("/errands", params=asked, headers=bearer).status_code == 403


if __name__ == "__main__":
    place = Path(sys.argv[1])
    add(place)
    from adapters.settings import Settings  # what is imported from here on finds the examples
    from tests.api.conftest import serving

    settings = Settings(data=place / "data", port=0, admin_key=KEY)
    with (
        serving(settings) as address,
        httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {KEY}"},
            trust_env=False,
            timeout=60,
        ) as client,
    ):
        errand(client)
