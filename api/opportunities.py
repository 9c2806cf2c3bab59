"""Opportunities over HTTP: their list and each of them."""

from api.records import records
from projections.opportunities import opportunities

router = records(opportunities)
