"""Page schema: what the answer to a customer's page looks like, made of the rows that are on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from api.document.common_parts import REFS
from api.reads.row_schemas import reference, row_schemas
from projections.customers.customer_billing import Arrears, BilledProduct
from projections.customers.customer_page import columns_on_page, summed_up
from projections.customers.customers import customers
from projections.kernel.read_model import ReadModel
from projections.kernel.visibility.column_masks import MASKED
from projections.kernel.visibility.sealed_columns import SEALED

_COUNT = {"type": "integer"}
_SUMS = ("status", "currency", "amount", "weighted_amount")


def page_schema() -> dict[str, Any]:
    """Return the JSON schema of the answer."""
    lists = columns_on_page()
    sales, _ = lists["opportunities"]
    pipeline = _row(sales, _SUMS)
    pipeline["required"].append("count")
    pipeline["properties"]["count"] = _COUNT
    parts: dict[str, Any] = {
        "customer": reference(customers.title),
        "parent": {"anyOf": [_row(*lists["subsidiaries"]), {"type": "null"}]},
        **{name: {"type": "array", "items": _row(*each)} for name, each in lists.items()},
        "pipeline": {"type": "array", "items": pipeline},
        "counts": {"type": "object", "additionalProperties": _COUNT},
        "satisfaction": {"type": ["number", "null"], "description": "the mean of the scores"},
    }
    for name, of in (("billed", BilledProduct), ("arrears", Arrears)):
        one = TypeAdapter(of).json_schema(mode="serialization", ref_template=REFS)
        parts[name] = {"type": "array", "items": one}
    for summary in summed_up():
        parts[summary.name] = {"anyOf": [reference(summary.title), {"type": "null"}]}
    parts["position"] = {**_COUNT, "description": "all events up to here are in it"}
    return {"type": "object", "required": list(parts), "properties": parts}


def _row(model: ReadModel, columns: Iterable[str]) -> dict[str, Any]:
    """Return the schema of a row that has some columns alone."""
    whole = row_schemas(model)[model.title]["properties"]
    names = list(columns)
    beside = [name for name in (MASKED, SEALED, "names") if name in whole]
    properties = {name: whole[name] for name in (*names, *beside)}
    return {"type": "object", "required": names, "properties": properties}
