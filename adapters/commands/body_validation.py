"""Shapes: the JSON of a command, read into its arguments or refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from adapters.commands.exact_json import as_written, read, rounded, write
from adapters.refusals import InvalidBody, Refusal
from domain.kernel.commands import Command

MOST_FAULTS = 1000
"""Faults of a document past which they are only counted."""

LONGEST_STEP = 100
"""Characters of a name in a document that a refusal repeats: the client may have made it long."""


def values_in(body: bytes | Mapping[str, Any]) -> Any:
    """Return what a body says, JSON text or plain values already. Raises `MalformedBody`."""
    return read(body or b"{}") if isinstance(body, bytes) else body


def arguments_in(command: Command, values: Any) -> dict[str, Any]:
    """Return the arguments that a body states, given as `values_in` does. Raises a `Refusal`.

    Whichever way a command comes, it is validated here, as the same text.
    """
    precise: list[Decimal] = []

    def probe(number: object) -> Any:
        if not isinstance(number, Decimal) or not rounded(number):
            return as_written(number)
        precise.append(number)
        return 0.5

    try:
        # The validator reads numbers as doubles. Where one would be rounded, another that is not
        # tells whether a number is meant there at all; then it goes in as an amount does: as text.
        arguments = command.body.model_validate_json(write(values, probe))
        if precise:
            arguments = command.body.model_validate_json(write(values, _text))
    except ValidationError as error:
        raise unfit(error) from error
    return dict(vars(arguments))  # iterating over the model takes 40 times as long


def _text(number: Decimal) -> str:
    """Return a number in digits, but one that is far out of range as it was written."""
    return f"{number:f}" if abs(number.adjusted()) < 40 else str(number)


def unfit(error: ValidationError) -> Refusal:
    """Return the refusal of JSON that does not have the shape it must have."""
    if error.error_count() > MOST_FAULTS:  # to list them would take longer than to find them
        return InvalidBody(f"It does not fit in {error.error_count():,} places.")
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return InvalidBody(
        "; ".join(f"{_pointer(f['loc'])}: {f['msg']}" for f in faults[:5]),
        [{"pointer": _pointer(f["loc"]), "detail": f["msg"]} for f in faults[:100]],
    )


def _pointer(location: Iterable[int | str]) -> str:
    """Return a place in a JSON document as RFC 6901 writes it."""
    steps = (str(step)[:LONGEST_STEP] for step in location)
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)
