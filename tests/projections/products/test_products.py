"""The row of a product: who offers it, what it consists of, how it compares."""

from datetime import date
from typing import Any

from domain.kernel.time.replay import evolve
from domain.products.product import Product
from projections.products.products import products
from tests.domain.replay import goldens, history
from tests.projections.folding import row_after


def told(life: dict[str, Any], count: int) -> list[tuple[str, dict[str, Any]]]:
    """Return the first events of a life."""
    return [(e["type"].partition(".")[2], e["data"]) for e in life["events"][:count]]


def test_a_row_has_what_its_product_has_after_every_event() -> None:
    for place, life in enumerate(goldens("product")):
        for count in range(1, len(life["events"]) + 1):
            record = evolve(None, history("product", place)[:count])
            assert isinstance(record, Product)
            row = row_after(products, *told(life, count))
            assert (row["state"], row["offered_in"]) == (record.state, record.offered_in)
            kept = {name: row[name] for name in record.outline}
            assert kept == record.outline
            assert {each["product_id"] for each in row["components"]} == {*record.components}
            needed = {(each["kind"], each["per"]): each["quantity"] for each in row["resources"]}
            assert needed == {key: n.quantity for key, n in record.resources.items()}
            assert {each["measure"] for each in row["sla"]} == {*record.sla}
            rivals = {(each["competitor"], each["rival_product"]) for each in row["comparisons"]}
            assert rivals == {*record.compared}


def test_a_row_tells_when_the_product_was_planned_put_on_sale_and_withdrawn() -> None:
    plan = {"code": "dl", "name": "专线", "category": "专线", "unit": "group", "ends": "two"}
    row = row_after(
        products,
        ("planned", {**plan, "attributes": [], "bundle": False, "on": "2026-01-05"}),
        ("put-on-sale", {"offered_in": ["gd"], "on": "2026-03-01"}),
        ("withdrawn", {"reason": "Old", "successor_id": None, "on": "2026-05-01"}),
    )
    days = [row[name] for name in ("planned_on", "on_sale_on", "withdrawn_on")]
    assert days == [date(2026, 1, 5), date(2026, 3, 1), date(2026, 5, 1)]
    assert (row["state"], row["offered_in"], row["close_reason"]) == ("withdrawn", [], "Old")
