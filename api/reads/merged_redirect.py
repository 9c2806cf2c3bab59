"""Moved records: what was merged into another answers with the way there, and with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response

from api.kernel.problems import BASE, MEDIA_TYPE
from api.kernel.reading.read_parameters import json_response

MERGED = "merged"
"""The column that tells of a merge: into which record, by which merge, by whom, when and why."""

STATUS = 307
"""A temporary redirect: nobody may remember it, since a merge can be undone."""

MOVED: Mapping[int | str, dict[str, Any]] = {
    STATUS: {
        "description": "It was merged into another record: `Location` leads there.",
        "headers": {"Location": {"schema": {"type": "string"}}},
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
"""The answer as the document describes it."""


def moved(request: Request, row: Mapping[str, Any]) -> Response | None:
    """Return the answer for a record that was merged into another, `None` for any other one."""
    told = row.get(MERGED)
    if not told:
        return None
    path = request.url.path.replace(row["id"], told["into"])
    location = f"{path}?{request.url.query}" if request.url.query else path
    content = {
        "type": f"{BASE}record-merged",
        "title": "It was merged into another",
        "status": STATUS,
        "detail": f"It is {told['into']} since {told['at']}: {told['reason']}",
        "id": row["id"],
        "survivor_id": told["into"],
        "merge": f"/customer-merges/{told['merge_id']}",
        **{name: told[name] for name in ("merge_id", "at", "by", "by_kind", "reason")},
    }
    answer = json_response(content, {"Location": location, "Content-Type": MEDIA_TYPE})
    answer.status_code = STATUS
    return answer
