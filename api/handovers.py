"""Handovers over HTTP: their list and each of them."""

from api.records import records
from projections.handovers import handovers

router = records(handovers)
