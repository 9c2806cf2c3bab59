"""API keys over HTTP: their list and each of them."""

from api.records import records
from projections.api_keys import api_keys

router = records(api_keys)
