"""Service tickets over HTTP: their list and each of them."""

from api.records import records
from projections.service_tickets import service_tickets

router = records(service_tickets)
