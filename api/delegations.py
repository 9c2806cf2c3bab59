"""Delegations over HTTP: their list and each of them."""

from api.records import records
from projections.delegations import delegations

router = records(delegations)
