"""Changes: what differs between two documents is told, and whether clients break by it."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from api.document.changes import Change, changes, surface

Document = dict[str, Any]

BASE: Document = {
    "info": {"version": "1.0.0"},
    "paths": {
        "/things": {
            "post": {
                "operationId": "thing.make",
                "parameters": [
                    {"name": "a", "in": "query", "schema": {"type": "string"}},
                    {"$ref": "#/components/parameters/B"},
                ],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/x/Sent"}}},
                },
                "responses": {"200": {"$ref": "#/components/responses/Ok"}, "422": {}},
            }
        }
    },
    "components": {
        "parameters": {"B": {"name": "b", "required": True, "schema": {"type": "integer"}}},
        "responses": {"Ok": {"content": {"application/json": {"schema": {"$ref": "#/x/Told"}}}}},
        "schemas": {
            "Sent": {
                "required": ["one"],
                "properties": {
                    "one": {"type": "string"},
                    "two": {"type": "integer"},
                    "kind": {"$ref": "#/x/Kind"},
                },
            },
            "Kind": {"type": "string", "enum": ["a", "b"]},
            "Told": {
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "description": "said"},
                    "state": {"type": ["string", "null"], "enum": ["on", "off", None]},
                    "any": {},
                    "some": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}


def goes(each: Document) -> None:
    each |= {"deprecated": True, "x-sunset": "2027-05-31"}


def told_more(document: Document, **fields: Any) -> None:
    more = copy.deepcopy(schema(document, "Told"))
    more["properties"] |= fields
    document["components"]["schemas"]["ToldMore"] = more
    answer = document["components"]["responses"]["Ok"]["content"]["application/json"]
    answer["schema"] = {"$ref": "#/x/ToldMore"}


def operation(document: Document) -> Document:
    found: Document = document["paths"]["/things"]["post"]
    return found


def schema(document: Document, name: str) -> Document:
    found: Document = document["components"]["schemas"][name]
    return found


def moved(d: Document) -> None:
    d["paths"]["/objects"] = d["paths"].pop("/things")


def added(d: Document) -> None:
    other = {**operation(d), "operationId": "thing.unmake"}
    d["paths"]["/more"] = {"get": other}


def text_body(d: Document) -> None:
    operation(d)["requestBody"]["content"] = {"text/csv": {"schema": {"type": "string"}}}


def answered_as(media_type: str) -> Callable[[Document], None]:
    def change(d: Document) -> None:
        content = d["components"]["responses"]["Ok"]["content"]
        content[media_type] = content["application/json"]

    return change


def parameter(**said: Any) -> Callable[[Document], None]:
    def change(d: Document) -> None:
        operation(d)["parameters"].append({"name": "c", "schema": {"type": "string"}, **said})

    return change


def properties(name: str, **fields: Any) -> Callable[[Document], None]:
    def change(d: Document) -> None:
        known = schema(d, name)["properties"]
        known |= fields
        schema(d, name)["properties"] = {k: v for k, v in known.items() if v is not None}

    return change


def required(name: str, *fields: str) -> Callable[[Document], None]:
    return lambda d: schema(d, name).update(required=[*fields])


def values(*some: str) -> Callable[[Document], None]:
    return lambda d: schema(d, "Kind").update(enum=[*some])


TEXT = {"type": "string"}
CASES: list[tuple[Callable[[Document], Any], bool, str]] = [
    (lambda d: d["paths"].clear(), True, "operations that are gone"),
    (added, False, "new operations"),
    (moved, True, "`POST /things` is `POST /objects`"),
    (lambda d: operation(d)["parameters"].pop(0), True, "the parameter `a` is not taken"),
    (parameter(), False, "the parameter `c` is taken"),
    (lambda d: goes(operation(d)), False, "the operation is deprecated, and gone after 2027-05-31"),
    (
        lambda d: goes(operation(d)["parameters"][0]),
        False,
        "the parameter `a` is deprecated, and gone after 2027-05-31",
    ),
    (parameter(required=True), True, "the parameter `c` has to be sent"),
    (
        lambda d: d["components"]["parameters"]["B"].update(schema=TEXT),
        True,
        "the parameter `b` was `integer!`, is `string!`",
    ),
    (
        lambda d: d["components"]["parameters"]["B"].update(required=False),
        False,
        "the parameter `b` does not have to be sent",
    ),
    (
        lambda d: told_more(d, part={"type": "string"}),
        False,
        "200 as application/json was `Told`, is `ToldMore`",
    ),
    (
        lambda d: told_more(d, id={"type": "integer"}),
        True,
        "200 as application/json was `Told`, is `ToldMore`",
    ),
    (text_body, True, "the body was `Sent`, is `string`"),
    (lambda d: operation(d).pop("requestBody"), True, "the body is not taken"),
    (answered_as("text/csv"), False, "answers 200 as text/csv"),
    (
        lambda d: operation(d)["responses"].pop("200"),
        True,
        "200 as application/json is not answered",
    ),
    (properties("Sent", two=None), True, "the field `two` is not taken"),
    (properties("Sent", three=TEXT), False, "the field `three` is taken"),
    (required("Sent", "one", "two"), True, "the field `two` has to be sent"),
    (required("Sent"), False, "the field `one` does not have to be sent"),
    (properties("Sent", two=TEXT), True, "the field `two` was `integer`, is `string`"),
    (values("a"), True, "`b` is not among the values"),
    (values("a", "b", "c"), False, "`c` is among the values"),
    (properties("Told", state=None), True, "the field `state` is not answered"),
    (properties("Told", more=TEXT), False, "the field `more` is answered"),
    (required("Told"), True, "the field `id` is not always there"),
    (required("Told", "id", "state"), False, "fields that are described better"),
    (
        properties("Told", id={"type": "integer"}),
        True,
        "the field `id` was `string!`, is `integer!`",
    ),
    (properties("Told", any=TEXT), False, "fields that are described better"),
    (
        properties("Told", some={"type": "array", "items": {"type": "integer"}}),
        True,
        "the field `some` was `[string]`, is `[integer]`",
    ),
    (
        lambda d: schema(d, "Told")["properties"]["state"].update(enum=["on", None]),
        False,
        "`off` is not among the values of the field `state`",
    ),
    (
        lambda d: schema(d, "Told")["properties"]["state"].update(enum=["on", "off", "new", None]),
        True,
        "`new` is among the values of the field `state`",
    ),
    (
        lambda d: schema(d, "Told")["properties"]["state"].pop("enum"),
        True,
        "the values of the field `state` are any",
    ),
]


@pytest.mark.parametrize(("change", "breaks", "words"), CASES, ids=[case[2] for case in CASES])
def test_each_kind_of_change_is_told(
    change: Callable[[Document], Any], breaks: bool, words: str
) -> None:
    after = copy.deepcopy(BASE)
    change(after)
    found = [(each.breaks, each.words) for each in changes(surface(BASE), surface(after))]
    assert found == [(breaks, words)]


def test_words_and_examples_are_no_change() -> None:
    after = copy.deepcopy(BASE)
    schema(after, "Told")["properties"]["id"] |= {"description": "else", "examples": ["x"]}
    assert list(changes(surface(BASE), surface(after))) == list[Change]()
