"""Campaigns over HTTP: their list and each of them."""

from api.records import records
from projections.campaigns import campaigns

router = records(campaigns)
