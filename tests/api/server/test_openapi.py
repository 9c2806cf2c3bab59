"""The document: committed as it is served, whole, and its page needs no internet."""

import json
import re
import subprocess
import sys

import httpx
import pytest

from api.document.shared_parameters import share, share_answers
from api.openapi_file import FILE, text
from api.server.openapi import unite
from domain.kernel.commands import commands
from streams.kafka.asyncapi import FILE as ASYNCAPI
from tests.api.documented import committed, whole


def test_the_committed_document_is_the_one_that_is_served(stranger: httpx.Client) -> None:
    # Apart from this process, in which other tests may have declared aggregates of their own.
    program = "import sys; from api.openapi_file import text; sys.stdout.buffer.write(text())"
    generated = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert FILE.read_bytes() == generated.stdout, "python -m api.openapi_file"
    assert stranger.get("/openapi.json").json() == json.loads(text())


def test_no_name_tells_where_in_the_code_something_stands() -> None:
    found = {
        name
        for file in (FILE, ASYNCAPI)
        for name in json.loads(file.read_bytes())["components"]["schemas"]
    }
    assert [name for name in found if not re.fullmatch(r"[A-Z]\w+|[a-z-]+\.[a-z-]+", name)] == []
    assert [name for name in found if "__" in name] == []


def test_two_types_of_one_name_are_no_document() -> None:
    found = {"Measure": {"type": "object"}}
    unite(found, {"Measure": {"type": "object"}, "Rung": {"type": "string"}})
    assert found.keys() == {"Measure", "Rung"}
    with pytest.raises(ValueError, match="Measure: a client would know one alone"):
        unite(found, {"Measure": {"type": "string"}})


def test_every_command_is_a_documented_route(stranger: httpx.Client) -> None:
    paths = stranger.get("/openapi.json").json()["paths"]
    documented = {
        operation["operationId"]
        for operations in paths.values()
        for operation in operations.values()
        if "operationId" in operation
    }
    assert set(commands()) <= documented


def test_a_command_names_its_rules_and_the_book_of_problems_has_their_words(
    stranger: httpx.Client,
) -> None:
    operations = stranger.get("/openapi.json").json()["paths"]
    book = {each["type"]: each for each in stranger.get("/problems").json()["items"]}
    for command in commands().values():
        path = f"/{command.aggregate.plural}" + f"/{{id}}/{command.verb}" * (not command.creates)
        operation = operations[path]["post"]
        told = operation.get("description", "").partition("Rules that may forbid it: ")[2]
        named = [*re.findall("`(.+?)`", told)]
        assert named[: len(command.rules)] == [rule.rule() for rule in command.rules], path
        assert named[len(command.rules) :] == ["history-full"] * (not command.creates), path
        assert ("409" in operation["responses"]) is bool(named), path
        for rule in command.rules:
            assert book[f"/problems/{rule.rule()}"]["title"], rule
            assert rule.text() in str(book[f"/problems/{rule.rule()}"]), rule


def test_the_page_is_served_whole_without_a_key_or_another_server(stranger: httpx.Client) -> None:
    page = stranger.get("/docs")
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert links
    for link in links:
        assert link.startswith("/")
        assert stranger.get(link).status_code == 200
    assert stranger.get("/docs/other.js").status_code == 404


def test_what_operations_have_alike_stands_once_and_nothing_is_lost_by_it() -> None:
    document = json.loads(FILE.read_bytes())
    again = whole(document)
    share(again)
    share_answers(again)
    assert again["components"] == document["components"]
    assert whole(again) == whole(document)
    assert {"AsOf", "Cursor", "IdempotencyKey", "MinPosition"} <= document["components"][
        "parameters"
    ].keys()


def test_the_document_is_small() -> None:
    assert FILE.stat().st_size < 1_500_000


def test_every_answer_is_described() -> None:
    empty = [
        f"{method} {path} {status}"
        for path, operations in committed()["paths"].items()
        for method, operation in operations.items()
        for status, answer in operation["responses"].items()
        for content in answer.get("content", {}).values()
        if not content.get("schema")
    ]
    assert empty == []
