"""Ten calls of a client that openapi-python-client made: `python ten_calls.py ADDRESS KEY`."""

import sys

from keyline_client import AuthenticatedClient
from keyline_client.api.commands import commands
from keyline_client.api.customers import (
    customer_export,
    customer_history,
    customer_list,
    customer_read,
    customer_register,
    customer_regrade,
)
from keyline_client.api.events import event_list
from keyline_client.api.reports import reports_customers
from keyline_client.models import (
    Customer,
    CustomerExportFormat,
    CustomerPage,
    CustomerRegister,
    CustomerRegisterDone,
    CustomerRegrade,
    Done,
    EventPage,
    Figures,
    Grade,
    History,
    Line,
    LineBody,
    Problem,
)

address, key = sys.argv[1:]
client = AuthenticatedClient(base_url=address, token=key)

made = customer_register.sync(
    client=client, body=CustomerRegister(name="广州启明银行", unit="group"), idempotency_key="first"
)
assert isinstance(made, CustomerRegisterDone)
print("registered", made.version)

bodies = [LineBody.from_dict({"name": f"Branch {n}", "unit": "group"}) for n in (1, 2, 3)]
results = commands.sync(
    client=client, body=[Line(command="customer.register", body=each) for each in bodies]
)
assert isinstance(results, list)
print("batch", [each.status for each in results])

first = customer_list.sync(
    client=client, unit="group", sort="name", limit=2, min_position=int(results[-1].position or 0)
)
assert isinstance(first, CustomerPage)
rest = customer_list.sync(client=client, unit="group", sort="name", limit=2, cursor=first.next_)
assert isinstance(rest, CustomerPage)
print("list", [each.name for each in (*first.items, *rest.items)])

read = customer_read.sync_detailed(str(made.id), client=client)
assert isinstance(read.parsed, Customer)
etag = read.headers["etag"]
print("record", read.parsed.name, read.parsed.grade, "ETag" * (etag[0] == '"'))

grade = CustomerRegrade(grade=Grade.A, reason="It grew")
regraded = customer_regrade.sync(made.id, client=client, body=grade, if_match=etag)
assert isinstance(regraded, Done)
print("command", regraded.version)

stale = customer_regrade.sync(made.id, client=client, body=grade, if_match=etag)
assert isinstance(stale, Problem)
print("problem", stale.type_, stale.status)

figures = reports_customers.sync(
    client=client, by="unit", measures="customers", min_position=regraded.position
)
assert isinstance(figures, Figures)
print("report", [each.additional_properties["customers"] for each in figures.rows])

history = customer_history.sync(str(made.id), client=client, field="grade")
assert isinstance(history, History)
print("history", history.items[0].sentence)

events = event_list.sync(client=client, stream=str(made.id))
assert isinstance(events, EventPage)
print("events", [each.type_ for each in events.items])

file = customer_export.sync(
    client=client, format_=CustomerExportFormat.CSV, fields="name,grade", sort="name"
)
assert isinstance(file, str)
print("export", file.split()[0])

client.get_httpx_client().close()
