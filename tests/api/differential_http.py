"""The comparison over sockets: lists, records, histories, digests and streams."""

from __future__ import annotations

import json
from collections import Counter

import httpx

from tests.api.differential import Comparison


def over_http(comparison: Comparison, client: httpx.Client, kind: str, path: str) -> None:
    """Compare the list of a kind and some of its records, as a party gets them over HTTP."""
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


def over_stream(comparison: Comparison, client: httpx.Client) -> None:
    """Compare all events, as a party gets them by a stream up to the last one, which all see."""
    facts, found = comparison.now.facts, list[str]()
    with client.stream("GET", "/events", headers={"Accept": "text/event-stream"}) as answer:
        comparison.equal("stream permitted", "", answer.status_code, 200)
        if answer.status_code != 200:
            return
        for line in answer.iter_lines():
            if line.startswith("data: "):
                found.append(line.removeprefix("data: "))
                if json.loads(found[-1])["position"] >= comparison.now.position:
                    break
    wanted = comparison.tokens(comparison.models, facts)
    comparison.told("stream", " ".join(found), wanted, comparison.universe(comparison.models))
    events = [json.loads(each) for each in found]
    positions = [each["position"] for each in events]
    comparison.equal("stream", "order", positions, sorted(set(positions)))
    got = Counter(each["stream"] for each in events if each["aggregate"] in comparison.models)
    for id_, number in Counter(each.stream for each in comparison.events).items():
        kind = facts[id_]["kind"]
        if kind in comparison.models:
            hidden = comparison.oracle.hidden(comparison.seen(f"{kind}.read"), facts[id_])
            comparison.equal("stream", id_, got[id_], 0 if hidden is None else number)
