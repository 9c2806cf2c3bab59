"""Exact JSON: text read into values as it was written, or refused, and written from values."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import jiter
import orjson

from adapters.refusals import MalformedBody


def read(text: bytes) -> Any:
    """Return what a JSON text says: whole numbers as `int` of any size, others as `Decimal`.

    What readers of JSON understand in different ways is refused: a key twice in one object, `NaN`
    and infinities, half a surrogate pair, another encoding than UTF-8, a byte order mark, anything
    behind the end, nesting past 200. Raises `MalformedBody`.
    """
    try:
        return jiter.from_json(
            text, allow_inf_nan=False, catch_duplicate_keys=True, float_mode="decimal"
        )
    except ValueError as error:
        words = str(error).replace("Detected duplicate key", "An object has twice the key")
        if words.startswith("Internal"):  # an exponent that no number can have
            words = "A number is out of range."
        raise MalformedBody(words) from error


def rounded(number: Decimal) -> bool:
    """Tell whether a number becomes another one where numbers are read as doubles."""
    return Decimal(repr(float(number))) != number


def write(values: Any, number: Callable[[Decimal], Any], option: int | None = None) -> bytes:
    """Return values as JSON text; `number` says what stands for a decimal, `option` is orjson's.

    Raises `MalformedBody` where there is no text for a value, such as half a surrogate pair.
    """
    try:
        return orjson.dumps(values, number, option)
    except TypeError:  # perhaps a whole number of more than 64 bits
        try:
            return orjson.dumps(_in_fragments(values), number, option)
        except TypeError as error:
            raise MalformedBody(str(error)) from error


def as_written(number: object) -> orjson.Fragment:
    """Return what stands for a decimal as a JSON number with all of its digits."""
    if not isinstance(number, Decimal):
        raise TypeError(f"{type(number).__name__} is no value of JSON")
    return orjson.Fragment(str(number))


def _in_fragments(values: Any) -> Any:
    """Return values with the text of whole numbers that orjson does not write."""
    if isinstance(values, dict):
        return {key: _in_fragments(value) for key, value in values.items()}
    if isinstance(values, list):
        return [_in_fragments(value) for value in values]
    if isinstance(values, int) and not -(2**63) <= values < 2**64:
        return orjson.Fragment(str(values))
    return values
