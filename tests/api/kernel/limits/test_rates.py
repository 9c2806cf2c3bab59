"""Each caller has a rate of their own, is told what is left of it, and waits alone."""

import re
import time
from pathlib import Path

import httpx

from adapters.settings import Settings
from tests.api.asking import problem, register
from tests.api.commands.test_batch import NDJSON, lines, new, results
from tests.api.conftest import KEY, serving

SIGNED_IN = {"Authorization": f"Bearer {KEY}"}


def test_past_its_rate_a_caller_is_refused_and_told_when_to_come_back(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, rate=1, burst=20, stranger_rate=1)
    with serving(settings) as address, httpx.Client(base_url=address, trust_env=False) as client:
        new = {"name": "CRM", "role": "auditor", "unit": "group"}
        key = client.post("/api-keys", json=new, headers=SIGNED_IN).json()["key"]
        time.sleep(1.2)  # for which it has as much as before
        answers = [client.get("/me", headers=SIGNED_IN) for _ in range(40)]
        statuses = [each.status_code for each in answers]
        passed = statuses.index(429)
        assert 20 <= passed < 40
        assert statuses[:passed] == [200] * passed
        left = [re.fullmatch(r'"requests";r=(\d+);t=\d+', a.headers["ratelimit"]) for a in answers]
        assert [int(each[1]) for each in left[:2] if each] == [19, 18]
        assert answers[0].headers["ratelimit-policy"] == '"requests";q=20;w=20'
        refused = answers[passed]
        assert problem(refused, 429, "too-many-requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 2
        assert refused.headers["ratelimit"].startswith('"requests";r=0;')
        command = client.post("/customers", json={"name": "N"}, headers=SIGNED_IN)
        problem(command, 429, "too-many-requests")  # commands come from the same bucket
        assert client.get("/livez").status_code == 200  # strangers have buckets of their own
        other = client.get("/me", headers={"Authorization": f"Bearer {key}"})
        assert other.status_code == 200  # and so has every key
        time.sleep(int(refused.headers["retry-after"]))
        assert client.get("/me", headers=SIGNED_IN).status_code == 200


def test_who_is_not_known_has_less_and_guesses_count(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, stranger_rate=1, stranger_burst=10)
    with serving(settings) as address, httpx.Client(base_url=address, trust_env=False) as client:
        wrong = {"Authorization": "Bearer no-such-key"}
        statuses = [client.get("/me", headers=wrong).status_code for _ in range(25)]
        assert statuses[:10] == [401] * 10
        assert statuses[-1] == 429
        client.headers.update(SIGNED_IN)
        register(client)  # who is known has another bucket, whatever the address


def test_lines_of_many_commands_count_and_wait_instead_of_being_refused(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY, rate=20, burst=20)
    content = lines(*(new(f"Slowly {number}") for number in range(60)))
    with serving(settings) as address:
        began = time.monotonic()
        headers = {**SIGNED_IN, **NDJSON}
        answer = httpx.post(
            f"{address}/commands", content=content, headers=headers, trust_env=False, timeout=60
        )
        assert {each["status"] for each in results(answer)} == {201}
        assert time.monotonic() - began > 1.9  # 40 of 60 at 20 a second


def test_a_rate_of_zero_is_none(tmp_path: Path) -> None:
    with serving(Settings(data=tmp_path, port=0, admin_key=KEY, rate=0)) as address:
        answer = httpx.get(f"{address}/me", headers=SIGNED_IN, trust_env=False)
        assert "ratelimit" not in answer.headers
