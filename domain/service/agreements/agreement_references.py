"""References to a service agreement: which it is, and what is filled in of it."""

from __future__ import annotations

from typing import Annotated

from domain.kernel.types.values import Id, Reference, attribute

AgreementId = Annotated[Id, Reference("service-agreement", live=False)]
OfWhom = Annotated[str, attribute("service-agreement", "agreement_id", "customer_id")]
AtWhich = Annotated[str, attribute("service-agreement", "agreement_id", "unit")]
