"""The profile of a customer: how it is classified, and what is known of the organisation."""

from __future__ import annotations

import dataclasses
import unicodedata
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from domain.customers.customer_standing import Standing
from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    command,
    keyed,
)
from domain.kernel.time.correction import Fields, corrected, correction
from domain.kernel.types.values import (
    Amount,
    Come,
    Count,
    Currency,
    LastDay,
    Line,
    PastYear,
    Plain,
    Sensitive,
)


class Category(StrEnum):
    """Why the customer is a key account."""

    IMPORTANT = "important"  # party, government, military
    HIGH_VALUE = "high-value"
    GROUP = "group"  # many sites
    STRATEGIC = "strategic"


class ProfileReach(StrEnum):
    """How far the customer's sites are spread."""

    MULTINATIONAL = "multinational"
    CROSS_PROVINCE = "cross-province"
    CROSS_NETWORK = "cross-network"
    LOCAL = "local"


class Grade(StrEnum):
    """Who looks after the customer."""

    A = "A"  # the group
    B = "B"  # the province
    C = "C"  # the local network


class Industry(StrEnum):
    """The section of the national classification of industries, GB/T 4754."""

    AGRICULTURE = "A"
    MINING = "B"
    MANUFACTURING = "C"
    ENERGY_AND_WATER = "D"
    CONSTRUCTION = "E"
    TRADE = "F"
    TRANSPORT_AND_POST = "G"
    LODGING_AND_CATERING = "H"
    INFORMATION_TECHNOLOGY = "I"
    FINANCE = "J"
    REAL_ESTATE = "K"
    LEASING_AND_BUSINESS_SERVICES = "L"
    RESEARCH_AND_TECHNICAL_SERVICES = "M"
    ENVIRONMENT_AND_PUBLIC_FACILITIES = "N"
    RESIDENTIAL_SERVICES = "O"
    EDUCATION = "P"
    HEALTH_AND_SOCIAL_WORK = "Q"
    CULTURE_AND_SPORT = "R"
    PUBLIC_ADMINISTRATION = "S"
    INTERNATIONAL_ORGANISATIONS = "T"


RegistrationNumber = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=2, max_length=40, pattern=r"^\w[\w ./-]*\w$"
    ),
    Plain,
    Field(examples=["91440101231234567X"]),
]
"""The number under which the authorities know the organisation (统一社会信用代码, VAT number)."""


def normal_number(number: str) -> str:
    """Return a registration number as it is compared: letters and digits only, in one case."""
    folded = unicodedata.normalize("NFKC", number).upper()
    return "".join(character for character in folded if character.isalnum())


Website = Annotated[
    str, StringConstraints(max_length=200, pattern=r"^https?://[^\s\x00-\x1f\x7f<>\"]+$"), Plain
]
"""The address of a website, with its scheme."""


class ProfileDetail(StrEnum):
    """A detail of the organisation that can be emptied."""

    SHORT_NAME = "short_name"
    INDUSTRY = "industry"
    REGION = "region"
    REGISTRATION_NUMBER = "registration_number"
    WEBSITE = "website"
    FOUNDED = "founded"
    EMPLOYEES = "employees"
    ANNUAL_REVENUE = "annual_revenue"
    IT_BUDGET = "it_budget"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Details(Fields):
    """What is known of the organisation. `currency` is that of its revenue and its IT budget."""

    name: str | None = None
    short_name: str | None = None
    industry: Industry | None = None
    region: str | None = None
    registration_number: str | None = None
    website: str | None = None
    founded: Annotated[int | None, Come()] = None
    employees: int | None = None
    annual_revenue: Annotated[Decimal | None, Sensitive("revenue")] = None
    it_budget: Annotated[Decimal | None, Sensitive("it-budget")] = None
    currency: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Purchase:
    """What a customer buys elsewhere: the fee a month, and the day its contract ends."""

    monthly: Decimal | None
    currency: str
    until: date | None


class PurchaseRequired(RuleViolation):
    """Only a purchase from a competitor that was recorded can end."""


class Profile(Standing):
    """What we know of the customer."""

    class DetailsCorrected(Details, Aggregate.Event):
        """{who} corrected the details: {changes}."""

        cleared: tuple[str, ...] = ()
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep the corrected details."""
            aggregate.details = corrected(aggregate.details, vars(self), self.cleared)

    class Classified(Aggregate.Event, changes=("category", "reach")):
        """{who} classified the customer as {category}, {reach}.

        [Before it was {was.category}, {was.reach}.]
        """

        category: Category
        reach: ProfileReach
        on: date | None = None

    class Regraded(Aggregate.Event, changes="grade"):
        """{who} regraded the customer[ from {was.grade}] to {grade}, because "{reason}"."""

        grade: Grade
        reason: str
        on: date | None = None

    class PurchaseRecorded(Aggregate.Event, puts="purchases"):
        """{who} recorded that the customer buys {product} from {competitor}[ until {until}].

        [It pays {monthly} {currency} a month.]
        """

        competitor: str
        product: str
        monthly: Decimal | None = None
        currency: str = "CNY"
        until: date | None = None
        on: date | None = None

    class PurchaseEnded(Aggregate.Event, drops="purchases"):
        """{who} noted that the customer no longer buys {product} from {competitor}."""

        competitor: str
        product: str
        on: date | None = None

    details: dict[str, Any]
    category: Category | None
    reach: ProfileReach | None
    grade: Grade | None
    purchases: dict[tuple[str, str], Purchase] = keyed(
        ("competitor", "product"), Purchase, PurchaseRequired
    )

    @command
    def correct_details(
        self,
        name: Line | None = None,
        short_name: Line | None = None,
        industry: Industry | None = None,
        region: Line | None = None,
        registration_number: RegistrationNumber | None = None,
        website: Website | None = None,
        founded: PastYear | None = None,
        employees: Count | None = None,
        annual_revenue: Amount | None = None,
        it_budget: Amount | None = None,
        currency: Currency | None = None,
        clear: tuple[ProfileDetail, ...] = (),
    ) -> None:
        """Correct what is known of the organisation: the given details, and those to `clear`."""
        given = Details.among(locals())
        changes = correction(self.details, given, clear)
        if not changes:
            raise NothingChanged
        self.trigger_event(self.DetailsCorrected, **changes)

    @command(states=Classified)
    def classify(self, category: Category, reach: ProfileReach) -> None:
        """Classify the customer by why it is a key account and how far it reaches."""

    @command(states=Regraded)
    def regrade(self, grade: Grade, reason: Line) -> None:
        """Give the customer another grade, for a reason."""

    @command(states=PurchaseRecorded)
    def record_purchase(
        self,
        competitor: Line,
        product: Line,
        monthly: Amount | None = None,
        currency: Currency = "CNY",
        until: LastDay | None = None,
    ) -> None:
        """Record what the customer buys from a competitor, its fee a month and until when."""

    @command(states=PurchaseEnded)
    def end_purchase(self, competitor: Line, product: Line) -> None:
        """Note that the customer no longer buys a product from a competitor."""
