"""Places of the demo data: units of three levels, and the account managers who work there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from api.demo.people import Person


@dataclasses.dataclass(frozen=True, slots=True)
class Unit:
    """An organisational unit.

    `area` is the administrative division that it serves (GB/T 2260), `dial` its telephone code,
    `weight` how much of the business it has, against the others.
    """

    code: str
    name: str
    english: str
    area: str
    dial: str
    weight: int

    @property
    def province(self) -> str:
        """The code of the province that the unit is, or belongs to."""
        return self.code.partition("-")[0]


GROUP = Unit("group", "集团公司", "Group", "110000", "10", 0)

PROVINCES = (
    Unit("gd", "广东", "Guangdong", "440000", "20", 0),
    Unit("js", "江苏", "Jiangsu", "320000", "25", 0),
    Unit("zj", "浙江", "Zhejiang", "330000", "571", 0),
    Unit("sc", "四川", "Sichuan", "510000", "28", 0),
    Unit("hb", "湖北", "Hubei", "420000", "27", 0),
    Unit("sh", "上海", "Shanghai", "310000", "21", 0),
)

NETWORKS = (
    Unit("gd-gz", "广州", "Guangzhou", "440100", "20", 10),
    Unit("gd-sz", "深圳", "Shenzhen", "440300", "755", 11),
    Unit("gd-dg", "东莞", "Dongguan", "441900", "769", 5),
    Unit("gd-fs", "佛山", "Foshan", "440600", "757", 5),
    Unit("js-nj", "南京", "Nanjing", "320100", "25", 7),
    Unit("js-sz", "苏州", "Suzhou", "320500", "512", 8),
    Unit("js-wx", "无锡", "Wuxi", "320200", "510", 4),
    Unit("zj-hz", "杭州", "Hangzhou", "330100", "571", 8),
    Unit("zj-nb", "宁波", "Ningbo", "330200", "574", 5),
    Unit("zj-wz", "温州", "Wenzhou", "330300", "577", 3),
    Unit("sc-cd", "成都", "Chengdu", "510100", "28", 7),
    Unit("sc-my", "绵阳", "Mianyang", "510700", "816", 2),
    Unit("hb-wh", "武汉", "Wuhan", "420100", "27", 6),
    Unit("hb-yc", "宜昌", "Yichang", "420500", "717", 2),
    Unit("sh-pd", "浦东", "Pudong", "310115", "21", 8),
    Unit("sh-px", "浦西", "Puxi", "310101", "21", 6),
)

UNITS = (GROUP, *PROVINCES, *NETWORKS)


def staff(names: Iterator[Person]) -> dict[str, list[Person]]:
    """Return the account managers of every unit by its code; the first of them is its chief."""
    return {unit.code: [next(names) for _ in range(size(unit))] for unit in UNITS}


def size(unit: Unit) -> int:
    """Return how many account managers a unit has."""
    return 3 if unit in PROVINCES else 4
