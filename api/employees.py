"""Employees over HTTP: their list and each of them."""

from api.records import records
from projections.employees import employees

router = records(employees)
