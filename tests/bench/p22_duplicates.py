"""Duplicates at registration among customers that begin alike: few of them, and very many."""

from __future__ import annotations

import csv
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random

from adapters.commands.executor import Call, Executor
from adapters.local.postgres import LocalPostgres
from adapters.storage.databases import connect, writing
from api.customers.similar import Registration, Similar
from domain.kernel.aggregate import Origin, new_id
from projections.customers.customers import customers
from projections.customers.merges.duplicates import Described, named_alike, neighbours
from projections.customers.merges.name_key import name_key
from projections.customers.merges.name_words import name_words
from projections.kernel.read_model import Row
from projections.kernel.rows import tables
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.store import RowStore
from projections.kernel.visibility.row_security import EVERYTHING
from tests.adapters.commands.test_executor import started, stop
from tests.bench.figure import Figure

FEW = 1_000
MANY = int(1_000_000 * float(os.environ.get("BENCH_SCALE", "0.1")))
"""`BENCH_SCALE=1` has a million, as the goal has it."""

AHEAD = 10**9
"""Where the rows stand: nothing is read from the journal for them."""

TIMES = 400
ROUNDS = 5
MOST = 1.2
"""How much more registering may cost among many than among few."""

PAIRS = Path(__file__).parents[1] / "projections" / "customers"
OWN = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨"


def measure() -> Iterator[Figure]:
    """Register customers that are duplicates of some, in turn among few and among many."""
    with tempfile.TemporaryDirectory() as name, LocalPostgres(Path(name) / "postgres") as server:
        for title, urls in (
            ("SQLite", [f"sqlite:///{name}/rows-{count}.db" for count in (FEW, MANY)]),
            ("PostgreSQL", [server.create_database(f"rows{count}") for count in (FEW, MANY)]),
        ):
            among = [Among(url, count) for url, count in zip(urls, (FEW, MANY), strict=True)]
            executor = started(f"sqlite:///{name}/journal-{title}.db")
            costs = _costs(executor, among)
            stop(executor)
            few, many = (statistics.median(each) * 1e6 for each in costs)
            what = f"registered among {MANY:,} that begin alike, {title}"
            yield Figure(what, many, "µs of CPU", few, f"µs among {FEW:,}", at_most=MOST)
            looks = [statistics.median(each.looks) * 1e6 for each in among]
            yield Figure("the look for duplicates in it", looks[1], "µs of CPU", looks[0], "µs")
            found, asked = among[1].recall()
            yield Figure("true pairs found among them", found / asked, "", 1, "all", at_least=0.95)
            for each in among:
                each.rows.dispose()


class Among:
    """A row database with so many customers that begin alike, and the true pairs' others."""

    def __init__(self, url: str, count: int) -> None:
        self.rows = connect(url, "normal")
        self.looks: list[float] = []
        Projector(self.rows, {customers.name: customers}).create()
        store = RowStore(customers.table, self.rows.dialect)
        made = _rows(count)
        with writing(self.rows).begin() as connection:
            tables.drop(connection, customers, customers.name)
            tables.create_table(connection, customers.table)
            while some := list(islice(made, 10_000)):
                store.insert(connection, some)
            connection.execute(tables.positions.update().values(position=AHEAD))
        for statement in tables.index_statements(
            self.rows.dialect.name, customers, customers.table
        ):
            with writing(self.rows).begin() as connection:
                connection.exec_driver_sql(statement)

    def recall(self) -> tuple[int, int]:
        """Return how many of the true pairs are found, and how many there are."""
        found, pairs = 0, list(_true_pairs())
        with self.rows.connect() as connection:
            for number, (one, _) in enumerate(pairs):
                words = name_words(one)
                found += f"pair-{number}" in named_alike(words, neighbours(connection, words))
        return found, len(pairs)


def _true_pairs() -> Iterator[tuple[str, str]]:
    for name in ("pairs.csv", "pairs_held_out.csv"):
        with (PAIRS / name).open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["same"] == "1":
                    yield row["one"], row["other"]


def _rows(count: int) -> Iterator[Row]:
    moment = datetime.now(UTC)
    for number, (_, name) in enumerate(_true_pairs()):
        yield _row(f"pair-{number}", name, moment)
    for number in range(count):
        yield _row(str(number), _name(number), moment)


def _row(id_: str, name: str, moment: datetime) -> Row:
    return customers.blank | {
        "id": id_,
        "name": name,
        "name_key": name_key(name),
        "name_words": name_words(name),
        "unit": "gd-gz",
        "state": "potential",
        "version": 1,
        "position": 1,
        "created_at": moment,
        "changed_at": moment,
        "in_force": moment.date(),
        "search": "",
    }


def _name(number: int) -> str:
    """Return the name of a branch, half of them by number and half by words."""
    if number % 2:
        return f"Sunrise Bank Branch {number:07}"
    place = "".join(OWN[number // len(OWN) ** n % len(OWN)] for n in range(4))
    return f"中国工商银行股份有限公司广州{place}支行"


def _costs(executor: Executor, among: Sequence[Among]) -> list[list[float]]:
    """Return the processor's seconds of each registration, among few and among many."""
    random, costs = Random(1), [list[float]() for _ in among]
    similar = [Similar(executor.journal, each.rows) for each in among]
    for _ in range(ROUNDS):
        for which, each in enumerate(among):
            for _ in range(TIMES // ROUNDS):
                name = _name(random.randrange(FEW))
                began = time.process_time()
                call = Call("customer.register", None, {"name": name, "unit": "gd-gz"}, _origin())
                answer = executor.execute(call)
                decided = time.process_time()
                registered = Registration(answer.id, Described.by(name), answer.position)
                similar[which].to([registered], EVERYTHING)
                ended = time.process_time()
                costs[which].append(ended - began)
                each.looks.append(ended - decided)
    return costs


def _origin() -> Origin:
    return Origin("bench", "gd-gz", new_id())
