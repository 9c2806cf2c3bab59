"""A command is read alike alone, as a line of many and from a cell, whatever value it has where.

Every field of every command gets `INPUT_VALUES` of the odd values (all of them: 0), chosen by
`INPUT_SEED`. What is compared is what the client is told, and what the record would be given.
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from adapters.commands import executor as executing
from adapters.commands.body_validation import arguments_in
from adapters.commands.executor import Executor
from adapters.journal.journal import Journal
from adapters.refusals import Refusal
from adapters.settings import Settings
from api.commands import batch
from api.imports.cells import Field, FieldError
from api.imports.files.sheets import Row, Sheet
from api.imports.importer import Importer
from api.imports.mapping import MappingError, SheetMapping
from api.imports.row_commands import Plan
from api.imports.written import Unreadable
from domain.kernel.commands import Command
from tests.adapters.keyring import keys_in
from tests.api.conftest import KEY, serving
from tests.api.odd_values import ODD, TEXTS, good, put
from tests.domain.fields import Leaf, leaves
from tests.organisation import organise
from tests.volume import seed, volume

VALUES = volume("INPUT_VALUES", 2, 0)
SEED = seed("INPUT_SEED", 20261129)

ANYBODY = "01997e2b-0000-7000-8000-00000000ffff"
PLACE = re.compile(r" at line \d+ column \d+")

Case = tuple[Leaf, str]


def cases(odd: Sequence[str]) -> list[Case]:
    """Return fields, each with some of the odd values."""
    chance = random.Random(SEED)
    print(f"INPUT_SEED={SEED} INPUT_VALUES={VALUES}")
    return [
        (leaf, value)
        for leaf in leaves()
        for value in (odd if not VALUES else chance.sample(odd, min(VALUES, len(odd))))
    ]


class Watch:
    """Notes what the readings of one thread come to: arguments, or the faults that were found."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.thread: int | None = None

    def __call__(self, command: Command, values: Any) -> dict[str, Any]:
        if self.thread not in (None, threading.get_ident()):
            return arguments_in(command, values)
        try:
            found = arguments_in(command, values)
        except Refusal as refusal:
            self._note(command, f"{refusal.name} {refusal.errors}")
            raise
        self._note(command, repr(found))
        return found

    def _note(self, command: Command, outcome: str) -> None:
        self.thread = threading.get_ident()
        self.seen.append((command.name, outcome))

    def taken(self) -> list[tuple[str, str]]:
        """Return what was noted since the last time."""
        found, self.seen = self.seen, []
        return found


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(executing, "arguments_in", watch)
    return watch


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server of our own, for what is accepted here is of no use to other tests."""
    settings = Settings(data=tmp_path_factory.mktemp("odd"), port=0, admin_key=KEY)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    with (
        serving(settings) as address,
        httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=60) as client,
    ):
        yield client


def told(status: int, problem: dict[str, Any]) -> Any:
    """Return what a client is told of a body that cannot be used; of others nothing."""
    name = str(problem.get("type", "")).rpartition("/")[2]
    if name not in ("invalid-body", "malformed-body"):
        return None
    return status, name, PLACE.sub("", problem["detail"]), problem.get("errors")


def alone(client: httpx.Client, tried: Sequence[Case]) -> list[Any]:
    """Send each as a command of its own."""
    found = []
    for leaf, odd in tried:
        command = leaf.command
        path = f"/{command.aggregate.plural}"
        if not command.creates:
            path += f"/{ANYBODY}/{command.verb}"
        answer = client.post(path, content=put(leaf, odd).encode())
        assert answer.status_code < 500, (str(leaf), odd, answer.text)
        found.append(told(answer.status_code, answer.json()))
    return found


def together(client: httpx.Client, tried: Sequence[Case]) -> list[Any]:
    """Send all as the lines of one request."""
    lines = []
    for leaf, odd in tried:
        id = "" if leaf.command.creates else f'"id": "{ANYBODY}", '
        lines.append(f'{{"command": "{leaf.command.name}", {id}"body": {put(leaf, odd)}}}\n')
    headers = {"Content-Type": "application/x-ndjson"}
    answer = client.post("/commands", content="".join(lines).encode(), headers=headers)
    results = [orjson.loads(each) for each in answer.content.splitlines()]
    assert [each["line"] for each in results] == list(range(1, len(tried) + 1))
    return [told(each["status"], each.get("problem", {})) for each in results]


def different(client: httpx.Client, watch: Watch, tried: Sequence[Case]) -> list[Any]:
    """Return in what a command alone differs from the same one in a line."""
    answers = alone(client, tried)
    by_themselves = watch.taken()
    others = together(client, tried)
    in_lines = watch.taken()
    names = [(str(leaf), odd) for leaf, odd in tried]
    found: list[Any] = [
        each for each in zip(names, answers, others, strict=True) if each[1] != each[2]
    ]
    if by_themselves != in_lines:
        found += [pair for pair in zip(by_themselves, in_lines, strict=False) if pair[0] != pair[1]]
        found.append((len(by_themselves), len(in_lines)))
    return found


def test_a_command_is_read_alike_alone_and_as_a_line_of_many(
    server: httpx.Client, watch: Watch
) -> None:
    tried = cases(ODD)
    assert len(tried) >= 380 * (VALUES or 1)
    assert different(server, watch, tried) == []


@pytest.mark.parametrize("odd", ['{"a":1,"a":2}', "999999999999999.12", "NaN"])
def test_a_line_that_were_read_differently_would_be_noticed(
    server: httpx.Client, watch: Watch, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    fields = ("customer.register/name", "customer.register/annual_revenue")
    tried = [(leaf, odd) for leaf in leaves() if str(leaf) in fields]
    assert different(server, watch, tried) == []
    monkeypatch.setattr(batch, "read", json.loads)
    assert different(server, watch, tried) != []


@pytest.fixture
def importing(tmp_path: Path) -> Iterator[tuple[Journal, Executor]]:
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}", keys=keys_in(tmp_path))
    journal.create()
    executor = Executor(journal)
    executor.start()
    organise(executor)
    yield journal, executor
    executor.stop()
    journal.close()


def test_a_cell_is_read_as_a_command_that_says_the_same(
    importing: tuple[Journal, Executor], watch: Watch
) -> None:
    texts = [text for text in TEXTS if text.strip() and text == text.strip()]
    tried = [
        (leaf, text)
        for leaf, text in cases(texts)
        if leaf.command.creates and len(leaf.place) == 1 and _in_cells(leaf.command)
    ]
    assert len(tried) > 15 * (VALUES or 1)
    differing: list[Any] = []
    compared = 0
    for leaf, text in tried:
        parameter = str(leaf.place[0])
        if parameter in leaf.command.references:
            continue  # what names another record is looked up by its name
        try:
            meant = Field(leaf.command, parameter).convert(text).value
        except FieldError as error:  # it has parts, which have columns of their own
            with pytest.raises(MappingError, match=re.escape(str(error))):
                _import(importing, leaf, text)
            continue
        except Unreadable as error:  # what people write in cells, and this is none of it
            if str(error) not in _import(importing, leaf, text):
                differing.append((str(leaf), text, str(error)))
            continue
        expected = _read(leaf.command, leaf.body(meant, good(leaf.command)))
        watch.taken()
        reason = _import(importing, leaf, text)
        read = [outcome for name, outcome in watch.taken() if name == leaf.command.name]
        if not read:  # another cell names a record, and there is none of that name
            assert "no" in reason
            continue
        (found,), compared = read, compared + 1
        if isinstance(expected, Refusal):
            # An import adds the value, and words of its own where a cell is meant.
            same = reason != "" and found == f"{expected.name} {expected.errors}"
        else:
            same = found == repr(expected)
        if not same:
            differing.append((str(leaf), text, expected, found, reason))
    assert differing == []
    assert compared > 10 * (VALUES or 1)


def _in_cells(command: Command) -> bool:
    """Tell whether nothing that a command needs has parts: a cell is a text."""
    return "{" not in json.dumps(list(good(command).values()))


def _read(command: Command, body: dict[str, Any]) -> dict[str, Any] | Refusal:
    try:
        return arguments_in(command, json.loads(json.dumps(body)))
    except Refusal as refusal:
        return refusal


def _import(importing: tuple[Journal, Executor], leaf: Leaf, text: str) -> str:
    """Import one row with this text in the field's cell; returns why it was refused, if it was."""
    journal, executor = importing
    others = {k: v for k, v in good(leaf.command).items() if k != leaf.place[0]}
    mapping = SheetMapping(columns=[("odd", str(leaf.place[0]))], key="key")
    mapping.columns += [(name, name) for name in others]
    cells = {"key": uuid4().hex, "odd": text}
    cells |= {
        name: str(value[0] if isinstance(value, list) else value) for name, value in others.items()
    }
    sheet = Sheet(list(cells), [Row(1, cells)])
    plan = Plan(leaf.command.aggregate.kind, mapping, sheet)
    result = Importer(plan, journal, executor).run(sheet)
    return "".join(fault.reason for fault in result.faults)
