"""Roles over HTTP: their list and each of them."""

from api.records import records
from projections.roles import roles

router = records(roles)
