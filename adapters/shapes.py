"""Shapes: the JSON of a command, read into its arguments or refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from pydantic import ValidationError

from adapters.refusals import InvalidBody, MalformedBody, Refusal
from domain.commands import Command


def arguments_in(command: Command, body: bytes | Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that a body states, JSON text or plain values. Raises a `Refusal`."""
    text = body if isinstance(body, bytes) else orjson.dumps(body)
    try:
        return dict(command.body.model_validate_json(text or b"{}"))
    except ValidationError as error:
        raise unfit(error) from error
    except UnicodeDecodeError as error:
        raise MalformedBody("The body is not UTF-8.") from error


def unfit(error: ValidationError) -> Refusal:
    """Return the refusal of JSON that does not have the shape it must have."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    if faults[0]["type"] == "json_invalid":
        return MalformedBody(faults[0]["msg"])
    return InvalidBody(
        "; ".join(f"{_pointer(f['loc'])}: {f['msg']}" for f in faults[:5]),
        [{"pointer": _pointer(f["loc"]), "detail": f["msg"]} for f in faults[:100]],
    )


def _pointer(location: Iterable[int | str]) -> str:
    """Return a place in a JSON document as RFC 6901 writes it."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in location)
