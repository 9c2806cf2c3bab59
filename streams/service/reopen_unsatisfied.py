"""Policy: a ticket whose customer is not satisfied when it is called back is reopened."""

from __future__ import annotations

from collections.abc import Iterator

from domain.kernel.aggregate import Recorded
from streams.kernel.policy import Facts, Wish, policy


@policy(on=["service-ticket.follow-up-recorded"])
def reopen_unsatisfied(event: Recorded, _: Facts) -> Iterator[Wish]:
    """Reopen it at the moment of the call."""
    if event.data["satisfied"] is False:
        told = {"reason": "The customer is not satisfied.", "at": event.data["at"]}
        yield Wish("service-ticket.reopen", event.stream, told)
