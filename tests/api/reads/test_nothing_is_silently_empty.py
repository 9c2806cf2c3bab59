"""No read is silently empty: what there is not, as a value of any parameter, is refused."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any, get_args, get_type_hints

import httpx
import pytest

from domain.kernel.aggregate import new_id
from domain.kernel.commands import commands
from domain.kernel.types.values import Line, Prose
from projections.kernel.lists.choices import choices
from projections.kernel.lists.list_filters import filters
from projections.kernel.read_model import fold, read_models
from projections.kernel.reports.analyses import ANALYSES
from projections.kernel.reports.report import reports
from projections.kernel.summary import listed
from tests.api.asking import head, problem, register
from tests.api.documented import committed
from tests.projections.happenings import golden_rows, recorded

DOCUMENT: dict[str, Any] = committed()
MODELS = {each.kind: each for each in listed().values()}


def choices_of(path: str, parameter: str) -> list[str]:
    """Return the values that a parameter of a read has, if they are a closed set."""
    given = {
        each["name"]: each
        for each in DOCUMENT["paths"].get(path, {"get": {}})["get"].get("parameters", ())
    }
    return list(given.get(parameter, {"schema": {}})["schema"].get("enum", ()))


FORMATS = ["json", *choices_of("/customers/export", "format")]

WRITTEN = {
    *(
        "name",
        "short_name",
        "english_name",
        "name_key",
        "name_words",
        "title",
        "post",
        "phone",
        "email",
    ),
    *("website", "region", "registration_number", "registration_key", "contract_number"),
    *("reason", "state_reason", "close_reason", "undone_because", "conclusion", "goal", "purpose"),
    *("description", "awaited", "cause", "action", "last_note", "lost_to"),
    *("products", "number", "clause", "clauses", "checksum", "refusal"),
    *("held_because", "fallback"),
    *("quote_id", "document_id", "contact_id", "order_id"),  # no list has these
    *("credit_basis", "plan", "service_number", "account_number", "arrangement_id"),
    *("reopened_for", "dispute_reason", "late_because"),
}
"""Columns of texts that people write: one that nobody has written yet finds nothing."""


def is_written(kind: str, column: str) -> bool:
    """Tell whether people write the text of a column, by its name or by what a command takes."""
    if column in choices(MODELS[kind]):
        return False
    hints = (
        get_type_hints(each.body, include_extras=True).get(column)
        for each in commands().values()
        if each.aggregate.kind == kind
    )
    return column in WRITTEN or any({Line, Prose} & {hint, *get_args(hint)} for hint in hints)


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
    path, then, ways = list_of(kind), {"as_of_position": str(head(client))}, cycle(FORMATS)
    checked = 0
    for each in filters(MODELS[kind]).values():
        if each.type == "text" and is_written(kind, each.column):
            continue
        value = new_id() if each.of else "nope"
        for way in ({}, then, {"format": next(ways)}) if each.of else ({"format": next(ways)},):
            refused(client, path, each.name, value, **way)
        checked += 1
        if each.kind == "to" and each.type in ("day", "integer", "money"):
            first, last = {"day": ("2026-02-01", "2026-01-31")}.get(each.type, ("5", "4"))
            refused(client, path, each.name, last, **{f"{each.column}_from": first})
    assert checked


@pytest.mark.parametrize("kind", MODELS)
def test_the_document_says_which_filters_find_nothing_instead(kind: str) -> None:
    parameters = DOCUMENT["paths"][list_of(kind)]["get"]["parameters"]
    told = {each["name"]: each.get("description", "") for each in parameters}
    for each in filters(MODELS[kind]).values():
        free = each.type == "text" and is_written(kind, each.column)
        assert ("finds nothing" in told[each.name]) == free, each.name
        assert not each.of or "in sight is refused" in told[each.name], each.name


def list_of(kind: str) -> str:
    return next(str(p) for p, o in DOCUMENT["paths"].items() if _is(o, f"{kind}.list"))


def _is(operations: dict[str, Any], name: str) -> bool:
    return bool(operations.get("get", {}).get("operationId") == name)


def test_every_column_of_few_values_is_of_a_closed_set_or_known_not_to_be() -> None:
    free = {"close_reason"}  # which people write
    for model in MODELS.values():
        coarse = {c.name for c in model.table.columns if c.info.get("coarse")}
        formed = {name for name, each in filters(model).items() if each.form}
        assert coarse - choices(model).keys() - formed <= free, model.name


def test_whatever_a_golden_history_has_come_to_is_in_the_closed_sets() -> None:
    rows = golden_rows()
    for model in read_models().values():
        mine = [row for row in rows if row[3].startswith(f"{model.aggregate}.")]
        for row in fold(model, {}, recorded(mine)).rows.values():
            for name, values in choices(model).items():
                had = row[name] if isinstance(row[name], list) else [row[name]]
                assert {*had} <= {None, *values}, (model.name, name)


@pytest.mark.parametrize("name", reports())
def test_a_report_is_filtered_only_by_what_there_can_be(client: httpx.Client, name: str) -> None:
    measure = reports()[name].measures[0].name
    for path, asked in (
        (f"/reports/{name}", measure),
        (f"/reports/{name}/records", measure),
        ("/statistics", f"{name}.{measure}"),
    ):
        for each in reports()[name].angles():
            refused(client, path, each.name, "2017Q2", measures=asked)
        refused(client, path, "to", "2026-01-31", measures=asked, **{"from": "2026-02-01"})


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
            **({"measures": "tickets"} if path.startswith("/statistics") else {}),
            **({"measures": "sales.won"} if path.startswith("/analyses") else {}),
            **({"compare": "previous"} if "moves" in path else {}),
            **{"from": "2026-02-01"},
        )


ASKED = (
    ("/events", "type", "nope"),
    ("/events", "aggregate", "nope"),
    ("/events", "stream", new_id()),
    ("/late-entries?valid_at=2026-01-01&since=1", "aggregate", "nope"),
    ("/late-entries?valid_at=2026-01-01", "since", "nope"),
    ("/events", "since", "nope"),
    ("/customers/{id}/history", "type", "nope"),
    ("/customers/{id}/history", "type", "opportunity.opened"),
    ("/customers/{id}/history", "actor", "ghost"),
    ("/customers/{id}/history", "field", "nope"),
    ("/operations", "unit", "nope"),
    ("/operations", "unit_under", "nope"),
    ("/operations", "command", "customer.nope"),
    ("/operations", "refusal", "nope"),
    ("/operations", "person", "ghost"),
    ("/operations", "actor", "ghost"),
    ("/operations", "target", new_id()),
    ("/operations", "target", "malformed"),
    ("/operations", "trace", "malformed"),
    ("/access/why?permission=customer.read", "unit", "nope"),
    ("/access/why", "permission", "nope"),
    ("/access/who?record={id}", "permission", "nope"),
    ("/access/who?record={id}", "on", "nope"),
    ("/me/todos", "kind", "nope"),
    ("/me/todos", "due_from", "nope"),
    ("/me/todos", "due_to", "nope"),
    ("/me/todos", "customer_id", new_id()),
    ("/me/todos", "employee", "ghost"),
    ("/me/todos", "due_from", "nope"),
    ("/me/todos?due_from=2026-01-01", "due_to", "nope"),
    ("/contacts", "phone", "nope"),
    ("/contacts", "email", "nope"),
    ("/contacts", "q", "李"),
    ("/contacts", "customer", new_id()),
    ("/contacts", "manager", "ghost"),
    ("/contacts", "birthday_from", "nope"),
    ("/contacts?birthday_from=12-28", "birthday_to", "nope"),
)
"""Parameters of logs, feeds and histories, each with a value that there cannot be."""

SHARED = {"as_of", "valid_at", "from", "to", "cursor", "sort", "fields", "by", "measures"} | {
    "expand",
    "changes_since",
}
"""Parameters that many reads have, checked by one piece of code."""

ONES = {("/access/seen", "record"), ("/access/who", "record"), ("/access/why", "record")} | {
    ("/access/why", "employee")
}
"""Parameters that name what the answer is about: where there is none, it is 404."""

FREE = {("/system-log", "event"), ("/system-log", "process"), ("/system-log", "text")}
"""Parameters whose values are in nobody's hands: what there is not finds nothing."""

PRICE = {("/products/{id}/price", each) for each in ("unit", "on", "plan", "attributes")}
"""Parameters of prices, which the tests of these check."""

ATTAINED = {("/service-agreements/{id}/attainment", "period")}
"""As the tests of what was attained check that one."""


def test_every_text_that_a_read_is_asked_by_is_refused_where_there_is_no_such() -> None:
    tried = {(path.partition("?")[0], parameter) for path, parameter, _ in ASKED}
    tried |= (
        ONES | FREE | PRICE | ATTAINED | {("/events", "ticket")}
    )  # which is 401: who asks is not known
    filtered = {list_of(kind) for kind in MODELS} | {f"/reports/{name}" for name in reports()}
    filtered |= {f"{list_of(kind)}/{step}" for kind, each in MODELS.items() for step in each.apart}
    filtered |= {"/statistics", *(f"/analyses/{name}" for name in ANALYSES)}
    for path, operations in DOCUMENT["paths"].items():
        read = path.removesuffix("/export")  # an export is asked for what its read is
        if "get" not in operations or read.removesuffix("/records") in filtered:
            continue  # their filters are enumerated above
        like = "/customers/{id}/history" if path.endswith("/history") else read
        like = "/events" if like == "/events/page" else like
        for each in operations["get"].get("parameters", ()):
            schema = str(each["schema"])
            closed = "'string'" not in schema or "'enum'" in schema or "'const'" in schema
            if each["in"] == "query" and not closed and each["name"] not in SHARED:
                assert (like, each["name"]) in tried, (path, each["name"])


def test_logs_feeds_and_histories_are_asked_only_for_what_there_is(client: httpx.Client) -> None:
    made = register(client)
    for path, parameter, value in ASKED:
        url = httpx.URL(path.replace("{id}", made["id"]))
        ways = [{"format": way} for way in choices_of(f"{url.path}/export", "format")] + [{}]
        for way in ways:
            refused(client, url.path, parameter, value, **way, **dict(url.params))
    for path, parameter in ONES:
        given = {"permission": "customer.read"} if path == "/access/why" else {}
        problem(client.get(path, params={parameter: "nope", **given}), 404, "unknown-id")


def test_what_is_so_stays_answered(client: httpx.Client) -> None:
    made = register(client, grade="C")
    at = {"min_position": made["position"]}
    for path, asked in (
        ("/customers", {"grade": "A,C", "unit": "group", "unit_under": "group"}),
        ("/customers", {"grade": "", "manager": ""}),
        ("/customers", {"id": made["id"], "currency": "EUR", "name": "Nobody of this name"}),
        ("/units", {"code": "group", "name": "Nobody of this name"}),
        ("/roles", {"permissions": "customer.regrade,*.read"}),
        ("/grants", {"given_by": "admin,system", "masked": "phone,email"}),
        ("/campaigns", {"units": "group", "opportunities": ""}),
        ("/opportunities", {"customer_id": made["id"]}),
        ("/reports/customers", {"by": "unit", "unit_under": "group", "grade": "C", "year": "1999"}),
        ("/operations", {"command": "customer.register", "actor": "admin", "unit": "group"}),
        ("/operations", {"command": "customer.list", "person": "admin"}),
        ("/operations", {"target": made["id"], "kind": "read", "format": "csv"}),
        ("/operations", {"trace": "0" * 32, "format": "ndjson"}),
        ("/events", {"type": "customer.registered", "stream": made["id"]}),
        (f"/customers/{made['id']}/history", {"type": "registered", "field": "contacts/x/phone"}),
    ):
        more = at if path not in ("/operations", "/events") else {}
        answer = client.get(path, params={**asked, **more})
        assert answer.status_code == 200, (path, answer.text)
