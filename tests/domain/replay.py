"""Golden histories: stored once, replayed by every build; and records shown as plain JSON."""

import json
from dataclasses import asdict, is_dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from domain.kernel.aggregate import Aggregate

GOLDEN = Path(__file__).parent / "golden"

Row = tuple[str, int, str, int, datetime, bytes | str]
"""A stored event: stream, version, type, schema, time, data."""


@cache
def goldens(kind: str) -> list[dict[str, Any]]:
    """Return the golden lives of a kind: `stream`, `events` and the `state` at their end.

    There are several where records end in ways that exclude one another.
    """
    file = GOLDEN / f"{kind}.json"
    write = f"python -m tests.domain.make_golden {kind}"
    assert file.exists(), f"There is no golden history of {kind}: write it by {write}"
    found: Any = json.loads(file.read_text(encoding="utf-8"))
    return found if isinstance(found, list) else [found]


def golden(kind: str) -> dict[str, Any]:
    """Return the first golden life of a kind."""
    return goldens(kind)[0]


def history(kind: str, life: int = 0) -> list[Row]:
    """Return the events of a golden life as the journal gives them back."""
    told = goldens(kind)[life]
    return [
        (
            told["stream"],
            event["version"],
            event["type"],
            event["schema"],
            datetime.fromisoformat(event["time"]),
            json.dumps(event["data"]),
        )
        for event in told["events"]
    ]


def shown(record: Aggregate) -> dict[str, Any]:
    """Return the state of a record as plain JSON values."""
    state = {name: value for name, value in vars(record).items() if not name.startswith("_")}
    plain: dict[str, Any] = as_json({"id": record.id, "version": record.version} | state)
    return plain


def as_json(value: Any) -> Any:
    """Return a value of a record as plain JSON."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return as_json(asdict(value))
    if isinstance(value, dict):
        return {_key(key): as_json(each) for key, each in value.items()}
    if isinstance(value, set):
        return sorted(map(as_json, value))
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    return value if value is None or isinstance(value, bool | int) else str(value)


def _key(key: Any) -> str:
    return " / ".join(key) if isinstance(key, tuple) else str(key)
