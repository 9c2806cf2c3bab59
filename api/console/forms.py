"""Forms: every command, made of its signature; a refusal is told in its words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from api.console.session import form_of, require_own
from api.console.sheets import Sheet
from api.console.view import HOME, View, model_of, page_at
from api.document.command_operations import body_schema
from api.kernel.problems import NotFound
from domain.kernel.aggregate import new_id
from domain.kernel.chinese import in_words
from domain.kernel.commands import Command
from domain.kernel.commands import commands as all_commands
from projections.kernel.listed import Listed
from projections.kernel.read_model import Row

router = APIRouter(include_in_schema=False)


class Field(NamedTuple):
    """A field of a form: how it is entered, and what it may be."""

    name: str
    title: str
    kind: str
    """`text`, `number`, `date`, `choice`, `flag`, `area` or `json`."""
    required: bool
    choices: list[tuple[str, str]]
    """Values, and what they are called."""
    hint: str


class Form(NamedTuple):
    """A command as a form."""

    verb: str
    title: str
    about: str
    fields: list[Field]

    @classmethod
    def of(cls, view: View, model: Listed, command: Command, fields: list[Field]) -> Form:
        """Return a form of a command."""
        words, verb = view.words, command.verb
        title = words.told(model.kind, verb, "command", in_words(verb).capitalize())
        return cls(verb, title, words.told(model.kind, command.doc.partition("\n")[0]), fields)


def commands(view: View, model: Listed, held: set[str], row: Row) -> list[Form]:
    """Return the commands that whoever looks may give to a record in its state, without fields."""
    return [
        Form.of(view, model, each, [])
        for each in sorted(_commands(model), key=lambda each: each.verb)
        if not each.creates and each.name in held and not _refused(each, row)
    ]


def _commands(model: Listed) -> list[Command]:
    return [each for each in all_commands().values() if each.aggregate.kind == model.kind]


def _refused(known: Command, row: Row) -> bool:
    """Tell whether a command is refused to a record in its state, whatever else there is of it."""
    states = known.aggregate.states
    state = row.get(states.attribute) if states else None
    return bool(states and state is not None and known.refusal(states.own(state)))


def opening(model: Listed, held: set[str]) -> bool:
    """Tell whether whoever looks may make a new record."""
    return any(each.creates and each.name in held for each in _commands(model))


@page_at(router, f"{HOME}/new/{{plural}}", "GET", "POST")
async def new(view: View) -> Response:
    """Make a record by a form."""
    model = model_of(view)
    return await _answer(view, model, None, None)


@page_at(router, f"{HOME}/{{plural}}/{{id}}/{{verb}}", "GET", "POST")
async def command(view: View) -> Response:
    """Give a command to a record by a form."""
    model, given = model_of(view), view.request.path_params
    row = await view.get(f"/{model.plural}/{given['id']}", now=True)
    return await _answer(view, model, given["verb"], row)


async def _answer(
    view: View, model: Listed, verb: str | None, row: dict[str, Any] | None
) -> Response:
    """Show a form, or give the command and go where it leads; without a verb that which makes."""
    form = _form(view, model, verb)
    entered: Mapping[str, str] = {"key": new_id()}
    problem: Any = None
    status = 200
    if view.request.method == "POST":
        entered = await form_of(view.request)
        require_own(view.request, entered.get("mark", ""))
        body, problem = _body(form, entered)
        if problem is None:
            headers = {"idempotency-key": entered.get("key", "")}
            if entered.get("version"):
                headers["if-match"] = f'"{entered["version"]}"'
            target = f"/{model.plural}/{row['id']}/{verb}" if row else f"/{model.plural}"
            found = await view.visitor.give(target, body, headers)
            if found.status in (200, 201):
                return await _done(view, model, found.content)
            problem, status = found.content or {}, found.status
        else:
            status = 422
    return await view.show(
        "form.html",
        status,
        title=form.title,
        form=form,
        sheet=Sheet.of(model, view.words),
        row=row,
        entered=entered,
        problem=problem and view.words.problem(problem, model.kind),
    )


async def _done(view: View, model: Listed, content: Mapping[str, Any]) -> Response:
    address = f"{HOME}/{model.plural}/{content['id']}?min_position={content['position']}"
    if content.get("similar"):
        title, similar = Sheet.of(model, view.words).title, content["similar"]
        return await view.show(
            "similar.html", title=title, following=address, similar=similar, model=model
        )
    return RedirectResponse(address, 303)


def _form(view: View, model: Listed, verb: str | None) -> Form:
    known = {None if each.creates else each.verb: each for each in _commands(model)}
    if (found := known.get(verb)) is None:
        raise NotFound("There is no such command.")
    schema = body_schema(found)
    parts, required = schema.get("$defs", {}), set(schema.get("required", ()))
    fields = [
        _field(view, model, name, _resolved(parts, spec), name in required)
        for name, spec in schema.get("properties", {}).items()
    ]
    fields.sort(key=lambda each: not each.required)
    form = Form.of(view, model, found, fields)
    called = {each.name: f"“{each.title}”" for each in fields}
    named = re.sub(" ?`(.+?)` ?", lambda it: called.get(it[1], it[0]), form.about)
    return form._replace(about=named) if view.words.language == "zh" else form


def _field(view: View, model: Listed, name: str, spec: dict[str, Any], required: bool) -> Field:
    kinds = spec.get("type", "string")
    type_ = next((k for k in ([kinds] if isinstance(kinds, str) else kinds) if k != "null"), "")
    words, sheet = view.words, Sheet.of(model, view.words)
    choices = [(str(it), sheet.worded(name, str(it))) for it in spec.get("enum", ()) if it]
    kind = {"integer": "number", "number": "number"}.get(type_, "text")
    if type_ == "boolean":
        kind, choices = "flag", [("true", words("yes")), ("false", words("no"))]
    elif type_ in ("array", "object"):
        kind = "json"
    elif choices:
        kind = "choice"
    elif spec.get("format") == "date":
        kind = "date"
    elif spec.get("maxLength", 0) > 1000:
        kind = "area"
    about = words.told(model.kind, spec.get("description", ""))
    if usual := re.fullmatch("by default `(.+)`", about):
        about = f"{words('by default')} {sheet.worded(name, usual[1])}"
    told = [about, *map(str, spec.get("examples", ())[:1])]
    return Field(
        name,
        words.field(model, name),
        kind,
        required,
        choices,
        " · ".join(each for each in told if each),
    )


def _resolved(parts: Mapping[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """Return a schema itself: not its reference, and not that it may be nothing."""
    for each in spec.get("anyOf", ()):
        if each.get("type") != "null":
            return _resolved(parts, {**each, **{k: spec[k] for k in spec if k != "anyOf"}})
    if "$ref" in spec:
        name = spec["$ref"].rpartition("/")[2]
        return {**_resolved(parts, parts[name]), **_beside(spec)}
    return spec


def _beside(spec: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if name not in ("$ref", "anyOf")}


def _body(form: Form, entered: Mapping[str, str]) -> tuple[dict[str, Any], Any]:
    """Return the body of the command, or what is wrong with what was entered."""
    body, errors = dict[str, Any](), list[dict[str, str]]()
    for each in form.fields:
        text = entered.get(each.name, "").strip()
        if each.kind == "flag":
            if text:
                body[each.name] = text == "true"
        elif text:
            try:
                body[each.name] = _value(each.kind, text)
            except ValueError:
                errors.append({"pointer": f"/{each.name}", "detail": f"{text[:100]!r}?"})
    problem = {"title": "", "detail": "", "errors": errors} if errors else None
    return body, problem


def _value(kind: str, text: str) -> Any:
    return orjson.loads(text) if kind in ("json", "number") else text
