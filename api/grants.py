"""Grants over HTTP: their list and each of them."""

from api.records import records
from projections.grants import grants

router = records(grants)
