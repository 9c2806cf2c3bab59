"""Changes: what differs between two documents, and which of it breaks clients made of the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Surface = Mapping[str, Any]
"""What clients hold on to: `operations` by id; the fields of what is `sent` and `answered`."""

REQUIRED = "!"
"""What the type of a parameter or field ends with that has to be there, or always is."""

SUNSET = "x-sunset"
"""What says of an operation or a parameter the last day on which it is there."""

VALUES = "="
"""What the name of a field begins with where its values are told."""


class Change(NamedTuple):
    """What changed, in words, where, and whether clients of the former document break."""

    breaks: bool
    words: str
    place: str


def surface(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what clients of a document hold on to, without words and examples."""
    operations, sent, answered = {}, set[str](), set[str]()
    for path, methods in document["paths"].items():
        for method, each in methods.items():
            operations[each["operationId"]] = _operation(document, f"{method.upper()} {path}", each)
            sent |= set(_named(each.get("requestBody", {})))
            answered |= set(_named(_answers(document, each)))
    schemas = document["components"]["schemas"]
    return {
        "version": document["info"]["version"],
        "operations": operations,
        "sent": {name: _fields(schemas[name]) for name in sorted(_reached(schemas, sent))},
        "answered": {name: _fields(schemas[name]) for name in sorted(_reached(schemas, answered))},
    }


def changes(before: Surface, after: Surface) -> Iterator[Change]:
    """Yield what changed from one surface to another."""
    for id_, old, new in _pairs(before["operations"], after["operations"]):
        if old is None:
            yield Change(False, "new operations", f"`{id_}`")
        elif new is None:
            yield Change(True, "operations that are gone", f"`{id_}`")
        else:
            yield from _of_operation(id_, old, new, (before["answered"], after["answered"]))
    for sent in (True, False):
        where = "sent" if sent else "answered"
        for name, old, new in _pairs(before[where], after[where]):
            if old is not None and new is not None:
                yield from _of_fields(name, old, new, sent=sent)


def _of_operation(
    id_: str, old: Surface, new: Surface, answered: tuple[Surface, Surface]
) -> Iterator[Change]:
    if old["at"] != new["at"]:
        yield Change(True, f"`{old['at']}` is `{new['at']}`", f"`{id_}`")
    for name, former, type_ in _pairs(old["takes"], new["takes"]):
        yield from _given(f"the parameter `{name}`", former, type_, f"`{id_}`", "is not taken")
    for name, former, until in _pairs(old.get("goes", {}), new.get("goes", {})):
        if until is not None:
            what = f"the parameter `{name}`" if name else "the operation"
            yield Change(False, f"{what} is deprecated, and gone after {until}", f"`{id_}`")
        elif former is not None and name in new["takes"]:
            yield Change(False, f"`{name}` is not deprecated any more", f"`{id_}`")
    yield from _given("the body", old["body"], new["body"], f"`{id_}`", "is not taken")
    for name, former, type_ in _pairs(old["answers"], new["answers"]):
        if former is None:
            yield Change(False, f"answers {name}", f"`{id_}`")
        elif type_ is None:
            yield Change(True, f"{name} is not answered", f"`{id_}`")
        elif former not in (type_, ""):
            had, has = answered[0].get(former, {}), answered[1].get(type_, {})
            more = bool(had) and had.items() <= has.items()
            yield Change(not more, f"{name} was `{former}`, is `{type_}`", f"`{id_}`")


def _of_fields(name: str, old: Surface, new: Surface, *, sent: bool) -> Iterator[Change]:
    for field, former, type_ in _pairs(old, new):
        what, place = f"the field `{field}`", f"`{name}`"
        if field.startswith(VALUES):
            named = field.removeprefix(VALUES)
            if named and not (named in old and named in new):
                continue  # that the field is gone, or new, is said of itself
            yield from _of_values(field.removeprefix(VALUES), former, type_, place, sent=sent)
        elif sent:
            yield from _given(what, former, type_, place, "is not taken")
        elif former is None:
            yield Change(False, f"{what} is answered", place)
        elif type_ is None:
            yield Change(True, f"{what} is not answered", place)
        elif former.rstrip(REQUIRED) not in (type_.rstrip(REQUIRED), ""):
            yield Change(True, f"{what} was `{former}`, is `{type_}`", place)
        elif former.endswith(REQUIRED) and not type_.endswith(REQUIRED):
            yield Change(True, f"{what} is not always there", place)
        elif former != type_:
            yield Change(False, "fields that are described better", f"`{name}.{field}`")


def _of_values(
    field: str, former: str | None, values: str | None, place: str, *, sent: bool
) -> Iterator[Change]:
    """Yield what changed of the values of a field, or of a schema without fields."""
    of = f" of the field `{field}`" if field else ""
    if former is None or values is None:
        closed = former is None
        yield Change(sent is closed, f"the values{of} are {'few' if closed else 'any'}", place)
        return
    old, new = former.split(), values.split()
    for value in (each for each in old if each not in new):
        yield Change(sent, f"`{value}` is not among the values{of}", place)
    for value in (each for each in new if each not in old):
        yield Change(not sent, f"`{value}` is among the values{of}", place)


def _given(
    what: str, former: str | None, type_: str | None, place: str, gone: str
) -> Iterator[Change]:
    """Yield what changed of something that clients send."""
    if former == type_:
        return
    if type_ is None:
        yield Change(True, f"{what} {gone}", place)
    elif former is None:
        needed = type_.endswith(REQUIRED)
        yield Change(needed, f"{what} {'has to be sent' if needed else 'is taken'}", place)
    elif former.rstrip(REQUIRED) != type_.rstrip(REQUIRED):
        yield Change(True, f"{what} was `{former}`, is `{type_}`", place)
    else:
        needed = type_.endswith(REQUIRED)
        yield Change(needed, f"{what} {'has' if needed else 'does not have'} to be sent", place)


def _pairs(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield name, old.get(name), new.get(name)


def _operation(document: Mapping[str, Any], at: str, told: Mapping[str, Any]) -> dict[str, Any]:
    parameters = [_resolved(document, each) for each in told.get("parameters", ())]
    takes = {
        one["name"]: _type(one["schema"]) + REQUIRED * bool(one.get("required"))
        for one in parameters
    }
    body = told.get("requestBody", {})
    types = [_type(each["schema"]) for each in body.get("content", {}).values()]
    answers = {
        f"{status} as {media_type}": _type(each.get("schema", {}))
        for status, answer in _answers(document, told).items()
        for media_type, each in answer.get("content", {}).items()
    }
    found = {"at": at, "takes": takes, "body": types[0] if types else None, "answers": answers}
    gone = {one["name"]: one[SUNSET] for one in parameters if SUNSET in one}
    gone |= {"": told[SUNSET]} if SUNSET in told else {}
    return found | ({"goes": gone} if gone else {})


def _answers(document: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an operation answers when all is well, by status."""
    return {
        status: _resolved(document, each)
        for status, each in operation["responses"].items()
        if status < "4"
    }


def _resolved(document: Mapping[str, Any], each: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in each:
        return each
    _, _, kind, name = each["$ref"].split("/")
    found: Mapping[str, Any] = document["components"][kind][name]
    return found


def _fields(schema: Mapping[str, Any]) -> dict[str, str]:
    """Return the types of the fields of a schema, and its values and those of its fields."""
    required = schema.get("required", ())
    found = {
        name: _type(each) + REQUIRED * (name in required)
        for name, each in schema.get("properties", {}).items()
    }
    for name, each in [("", schema), *schema.get("properties", {}).items()]:
        if values := [str(value) for value in each.get("enum", ()) if value is not None]:
            found[VALUES + name] = " ".join(values)
    return found


def _type(schema: Mapping[str, Any]) -> str:
    """Return a type in short: without its form, as a form is for people to keep."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for name in ("anyOf", "oneOf", "allOf"):
        if name in schema:
            return ("&" if name == "allOf" else "|").join(sorted(map(_type, schema[name])))
    types = schema.get("type", "")
    items = f"[{_type(schema['items'])}]" if "items" in schema else "[]"
    named = sorted(types) if isinstance(types, list) else [types]
    return "|".join(items if each == "array" else str(each) for each in named)


def _named(told: Any) -> Iterator[str]:
    """Yield the names of the schemas to which something refers."""
    if isinstance(told, Mapping):
        if "$ref" in told:
            yield told["$ref"].rpartition("/")[2]
        for each in told.values():
            yield from _named(each)
    elif isinstance(told, list):
        for each in told:
            yield from _named(each)


def _reached(schemas: Mapping[str, Any], names: set[str]) -> set[str]:
    """Return schemas and those to which they refer."""
    found, new = set[str](), names & schemas.keys()
    while new:
        found |= new
        new = ({name for each in new for name in _named(schemas[each])} & schemas.keys()) - found
    return found
