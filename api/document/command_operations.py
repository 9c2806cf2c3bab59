"""Command operations: what the document says of commands, drawn from the domain."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from adapters.refusals import HistoryFull
from api.commands.additions import additions
from api.commands.batch import Line
from api.commands.generated_parameters import issuers
from api.document.common_parts import ID, IDEMPOTENCY_KEY, REFS, SCHEMAS, headers, refused
from api.document.plain_schemas import make_plain, within, without_defaults
from domain.kernel.commands import Command, commands
from domain.kernel.rule import kebab

_SEEN = 'the version that you have seen, as in "3", or the ETag of what you read, as it came'
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": _SEEN,
    "schema": {"type": "string"},
}
_PARAMETER = {"name": "id", "in": "path", "required": True, "schema": ID}

_PART = ID | {"description": "of what was added to the record"}

TAG, MANY = "commands", "Many commands in one request."


def body_of(command: Command) -> str:
    """Return what the schema of a command's body is called."""
    return command.body.__name__


def body_schema(command: Command) -> dict[str, Any]:
    """Return the schema of a command's body by itself, those that it refers to in `$defs`."""
    schema = command.body.model_json_schema()
    for each in (schema, *schema.get("$defs", {}).values()):
        without_defaults(each)
        for inner in within(each):
            make_plain(inner)
    return schema


def done_of(command: Command) -> str:
    """Return what the schema of the answer to a command is called."""
    return f"{body_of(command)}Done" if command.adds or _added(command) else "Done"


def _added(command: Command) -> list[Any]:
    """Return the types of what the answer says beside id, version and position."""
    found = [additions[command.name].shape] if command.name in additions else []
    return found + ([issuers[command.name].shape] if command.name in issuers else [])


def answers(ref_template: str) -> dict[str, Any]:
    """Return the schemas of the answers that say more than others, with those that they need."""
    found: dict[str, Any] = {}
    for command in commands().values():
        done = SCHEMAS["Done"]
        properties, required = dict(done["properties"]), list(done["required"])
        for shape in _added(command):
            schema = TypeAdapter(shape).json_schema(ref_template=ref_template)
            found |= schema.get("$defs", {})
            properties |= schema["properties"]
            required += schema.get("required", [])
        properties |= dict.fromkeys(command.adds, _PART)
        required += command.adds
        found[done_of(command)] = done | {"properties": properties, "required": required}
    return found


def operation(command: Command) -> tuple[str, dict[str, Any]]:
    """Return the path of a command and what the document says of it."""
    path = f"/{command.aggregate.plural}"
    parameters: list[dict[str, Any]] = [IDEMPOTENCY_KEY]
    statuses = [503]
    if not command.creates:
        path += f"/{{id}}/{command.verb}"
        parameters += [_PARAMETER, _IF_MATCH]
        statuses += [404, 412]
    rules = [rule.rule() for rule in command.rules]
    if not command.creates:
        rules.append(kebab(HistoryFull.__name__))
    answered = refused(*statuses, *([409] if rules else [])) | _answered(command)
    body = {"schema": {"$ref": REFS.format(model=body_of(command))}}
    summary, _, rest = command.doc.partition("\n")
    told = f"Rules that may forbid it: {', '.join(f'`{each}`' for each in rules)}."
    words = [each for each in (rest.strip(), told * bool(rules)) if each]
    return path, {
        "tags": [command.aggregate.plural],
        "summary": summary,
        **({"description": "\n\n".join(words)} if words else {}),
        "operationId": command.name,
        "parameters": parameters,
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": dict(sorted(answered.items())),
    }


def _answered(command: Command) -> dict[str, Any]:
    status, name = ("201" if command.creates else "200"), done_of(command)
    if name == "Done":
        return {status: {"$ref": f"#/components/responses/{'Begun' * command.creates or 'Done'}"}}
    return {status: _done(name, creates=command.creates)}


def _done(schema: str, *, creates: bool) -> dict[str, Any]:
    names = ["ETag", "Idempotency-Replayed", *(["Location"] if creates else [])]
    content = {"application/json": {"schema": {"$ref": REFS.format(model=schema)}}}
    return {"description": "Done.", "headers": headers(*names), "content": content}


def responses() -> dict[str, Any]:
    """Return the answers to which commands refer."""
    return {"Done": _done("Done", creates=False), "Begun": _done("Done", creates=True)}


def many() -> dict[str, Any]:
    """Return what the document says of many commands in one request."""
    given = {"type": "array", "items": {"$ref": REFS.format(model=Line.__name__)}}
    results = {"type": "array", "items": {"$ref": REFS.format(model="Result")}}
    return {
        "tags": [TAG],
        "summary": "Many commands",
        "description": "A list of commands, and of what became of each, in the same order; what is "
        "wrong with one does not keep the others from being done. The list is of the size of one "
        "body at most. As `application/x-ndjson` it is without end, one JSON object a line, in and "
        "out: read results while you send; those that you do not take are kept up to a limit, then "
        "your lines wait. Who takes none while lines wait is let go; what was done is told when "
        "they are sent again with their keys.",
        "operationId": "commands",
        "requestBody": {"required": True, "content": {"application/json": {"schema": given}}},
        "responses": {
            "200": {
                "description": "What became of each.",
                "headers": headers(),
                "content": {"application/json": {"schema": results}},
            },
            **refused(503),
        },
    }
