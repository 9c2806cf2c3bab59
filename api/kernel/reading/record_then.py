"""One record as of the moment that a read asks for, which most reads about a record begin with."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from adapters.refusals import UnknownId
from api.kernel.access.visibility import Seeing
from api.kernel.process import Parts
from api.kernel.reading.as_of import When
from api.kernel.reading.as_of_reads import Then, pinned, row_then
from api.kernel.reading.position_waiter import Pulse
from api.kernel.reading.read_parameters import reach
from projections.kernel.read_model import ReadModel, Row


async def record_then(
    parts: Parts, see: Seeing, model: ReadModel, id: str, when: When, pulse: Pulse, least: int
) -> tuple[Row, Then]:
    """Return the row of a record as of a moment, and that moment.

    Args:
        parts: The parts of this process.
        see: Who reads.
        model: What the record is one of.
        id: The record.
        when: The moment that is asked for.
        pulse: What has to have reached the position `least` first: rows, or the warehouse.
        least: The position.

    Raises `NotPermitted`, `NotYet`, and `UnknownId` for one that was not there, or not in sight.
    """
    sight = see.need(f"{model.aggregate}.read")
    await reach(pulse, least)
    then = await run_in_threadpool(pinned, parts, when)
    row = await see.ask(row_then, parts, model, id, then, sight)
    if row is None:
        raise UnknownId(f"There is no {model.aggregate} {id!r}{' then' * (not when.now)}.")
    return row, then
