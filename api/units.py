"""Units over HTTP: their list and each of them."""

from api.records import records
from projections.units import units

router = records(units)
