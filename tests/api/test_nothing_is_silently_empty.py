"""No read is silently empty: what there is not, as a value of any parameter, is refused."""

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from api.openapi import text as document_text
from domain.kernel import new_id
from projections.choices import choices
from projections.kernel import fold, read_models
from projections.question import filters
from projections.reports import reports
from tests.api.asking import problem, register
from tests.projections.happenings import golden_rows, recorded

DOCUMENT: dict[str, Any] = orjson.loads(document_text())
MODELS = {model.aggregate: model for model in read_models().values()}


def reads() -> Iterator[tuple[str, set[str]]]:
    """Yield each read that has parameters, with the names of these."""
    for path, operations in DOCUMENT["paths"].items():
        if "get" in operations:
            parameters = operations["get"].get("parameters", ())
            yield path, {each["name"] for each in parameters if each["in"] == "query"}


def refused(client: httpx.Client, path: str, parameter: str, value: str, **more: str) -> None:
    answer = client.get(path, params={**more, parameter: value})
    found = problem(answer, 422, "invalid-parameter")
    assert found["errors"][0]["parameter"] == parameter, (path, found)
    assert len(found["errors"][0]["detail"]) > 8, (path, found)


@pytest.mark.parametrize("kind", MODELS)
def test_a_list_is_filtered_only_by_what_there_can_be(client: httpx.Client, kind: str) -> None:
    path = next(p for p, o in DOCUMENT["paths"].items() if _is(o, f"{kind}.list"))
    checked = 0
    for each in filters(MODELS[kind]).values():
        if each.values or each.of:
            refused(client, path, each.name, new_id() if each.name.endswith("_id") else "nope")
            checked += 1
        elif each.type != "text":
            refused(client, path, each.name, "nope")
            checked += 1
        if each.kind == "to" and each.type in ("day", "integer", "money"):
            first, last = {"day": ("2026-02-01", "2026-01-31")}.get(each.type, ("5", "4"))
            refused(client, path, each.name, last, **{f"{each.column}_from": first})
    assert checked


def _is(operations: dict[str, Any], name: str) -> bool:
    return bool(operations.get("get", {}).get("operationId") == name)


def test_every_column_of_few_values_is_of_a_closed_set_or_known_not_to_be() -> None:
    free = {"currency", "close_reason"}  # texts: of ISO 4217; reasons that people write
    for model in MODELS.values():
        coarse = {c.name for c in model.table.columns if c.info.get("coarse")}
        assert coarse - choices(model).keys() <= free, model.name


def test_whatever_a_golden_history_has_come_to_is_in_the_closed_sets() -> None:
    rows = golden_rows()
    for model in MODELS.values():
        mine = [row for row in rows if row[3].startswith(f"{model.aggregate}.")]
        for row in fold(model, {}, recorded(mine)).rows.values():
            for name, values in choices(model).items():
                assert row[name] is None or row[name] in values, (model.name, name)


@pytest.mark.parametrize("name", reports())
def test_a_report_is_filtered_only_by_what_there_can_be(client: httpx.Client, name: str) -> None:
    for path in (f"/reports/{name}", f"/reports/{name}/records"):
        for each in reports()[name].angles():
            refused(client, path, each.name, "2017Q2", measures=reports()[name].measures[0].name)
        refused(client, path, "to", "2026-01-31", **{"from": "2026-02-01"})


def test_no_read_takes_an_end_before_its_begin(client: httpx.Client) -> None:
    id_ = register(client)["id"]
    ways = [path for path, names in reads() if {"from", "to"} <= names and "proofs" not in path]
    assert len(ways) > 20
    for path in {each for each in ways if "{" not in each} | {
        "/customers/{id}/history",
        "/customers/{id}/digest",
    }:
        refused(
            client,
            path.replace("{id}", id_),
            "to",
            "2026-01-31",
            **{"from": "2026-02-01"},
        )


def test_logs_feeds_and_histories_are_asked_only_for_what_there_is(client: httpx.Client) -> None:
    history = f"/customers/{register(client)['id']}/history"
    for path, parameter, value in (
        ("/events", "type", "nope"),
        ("/events", "aggregate", "nope"),
        ("/events", "stream", new_id()),
        ("/late-entries?valid_at=2026-01-01&since=1", "aggregate", "nope"),
        (history, "type", "nope"),
        (history, "type", "opportunity.opened"),
        (history, "actor", "ghost"),
        (history, "field", "nope"),
        ("/operations", "unit", "nope"),
        ("/operations", "unit_under", "nope"),
        ("/operations", "command", "customer.nope"),
        ("/operations", "refusal", "nope"),
        ("/operations", "person", "ghost"),
        ("/operations", "actor", "ghost"),
        ("/access/why?permission=customer.read", "unit", "nope"),
    ):
        url = httpx.URL(path)
        refused(client, url.path, parameter, value, **dict(url.params))


def test_what_is_so_stays_answered(client: httpx.Client) -> None:
    made = register(client, grade="C")
    at = {"min_position": made["position"]}
    for path, asked in (
        ("/customers", {"grade": "A,C", "unit": "group", "unit_under": "group"}),
        ("/customers", {"grade": "", "manager": ""}),
        ("/opportunities", {"customer_id": made["id"]}),
        ("/reports/customers", {"by": "unit", "unit_under": "group", "grade": "C", "year": "1999"}),
        ("/operations", {"command": "customer.register", "actor": "admin", "unit": "group"}),
        ("/operations", {"command": "customer.list", "person": "admin"}),
        ("/events", {"type": "customer.registered", "stream": made["id"]}),
        (f"/customers/{made['id']}/history", {"type": "registered", "field": "contacts/x/phone"}),
    ):
        more = at if path not in ("/operations", "/events") else {}
        answer = client.get(path, params={**asked, **more})
        assert answer.status_code == 200, (path, answer.text)
