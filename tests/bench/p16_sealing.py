"""What sealing personal fields adds: to folds, to appends, and to a page that is shown."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from adapters.journal.journal import recorded
from adapters.privacy.field_decryption import Opening
from adapters.privacy.field_encryption import Sealing
from adapters.privacy.person_keys import PersonKeys
from domain.kernel.aggregate import Stored, discover, new_id
from domain.kernel.codec import codec
from projections.customers.customers import customers
from projections.kernel.read_model import Row, fold
from tests.adapters.keyring import keys_in
from tests.bench.figure import Figure, best, rate

CUSTOMERS = 3000
EACH = 5
"""Contacts of a customer, each added and corrected: nothing but what is sealed, the worst case."""

RUNS = 5
PAGE = 50

Raw = Sequence[Sequence[Any]]


def measure() -> Iterator[Figure]:
    """Measure with tokens and with plain text, taking turns so that both meet the same noise."""
    with tempfile.TemporaryDirectory() as folder:
        keys = keys_in(Path(folder))
        plain = list(_facts())
        yield Figure("facts of contacts sealed, new persons", _sealed_rate(keys, plain), "/s")
        sealing = Sealing(keys)
        raw = {False: _rows(plain, None), True: _rows(plain, sealing)}
        sealing.keep()
        rates: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(RUNS):
            for sealed, found in rates.items():
                found.append(rate(len(plain), partial(_fold, raw[sealed])))
        value, limit = best(*rates[True]), best(*rates[False])
        title = "read and folded, events of contacts alone"
        yield Figure(title, value, "/s", limit, "/s plain", at_least=1 / 1.15)
        page = [*_fold(raw[True]).values()][:PAGE]
        opening = Opening(keys)
        opened = best(*(rate(1, lambda: opening.rows(customers, page)) for _ in range(RUNS)))
        title = f"page of {PAGE} customers opened, {PAGE * EACH} persons"
        yield Figure(title, 1000 / opened, "ms", 20, "ms", at_most=1)
        keys.close()


def _facts() -> Iterator[Stored]:
    for _ in range(CUSTOMERS):
        stream = new_id()
        registered = {"name": "广州钢铁", "unit": "gd-gz", "currency": "CNY"}
        yield _stored(stream, 1, "customer.registered", registered)
        for each in range(EACH):
            contact = {"contact_id": new_id(), "name": "李伟", "title": "信息部主任"}
            contact |= {"phone": "+86 20 8888 1234", "email": "li.wei@gz-steel.example.com"}
            for version, type_ in enumerate(("added", "corrected"), 2 + 2 * each):
                data = contact | {"influence": version % 5}
                yield _stored(stream, version, f"customer.contact-{type_}", data)


def _stored(stream: str, version: int, type_: str, data: dict[str, Any]) -> Stored:
    """Return a fact as the journal has it: with all its fields."""
    payload = codec(discover().events[type_]).complete(data)
    return Stored(stream, version, type_, 1, orjson.dumps(payload))


def _sealed_rate(keys: PersonKeys, facts: list[Stored]) -> float:
    def seal() -> None:
        sealing = Sealing(keys)
        for each in facts:
            sealing.sealed(each)
        sealing.keep()

    return rate(len(facts), seal)


def _rows(facts: list[Stored], sealing: Sealing | None) -> Raw:
    return [
        (
            *(position, each.stream, each.version, each.type, 1, 1_700_000_000_000_000),
            *("chen.jing", "gd-gz", f"bench-{position}", None, None),
            each.data.decode() if sealing is None else sealing.sealed(each),
            *(None, "person"),
        )
        for position, each in enumerate(facts, 1)
    ]


def _fold(rows: Raw) -> dict[str, Row]:
    found = fold(customers, {}, map(recorded, rows), keep_versions=False)
    assert not found.parked
    return found.rows
