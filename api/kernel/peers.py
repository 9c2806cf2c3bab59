"""Peers: the processes that answer at one address, and what they count, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import aiohttp
from prometheus_client import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.parser import text_string_to_metric_families

PATIENCE = aiohttp.ClientTimeout(total=3.0)
"""Seconds that another has to tell what it counts."""

ALONE = "alone"
"""The parameter by which a process is asked for what it counts itself."""


class Peers(NamedTuple):
    """The name of a process, and where each that answers with it can be asked alone, by name."""

    name: str
    addresses: Mapping[str, str]

    async def ask(
        self, session: aiohttp.ClientSession, path: str, headers: Mapping[str, str]
    ) -> dict[str, str | None]:
        """Return what each of the others answers, by its name; `None` for one that does not."""

        async def one(address: str) -> str | None:
            try:
                async with session.get(
                    f"{address}{path}?{ALONE}=true", headers=headers, timeout=PATIENCE
                ) as answer:
                    return await answer.text() if answer.ok else None
            except (aiohttp.ClientError, TimeoutError):
                return None

        others = {name: each for name, each in self.addresses.items() if name != self.name}
        told = await asyncio.gather(*map(one, others.values()))
        return dict(zip(others, told, strict=True))


class _Together:
    """Metrics of several processes, as a registry has them."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def put_together(told: Mapping[str, str | None], accept: str) -> tuple[bytes, str]:
    """Return the metrics of several processes as text, and its media type, as `accept` allows.

    Each number says by its label `process` whose it is; `keyline_process_up` is 0 for those that
    did not tell any.
    """
    encode, media_type = choose_encoder(accept)
    return encode(_Together([*_joined(told).values(), *_up(told)])), media_type


def _joined(told: Mapping[str, str | None]) -> dict[str, Metric]:
    found: dict[str, Metric] = {}
    for process, text in told.items():
        for family in text_string_to_metric_families(text or ""):
            metric = found.setdefault(
                family.name, Metric(family.name, family.documentation, family.type)
            )
            for sample in family.samples:
                labels = {"process": process, **sample.labels}
                metric.add_sample(sample.name, labels, sample.value)
    return found


def _up(told: Mapping[str, str | None]) -> Iterator[Metric]:
    up = Metric("keyline_process_up", "Whether a process that answers told its numbers", "gauge")
    for process, text in told.items():
        up.add_sample(up.name, {"process": process}, float(text is not None))
    yield up
