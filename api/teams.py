"""Teams over HTTP: their list and each of them."""

from api.records import records
from projections.teams import teams

router = records(teams)
