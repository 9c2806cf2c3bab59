"""On PostgreSQL, by streams, for keys and a provider's tokens: what the oracle says, no more."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from adapters.local.postgres import LocalPostgres
from adapters.settings import Settings
from tests.api.conftest import KEY
from tests.api.differential import Comparison
from tests.api.differential_http import over_http, over_stream
from tests.api.differential_places import Places
from tests.api.generated_case import Case, generated, some
from tests.api.oracle import Who
from tests.identity_provider import IdentityProvider, identity_provider
from tests.volume import seed, volume

pytestmark = pytest.mark.postgres

SEED = seed("WAYS_OUT_SEED", 473075)
PARTIES = volume("WAYS_OUT_MODES_PARTIES", 2, 8)
"""How many of each sort are compared: people, deputies, keys."""

ATTEMPTS = volume("WAYS_OUT_ATTEMPTS", 180, 900)


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    people = [f"p{n}" for n in range(24)]
    with identity_provider(tmp_path_factory.mktemp("provider"), people) as found:
        yield found


@pytest.fixture(scope="module")
def case(
    postgres: LocalPostgres, provider: IdentityProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Case]:
    print(f"WAYS_OUT_SEED={SEED}")
    name = f"test_{uuid4().hex}"
    settings = Settings(
        data=tmp_path_factory.mktemp("ways-out"),
        port=0,
        admin_key=KEY,
        journal=postgres.create_database(name),
        oidc_issuer=provider.issuer,
        oidc_tokens="jwt",
    )
    with generated(settings, SEED) as found:
        yield found
    postgres.drop_database(name)


def test_every_way_out_of_postgresql_gives_what_the_oracle_says(case: Case) -> None:
    comparison = case.comparison()
    parties = some(case.everybody(SEED), PARTIES, SEED)
    for who in parties:
        comparison.of(who)
    print(f"seed {SEED}: {len(parties)} parties: {dict(comparison.counted)}")
    assert comparison.differences[:20] == []
    ways = {"list", "one", "feed", "history", "page", "report", "search", "sorted", "narrowed"}
    assert ways <= comparison.counted.keys()


def client_of(case: Case, provider: IdentityProvider, who: Who) -> httpx.Client:
    """Return a client with a party's credential: its key, or a token of the provider."""
    token = provider.token(who.employee) if who.employee else case.world.keys[who.key or ""]
    headers = {"Authorization": f"Bearer {token}"}
    if who.principal:
        headers["On-Behalf-Of"] = who.principal
    return httpx.Client(base_url=case.address, headers=headers, trust_env=False, timeout=60)


def able(comparison: Comparison, who: Who) -> bool:
    """Tell whether a party is let in at all."""
    oracle = comparison.oracle
    return oracle.person(who) is not None or (
        who.key is not None and oracle.live(oracle.facts[who.key])
    )


@pytest.mark.parametrize("sort", ["keys", "a provider's tokens"])
def test_over_sockets_each_credential_is_shown_what_the_oracle_says(
    case: Case, provider: IdentityProvider, sort: str
) -> None:
    comparison = case.comparison()
    every = [each for each in case.everybody(SEED) if (each.key is not None) == (sort == "keys")]
    parties = some([each for each in every if able(comparison, each)], PARTIES, SEED)
    parties += [each for each in every if not able(comparison, each)][:1]
    paths = {model.aggregate: model.name.replace("_", "-") for model in comparison.models.values()}
    streams = 0
    for who in parties:
        if who.employee == "admin":
            continue  # no outside token is the administrator's
        comparison.begin(who)
        with client_of(case, provider, who) as client:
            if not able(comparison, who):
                comparison.equal("let in", who, client.get("/me").status_code in (401, 403), True)
                continue
            for kind, path in paths.items():
                over_http(comparison, client, kind, path)
            over_stream(comparison, client)
            streams += 1
    print(f"seed {SEED}: {len(parties)} by {sort}: {dict(comparison.counted)}")
    assert comparison.differences[:20] == []
    assert streams
    assert comparison.counted["http list"]
    assert comparison.counted["stream"]


def test_what_is_made_and_moved_is_decided_as_the_oracle_says(case: Case) -> None:
    places, chance = Places(case, SEED), random.Random(SEED)
    comparison = case.comparison()
    parties = [each for each in case.everybody(SEED) if able(comparison, each)]
    own = [
        each
        for each in parties
        if any(view.owners for view in comparison.oracle.views(each, "customer.register"))
    ]
    movers = [each for each in parties if comparison.oracle.views(each, "customer.transfer")]
    for n in range(ATTEMPTS):
        if n % 3 == 0:
            places.move(chance.choice(movers if n % 2 else parties))
        else:
            places.make(chance.choice(parties if n % 3 == 1 else own))
    counted = Counter(got for _, got, _ in places.outcomes)
    print(f"seed {SEED}: {dict(counted)}")
    assert [each for each in places.outcomes if each[1] != each[2]][:10] == []
    assert {"made", "made as their own", "done", "403", "404"} <= counted.keys()
