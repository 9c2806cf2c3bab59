"""Products in use: what a customer has of us, how many, where, at which fee."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import Field

from domain.customers.sites.product_in_use_course import (
    ACTIVE,
    ProductInUseCourse,
    UseState,
)
from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, command
from domain.kernel.parts.in_unit import InUnit
from domain.kernel.parts.of_customer import OfCustomer
from domain.kernel.parts.outlives import Outlives
from domain.kernel.types.values import (
    Amount,
    Code,
    Currency,
    CustomerId,
    Id,
    Line,
    Number,
    PastDay,
    ProductId,
    SiteId,
    UnitCode,
    Worth,
    attribute,
)
from domain.products.product_attributes import Attribute, misfits

Quantity = Annotated[int, Field(ge=1, le=1_000_000)]

Told = Annotated[
    dict[Code, bool | Number | Line], Field(max_length=100, examples=[{}, {"bandwidth": "100"}])
]
"""What is said of a piece of a product, by the codes of the product's attributes."""

OfProduct = Annotated[Sequence[Attribute] | None, attribute("product", "product_id", "attributes")]
Ends = Annotated[str | None, attribute("product", "product_id", "ends")]


class ProductNamed(RuleViolation):
    """A product in use names a product of the catalogue or, if it is old, what it was called."""


class ServiceNumberTaken(RuleViolation):
    """A service number is in use once."""


class AttributesMisfit(RuleViolation):
    """The attributes of a product in use are those that its product has, within their bounds."""


class FarEndRequired(RuleViolation):
    """A product between two sites names both."""


def _require_ends(ends: str | None, site_id: str | None, far_site_id: str | None) -> None:
    if site_id is None and (ends == "two" or far_site_id is not None):
        raise FarEndRequired("site_id")
    if far_site_id is None and ends == "two":
        raise FarEndRequired("far_site_id")


def _require_fit(
    of_product: Sequence[Attribute] | None, told: Mapping[str, Any], known: Mapping[str, Any]
) -> None:
    """Refuse what the product has no such attribute for; what is known already may be closed."""
    for code, why in misfits(of_product, told) if of_product is not None else ():
        if code not in told or told[code] != known.get(code):
            raise AttributesMisfit("attributes", why)


class ProductInUse(ProductInUseCourse, InUnit, Outlives, OfCustomer, Aggregate):
    """What a customer has of us: so many of a product, at a site or between two."""

    plural = "products-in-use"
    titles = {
        "account_number": "账户号码",
        "activated_on": "开通日期",
        "attributes": "属性",
        "ceased_on": "拆机日期",
        "changed_on": "变更日期",
        "competitor": "流向竞争对手",
        "contract_number": "合同编号",
        "far_site_id": "对端客户点",
        "lost_to": "流向竞争对手",
        "monthly_fee": "月租费",
        "one_off": "一次性费用",
        "order_id": "订单",
        "plan": "资费",
        "product_id": "产品",
        "product_name": "产品名称",
        "quantity": "数量",
        "service_number": "业务号码",
        "site_id": "客户点",
        "suspended_for": "停机原因",
    }

    class Installed(Aggregate.Created):
        """{who} installed {quantity} of [{product_id}][{product_name}] for {customer_id} at {unit}.

        [It has the service number {service_number}.][ It is active since {activated_on}.]
        [ It is at {site_id}.][ Its other end is at {far_site_id}.]
        """

        dated: ClassVar[str] = "activated_on"

        customer_id: str
        unit: str
        product_id: str | None
        product_name: str | None
        plan: str | None
        site_id: str | None
        far_site_id: str | None
        service_number: str | None
        account_number: str | None
        quantity: int
        attributes: dict[str, bool | str]
        monthly_fee: Worth | None
        one_off: Worth | None
        currency: str
        order_id: str | None
        contract_number: str | None
        activated_on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep what is used."""
            for name in ("customer_id", "unit", "product_id", "service_number", *_TERMS, *_PLACES):
                setattr(aggregate, name, getattr(self, name))
            if self.activated_on is not None:
                aggregate.state = UseState.ACTIVE

    class Changed(Aggregate.Event):
        """{who} changed the product, because "{reason}": {changes}."""

        reason: str
        quantity: int | None = None
        plan: str | None = None
        monthly_fee: Worth | None = None
        attributes: dict[str, bool | str] | None = None
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep what is used by now."""
            for name in _TERMS:
                if getattr(self, name) is not None:
                    setattr(aggregate, name, getattr(self, name))

    class Relocated(Aggregate.Event, changes=("site_id", "far_site_id")):
        """{who} moved the product to {site_id}[ and {far_site_id}], because "{reason}"."""

        site_id: str
        far_site_id: str | None
        reason: str
        on: date | None = None

    class BilledThrough(Aggregate.Event, changes="account_number"):
        """{who} had the product billed through the account {account_number}."""

        account_number: str
        on: date | None = None

    product_id: str | None
    service_number: str | None
    plan: str | None
    quantity: int
    attributes: dict[str, Any]
    monthly_fee: Decimal | None
    site_id: str | None
    far_site_id: str | None
    account_number: str | None

    @classmethod
    @command
    def install(
        cls,
        customer_id: CustomerId,
        unit: UnitCode,
        of_product: OfProduct,
        ends: Ends,
        attributes: Told | None = None,
        product_id: ProductId | None = None,
        product_name: Line | None = None,
        plan: Code | None = None,
        site_id: SiteId | None = None,
        far_site_id: SiteId | None = None,
        service_number: Code | None = None,
        account_number: Code | None = None,
        quantity: Quantity = 1,
        monthly_fee: Amount | None = None,
        one_off: Amount | None = None,
        currency: Currency = "CNY",
        order_id: Id | None = None,
        contract_number: Code | None = None,
        activated_on: PastDay | None = None,
    ) -> ProductInUse:
        """Install a product of the catalogue for a customer, or an old one by its name.

        It is pending until it is activated, unless it is active since a day that is stated.
        """
        if (product_id is None) is (product_name is None):
            raise ProductNamed("product_id")
        attributes = attributes or {}
        _require_fit(of_product, attributes, {})
        _require_ends(ends, site_id, far_site_id)
        return cls._create(
            cls.Installed,
            customer_id=customer_id,
            unit=unit,
            product_id=product_id,
            product_name=product_name,
            plan=plan,
            site_id=site_id,
            far_site_id=far_site_id,
            service_number=service_number,
            account_number=account_number,
            quantity=quantity,
            attributes=_plain(attributes),
            monthly_fee=monthly_fee,
            one_off=one_off,
            currency=currency,
            order_id=order_id,
            contract_number=contract_number,
            activated_on=activated_on,
        )

    @property
    def claims(self) -> Mapping[type[RuleViolation], str]:
        """The service number, until the product is ceased."""
        if self.service_number is None or self.retired:
            return {}
        return {ServiceNumberTaken: self.service_number}

    @command(only=ACTIVE)
    def change(
        self,
        reason: Line,
        of_product: OfProduct,
        quantity: Quantity | None = None,
        plan: Code | None = None,
        monthly_fee: Amount | None = None,
        attributes: Told | None = None,
    ) -> None:
        """Change how much is used, under which plan, at which fee; `attributes` change together."""
        told = None if attributes is None else _plain(attributes)
        given = {"quantity": quantity, "plan": plan, "monthly_fee": monthly_fee, "attributes": told}
        changes = {
            name: value
            for name, value in given.items()
            if value is not None and value != getattr(self, name)
        }
        if not changes:
            raise NothingChanged
        if attributes is not None:
            _require_fit(of_product, attributes, self.attributes)
        self.trigger_event(self.Changed, reason=reason, **changes)

    @command(only=ACTIVE)
    def relocate(
        self, site_id: SiteId, reason: Line, ends: Ends, far_site_id: SiteId | None = None
    ) -> None:
        """Note that the product is at another site now, or between two others."""
        if (site_id, far_site_id) == (self.site_id, self.far_site_id):
            raise NothingChanged("site_id")
        _require_ends(ends, site_id, far_site_id)
        self.trigger_event(self.Relocated, site_id=site_id, far_site_id=far_site_id, reason=reason)

    @command(states=BilledThrough)
    def bill_through(self, account_number: Code) -> None:
        """Note through which account the product is billed."""


_TERMS = ("plan", "quantity", "attributes", "monthly_fee")
_PLACES = ("site_id", "far_site_id", "account_number")


def _plain(told: Mapping[str, Any]) -> dict[str, bool | str]:
    """Return what is said of a piece as events have it: numbers in their digits."""
    return {code: each if isinstance(each, bool) else str(each) for code, each in told.items()}
