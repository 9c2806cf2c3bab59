"""Reports by day: what they count on a day, as known at a position, is the plain fold's."""

import random
from datetime import timedelta

import duckdb

from domain.kernel.aggregate import Recorded
from projections.kernel.history.fold_at import fold_at
from projections.kernel.read_model import Row, read_models
from projections.kernel.reports.periods import span_of
from projections.kernel.reports.report import run
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.warehouse.loader import Loader
from tests.projections.happenings import START, altered, golden_rows, recorded, told
from tests.volume import examples


def test_reports_count_what_was_true_on_a_day_by_what_was_known() -> None:
    chance = random.Random(7)
    names = ("customers", "opportunities", "service_tickets")
    rows = golden_rows()
    # The same records, told years ago, late: the order in which they hold is another.
    for index, row in enumerate(rows):
        event = recorded([row])[0]
        if "on" in event.data and chance.random() < 0.5:
            on = (START - timedelta(days=chance.randint(0, 400))).date()
            rows[index] = altered(row, data={**event.data, "on": on.isoformat()})
    by_stream: dict[str, list[Recorded]] = {}
    for event in recorded(rows):
        by_stream.setdefault(event.stream, []).append(event)
    with duckdb.connect() as connection:
        models = {name: read_models()[name] for name in names}
        loader = Loader(connection, models, told=told(rows))
        loader.create()
        loader.load(rows)
        counted = 0
        for _ in range(examples(12)):
            position = chance.randint(1, len(rows))
            day = (START - timedelta(days=chance.randint(-3, 400))).date()
            found: dict[str, list[Row]] = {name: [] for name in names}
            for name, model in models.items():
                for history in by_stream.values():
                    known = [each for each in history if each.position <= position]
                    if history[0].aggregate == model.aggregate:
                        held = fold_at(model, known, day)
                        found[name] += [] if held is None else [held]
            there = Standpoint(valid_at=day)

            def figure(report: str, measure: str, at: int, there: Standpoint = there) -> int:
                (figures,) = run(
                    connection, report, as_of=at, measures=[measure], standpoint=there
                ).rows()
                return int(figures[measure])

            assert figure("customers", "customers", position) == len(found["customers"])
            assert figure("tickets", "opened", position) == len(found["service_tickets"])
            spans = run(
                connection,
                "customer-base",
                ["month"],
                first=day - timedelta(days=99),
                last=day,
                as_of=position,
                measures=["customers"],
            )
            for each in spans.rows():
                last = min(span_of("month", each["month"])[1], day)
                folds = [
                    fold_at(models["customers"], [e for e in known if e.position <= position], last)
                    for known in by_stream.values()
                    if known[0].aggregate == "customer" and known[0].position <= position
                ]
                assert each["customers"] == sum(
                    held is not None and held["state"] != "merged" for held in folds
                )
                counted += each["customers"]
            still = [row for row in found["opportunities"] if row["status"] == "open"]
            assert figure("pipeline", "opportunities", position) == len(still)
        assert counted
