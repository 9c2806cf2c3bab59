"""To-dos about contracts: what is to be decided before they end, and what is to be paid for."""

from __future__ import annotations

from domain.sales.contract_course import RUNNING
from domain.sales.contract_payments import PAYABLE
from projections.kernel.todo import Todo

AHEAD, LAST = 90, 30
"""How many days ahead it is to be decided whether a contract goes on, and by when somebody above
its manager sees to that."""

_RUNNING = ",".join(RUNNING)
_UNDECIDED = {"status": _RUNNING, "renewal": "none,manual", "cut_on": ""}
"""Of these nobody has said yet how they end, and they do not go on by themselves."""

CONTRACT_TODOS = (
    Todo(
        command="contract.renew",
        text="Renew the contract {title}, or let it end",
        when=_UNDECIDED,
        who="manager",
        since="signed_on",
        due="last_day",
        ahead=AHEAD,
    ),
    Todo(
        command="contract.renew",
        text="See to it that the contract {title} is renewed, or let it end",
        when=_UNDECIDED,
        at="unit",
        since="signed_on",
        due="last_day",
        ahead=LAST,
    ),
    Todo(
        command="contract.give-notice",
        text="Decide whether to give notice of the contract {title}",
        when={"status": _RUNNING},
        who="manager",
        since="signed_on",
        due="notice_day",
        ahead=AHEAD,
        lapses=True,
    ),
    Todo(
        command="contract.terminate",
        text="Decide how the contract {title} ends, as the file of its customer was closed",
        when={"status": _RUNNING, "cut_on": ""},
        who="manager",
        since="customer_closed_on",
        due="customer_closed_on",
    ),
    Todo(
        command="contract.record-payment",
        text="Have a payment for the contract {title} made",
        when={"status": ",".join(PAYABLE[:-1])},
        who="manager",
        since="signed_on",
        due="payment_due_on",
        ahead=0,
    ),
)
"""They go by the days of a contract, not by what was noted of these: they are right at any moment
that is asked for."""
