"""Merges of customers over HTTP: their list and each of them."""

from api.records import records
from projections.customer_merges import customer_merges

router = records(customer_merges)
