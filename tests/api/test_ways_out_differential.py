"""Whatever way it goes out, nobody is shown more or less than a plain oracle says."""

from __future__ import annotations

import dataclasses
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.settings import Settings
from api.app import application
from api.parts import Parts
from api.seeing import Seeing, Seen
from api.server import Server
from domain.kernel import Recorded
from projections.kernel import ReadModel
from projections.question import Question
from projections.sight import Sight, View
from tests.api.conftest import CHEAP, KEY
from tests.api.differential import Comparison
from tests.api.generated import World
from tests.api.oracle import Who
from tests.api.tally import Moment, Ways, moment

SEED = int(os.environ.get("KEYLINE_TEST_SEED", "473075"))
LEAST = 100_000


@dataclasses.dataclass
class Case:
    """A world on a running server."""

    parts: Parts
    address: str
    world: World
    now: Moment
    then: Moment

    def comparison(self, ways: type[Ways] = Ways) -> Comparison:
        events = self.parts.journal.read(0, self.now.position)
        return Comparison(ways(self.parts), self.world, self.now, self.then, events)

    def everybody(self) -> list[Who]:
        """Return all parties: people, keys, deputies and would-be deputies."""
        chance = random.Random(SEED)
        given = [f for f in self.now.facts.values() if f["kind"] == "delegation"]
        deputies = [Who(each["deputy"], each["principal"]) for each in given]
        deputies += [Who(*chance.sample(self.world.people, 2)) for _ in range(3)]
        people = [Who(each) for each in (*self.world.people, "nobody", "admin")]
        return [*people, *deputies, *(Who(key=each) for each in self.world.keys)]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    print(f"KEYLINE_TEST_SEED={SEED}")
    folder: Path = tmp_path_factory.mktemp("ways-out")
    settings = Settings(data=folder, port=0, admin_key=KEY)
    entrance = application(settings, "api", CHEAP)
    parts: Parts = entrance._parts  # the ways in this test go beside the sockets
    addresses: list[str] = []
    answering = threading.Event()

    def ready(address: str) -> None:
        addresses.append(address)
        answering.set()

    server = Server(entrance, settings, ready)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert answering.wait(30)
        world = World(parts.executor, SEED)
        then = moment(parts)
        world.change()
        settle(parts)
        yield Case(parts, addresses[0], world, moment(parts), then)
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


def settle(parts: Parts) -> None:
    """Wait until all policies have done what follows from the changes, and all is in view."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status = parts.status()
        reached = [each["lag"] for name, each in status["parts"].items() if name != "operations"]
        head = parts.journal.head().position
        if not any(reached) and status["position"] == head and len(reached) > 2:
            return
        time.sleep(0.1)
    raise AssertionError(f"not settled: {parts.status()}")


def test_every_way_out_gives_what_the_oracle_says(case: Case) -> None:
    comparison = case.comparison()
    everybody = case.everybody()
    for who in everybody:
        comparison.of(who)
    exporters = [who for who in everybody if comparison.oracle.views(who, "export.read")]
    for who in exporters[:6]:
        comparison.export(who)
    total = sum(comparison.counted.values())
    print(f"seed {SEED}: {len(everybody)} parties, {total:,} tuples: {dict(comparison.counted)}")
    assert comparison.differences[:20] == []
    assert total >= LEAST
    ways = {"list", "one", "feed", "history", "page", "export", "report", "search", "command"}
    ways |= {"late entries", "chain"}
    assert ways <= comparison.counted.keys()


def test_over_http_each_key_is_shown_what_the_oracle_says(case: Case) -> None:
    comparison = case.comparison()
    keys = [key for key in case.world.keys if comparison.oracle.live(case.now.facts[key])]
    paths = {model.aggregate: model.name.replace("_", "-") for model in comparison.models.values()}
    for id_ in keys[:10]:
        comparison.begin(Who(key=id_))
        headers = {"Authorization": f"Bearer {case.world.keys[id_]}"}
        with httpx.Client(
            base_url=case.address, headers=headers, trust_env=False, timeout=30
        ) as client:
            for kind, path in paths.items():
                over_http(comparison, client, kind, path)
            events = client.get("/events", params={"limit": 10_000})
            if events.status_code == 200:
                wanted = comparison.tokens(comparison.models, case.now.facts)
                among = comparison.universe(comparison.models)
                comparison.told("http feed", events.text, wanted, among)
    assert comparison.differences[:20] == []
    print(f"seed {SEED}: {len(keys[:10])} keys over HTTP: {dict(comparison.counted)}")
    assert comparison.counted["http list"]


def over_http(comparison: Comparison, client: httpx.Client, kind: str, path: str) -> None:
    """Compare the list of a kind and some of its records, as a key gets them over HTTP."""
    views = comparison.seen(f"{kind}.read")
    answer = client.get(f"/{path}", params={"limit": 1000, "count": "exact"})
    comparison.equal("http permitted", path, answer.status_code, 200 if views else 403)
    if not views:
        return
    facts = comparison.now.facts
    wanted = comparison.tokens([kind], facts)
    comparison.told("http list", answer.text, wanted, comparison.universe([kind]))
    hidden = {
        id_: comparison.oracle.hidden(views, facts[id_]) for id_ in comparison.world.ids[kind]
    }
    if kind in ("customer", "opportunity", "service-ticket", "campaign"):
        visible = sum(each is not None for each in hidden.values())
        comparison.equal("http count", path, answer.json()["count"], visible)
    named = comparison.tokens(comparison.models, facts)
    for id_ in comparison.world.ids[kind][:6]:
        for way in ("", "/history"):
            one = client.get(f"/{path}/{id_}{way}")
            status = 404 if hidden[id_] is None else 200
            comparison.equal(f"http one{way}", id_, one.status_code, status)
            mine = {t for t, (record, _) in comparison.world.tokens.items() if record == id_}
            right = comparison.among({id_: hidden[id_]})
            if way == "/history":  # its sentences name other records, as far as they are in sight
                right |= comparison.found(one.text) & named
            comparison.told("http one", one.text, right, mine)
    for id_ in comparison.world.ids[kind][:6] if kind == "customer" else ():
        digest = client.get(f"/customers/{id_}/digest", params={"from_position": 0})
        comparison.equal("digest", id_, digest.status_code, 404 if hidden[id_] is None else 200)
        shown = comparison.found(digest.text) & named
        comparison.told("digest", digest.text, shown, set())


class MasksDropped(Ways):
    """Shows what is masked."""

    class seeing(Seeing):
        def sight(self, permission: str) -> Sight:
            views = super().sight(permission).views
            return Sight(tuple(View(v.grant, v.units, v.owners) for v in views))


class ScopeLeftOut(Ways):
    """Lists records of whatever unit and owner to those who may list any."""

    def asked(self, model: ReadModel, see: Seeing, **more: Any) -> Question:
        asked = super().asked(model, see, **more)
        views = () if asked.sight is None else asked.sight.views
        wide = tuple(View(v.grant, masked=v.masked) for v in views)
        return dataclasses.replace(asked, sight=Sight(wide))


class FeedOfAll(Ways):
    """Shows every event."""

    class seeing(Seeing):
        def events(self, found: Iterable[Recorded]) -> list[Seen]:
            return [(event, frozenset()) for event in found]


@pytest.mark.parametrize(
    ("leaky", "caught"),
    [
        (MasksDropped, {"list", "one", "history", "feed", "list as of"}),
        (ScopeLeftOut, {"list", "count", "list as of"}),
        (FeedOfAll, {"feed"}),
    ],
)
def test_what_leaks_is_caught(case: Case, leaky: type[Ways], caught: set[str]) -> None:
    comparison = case.comparison(leaky)
    leaks = Counter[str]()
    for who in case.everybody():
        comparison.of(who)
        leaks = Counter(w for w in caught for each in comparison.differences if f") {w}" in each)
        if leaks.keys() == caught:
            break
    assert leaks.keys() == caught
