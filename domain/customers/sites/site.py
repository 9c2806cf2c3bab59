"""Sites: where a customer is, how it is connected there, what stands there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.customers.sites.site_access import SiteAccess
from domain.customers.sites.site_equipment import SiteEquipment
from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, begins, command
from domain.kernel.parts.in_unit import InUnit
from domain.kernel.parts.of_customer import OfCustomer
from domain.kernel.time.correction import Fields, corrected, correction
from domain.kernel.types.values import CustomerId, Id, Line, UnitCode


class SiteState(StrEnum):
    """Whether a customer is at a site yet, or any more."""

    PLANNED = "planned"
    IN_USE = "in-use"
    VACATED = "vacated"


class SiteKind(StrEnum):
    """What a customer has at a site."""

    HEAD_OFFICE = "head-office"
    BRANCH = "branch"
    OUTLET = "outlet"
    FACTORY = "factory"
    DATA_CENTRE = "data-centre"
    OTHER = "other"


class Area(StrEnum):
    """Whether a site is in a town, which decides how soon a fault there is to be mended."""

    TOWN = "town"
    COUNTRY = "country"


Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, examples=[23.1291])]
"""Degrees north of the equator."""

Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, examples=[113.2644])]
"""Degrees east of Greenwich."""


class SiteVacated(RuleViolation):
    """A vacated site is not changed any more."""


class PositionIncomplete(RuleViolation):
    """Latitude and longitude are given together."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place(Fields):
    """What is known of where a site is."""

    name: str | None = None
    kind: SiteKind | None = None
    address: str | None = None
    area: Area | None = None
    region: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    contact_id: str | None = None


def _require_position(place: Mapping[str, Any]) -> None:
    missing = [name for name in ("latitude", "longitude") if place[name] is None]
    if len(missing) == 1:
        raise PositionIncomplete(missing[0])


class Site(SiteAccess, SiteEquipment, InUnit, OfCustomer, Aggregate):
    """A place where a customer is."""

    titles = {
        "access_points": "接入点",
        "address": "地址",
        "area": "城乡",
        "bandwidth_mbps": "带宽",
        "capacity_mbps": "容量",
        "carrier": "运营商",
        "contact_id": "联系人",
        "diverse_from": "异路由于",
        "entry": "入局路由",
        "equipment": "设备",
        "installed_on": "安装日期",
        "kind": "类型",
        "latitude": "纬度",
        "longitude": "经度",
        "maintained_by": "维护方",
        "medium": "接入介质",
        "model": "型号",
        "name": "客户点名称",
        "opened_on": "登记日期",
        "owner": "产权",
        "ports": "端口数",
        "protocols": "协议",
        "providers": "服务商",
        "quantity": "数量",
        "region": "地区",
        "tag": "资产编号",
        "topology": "组网方式",
        "used_since": "启用日期",
        "vacated_on": "撤点日期",
        "vendor": "厂商",
        "warranty_until": "保修截止",
    }

    class Opened(Place, Aggregate.Created):
        """{who} opened the site "{name}" of {customer_id} at {unit}: {kind}, {address}."""

        customer_id: str
        unit: str
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep where it is."""
            aggregate.customer_id, aggregate.unit = self.customer_id, self.unit
            aggregate.place = Place.among(vars(self))

    class Corrected(Place, Aggregate.Event):
        """{who} corrected the site: {changes}."""

        cleared: tuple[str, ...] = ()
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep where it is by now."""
            aggregate.place = corrected(aggregate.place, vars(self), self.cleared)

    class TakenIntoUse(Aggregate.Event, to=SiteState.IN_USE):
        """{who} noted that the customer uses the site."""

        on: date | None = None

    class Vacated(Aggregate.Event, to=SiteState.VACATED):
        """{who} noted that the customer vacated the site, because "{reason}"."""

        reason: str
        on: date | None = None

    state = begins(SiteState.PLANNED, ends=(SiteState.VACATED,), ended=SiteVacated)
    place: dict[str, Any]

    @classmethod
    @command
    def open(
        cls,
        customer_id: CustomerId,
        name: Line,
        unit: UnitCode,
        kind: SiteKind,
        address: Line,
        area: Area,
        region: Line | None = None,
        latitude: Latitude | None = None,
        longitude: Longitude | None = None,
        contact_id: Id | None = None,
    ) -> Site:
        """Open a site that the customer plans, or uses as `take-into-use` then says."""
        place = Place.among(locals())
        _require_position(place)
        return cls._create(cls.Opened, customer_id=customer_id, unit=unit, **place)

    @command
    def correct(
        self,
        name: Line | None = None,
        kind: SiteKind | None = None,
        address: Line | None = None,
        area: Area | None = None,
        region: Line | None = None,
        latitude: Latitude | None = None,
        longitude: Longitude | None = None,
        contact_id: Id | None = None,
        clear: list[Literal["region", "latitude", "longitude", "contact_id"]] | None = None,
    ) -> None:
        """Correct what is known of the site: what is given, and what to `clear`."""
        changes = correction(self.place, Place.among(locals()), clear or ())
        if not changes:
            raise NothingChanged
        _require_position(corrected(self.place, changes, changes.get("cleared", ())))
        self.trigger_event(self.Corrected, **changes)

    @command
    def take_into_use(self) -> None:
        """Note that the customer uses the site."""
        if self.state is SiteState.IN_USE:
            raise NothingChanged
        self.trigger_event(self.TakenIntoUse)

    @command(states=Vacated)
    def vacate(self, reason: Line) -> None:
        """Note that the customer has left the site, for a reason."""
