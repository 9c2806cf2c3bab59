"""The document: committed as it is served, whole, and its page needs no internet."""

import json
import re
import subprocess
import sys

import httpx

from api.openapi import FILE, text
from domain.commands import commands


def test_the_committed_document_is_the_one_that_is_served(stranger: httpx.Client) -> None:
    # Apart from this process, in which other tests may have declared aggregates of their own.
    program = "import sys; from api.openapi import text; sys.stdout.buffer.write(text())"
    generated = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert FILE.read_bytes() == generated.stdout, "python -m api.openapi"
    assert stranger.get("/openapi.json").json() == json.loads(text())


def test_every_command_is_a_documented_route(stranger: httpx.Client) -> None:
    paths = stranger.get("/openapi.json").json()["paths"]
    documented = {
        operation["operationId"]
        for operations in paths.values()
        for operation in operations.values()
        if "operationId" in operation
    }
    assert set(commands()) <= documented


def test_the_rules_of_a_command_are_in_its_description(stranger: httpx.Client) -> None:
    operation = stranger.get("/openapi.json").json()["paths"]["/customers/{id}/place-under"]["post"]
    assert (
        "`parent-cycle`: A customer is not placed under itself"
        in (operation["responses"]["409"]["description"])
    )


def test_the_page_is_served_whole_without_a_key_or_another_server(stranger: httpx.Client) -> None:
    page = stranger.get("/docs")
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert links
    for link in links:
        assert link.startswith("/")
        assert stranger.get(link).status_code == 200
    assert stranger.get("/docs/other.js").status_code == 404
