"""Whatever way it goes out, nobody is shown more or less than a plain oracle says."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.settings import Settings
from api.kernel.access.visibility import Seeing, Seen
from domain.kernel.aggregate import Recorded
from projections.kernel.lists.list_query import Question
from projections.kernel.read_model import ReadModel
from projections.kernel.summary import Summary
from projections.kernel.visibility.visibility import Sight, Sights, View
from tests.api.conftest import KEY
from tests.api.differential_http import over_http
from tests.api.generated_case import Case, generated, some
from tests.api.oracle import Who
from tests.api.tally import Ways
from tests.volume import seed, volume

SEED = seed("WAYS_OUT_SEED", 7)
PARTIES = volume("WAYS_OUT_PARTIES", 4, 1000)
"""How many of each sort are compared, of all that there are: people, deputies, keys."""
EXPORTERS = volume("WAYS_OUT_EXPORTERS", 3, 6)
LEAST = 100_000


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    print(f"WAYS_OUT_SEED={SEED}")
    folder: Path = tmp_path_factory.mktemp("ways-out")
    settings = Settings(data=folder, port=0, admin_key=KEY)
    with generated(settings, SEED) as found:
        yield found


def test_every_way_out_gives_what_the_oracle_says(case: Case) -> None:
    comparison = case.comparison()
    everybody = case.everybody(SEED)
    parties = some(everybody, PARTIES, SEED)
    for who in parties:
        comparison.of(who)
    exporters = [who for who in everybody if comparison.oracle.views(who, "export.read")]
    for who in exporters[:EXPORTERS]:
        comparison.export(who)
    total = sum(comparison.counted.values())
    print(f"seed {SEED}: {len(parties)} parties, {total:,} tuples: {dict(comparison.counted)}")
    assert comparison.differences[:20] == []
    assert total >= LEAST
    ways = {"list", "one", "feed", "history", "page", "export", "report", "search", "command"}
    ways |= {"late entries", "chain", "sums", "sums by amount", "sums on page", "sums as of"}
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
        views = asked.sight.views if isinstance(asked.sight, Sight) else ()
        wide = tuple(View(v.grant, masked=v.masked) for v in views)
        return dataclasses.replace(asked, sight=Sight(wide))


class SumsOfAll(Ways):
    """Shows what all records come to to whoever sees some of each kind."""

    def sums(self, see: Seeing, summary: Summary) -> Sight | Sights:
        return Sight((View("all"),)) if super().sums(see, summary) else Sight()


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
        (SumsOfAll, {"sums", "sums count", "sums in pages", "sums as of"}),
    ],
)
def test_what_leaks_is_caught(case: Case, leaky: type[Ways], caught: set[str]) -> None:
    comparison = case.comparison(leaky)
    leaks = Counter[str]()
    for who in case.everybody(SEED):
        comparison.of(who)
        leaks = Counter(w for w in caught for each in comparison.differences if f") {w}" in each)
        if leaks.keys() == caught:
            break
    assert leaks.keys() == caught
