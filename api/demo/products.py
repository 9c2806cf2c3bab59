"""Products of the demo data: what the operator offers, in seven categories, and four bundles."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from api.demo.customers import COMPETITORS
from api.demo.places import GROUP
from api.demo.story import Do, Story
from domain.products.product_course import State


@dataclasses.dataclass(frozen=True, slots=True)
class Product:
    """A product of the demo data: what it is, and what becomes of it."""

    code: str
    name: str
    english: str
    category: str
    ends: str
    attribute: str = ""
    fate: str = "group"
    """The unit at which it is on sale; else its state."""
    parts: Mapping[str, int] = dataclasses.field(default_factory=dict)


_SPEED, _SIZE, _GRADE = "speed", "size", "grade"

_ATTRIBUTES: Mapping[str, Mapping[str, Any]] = {
    _SPEED: {
        "code": "bandwidth",
        "name": "带宽",
        "type": "number",
        "unit_of_measure": "Mbps",
        "least": "2",
        "most": "100000",
        "required": True,
    },
    _SIZE: {
        "code": "capacity",
        "name": "容量",
        "type": "number",
        "unit_of_measure": "GB",
        "least": "10",
        "most": "1000000",
    },
    _GRADE: {
        "code": "grade",
        "name": "等级",
        "type": "choice",
        "choices": ["标准", "增强", "尊享"],
    },
}
"""What may be said of each piece."""

PRODUCTS = (
    Product("dl-sdh", "数字电路专线", "Digital circuit", "专线", "two", _SPEED, "withdrawn"),
    Product("dl-otn", "OTN精品专线", "OTN premium line", "专线", "two", _SPEED),
    Product("dl-eth", "以太网专线", "Ethernet private line", "专线", "two", _SPEED),
    Product("dl-fibre", "光纤租用", "Dark fibre", "专线", "two", "", "gd"),
    Product("dl-5g", "5G专网", "5G private network", "专线", "one", _GRADE),
    Product("ia-line", "互联网专线", "Dedicated internet access", "互联网接入", "one", _SPEED),
    Product("ia-biz", "企业宽带", "Business broadband", "互联网接入", "one", _SPEED),
    Product("ia-ip", "IP地址租用", "IP addresses", "互联网接入", "none"),
    Product("ia-wifi", "企业无线网", "Business Wi-Fi", "互联网接入", "one", _GRADE, "js"),
    Product("ia-iot", "物联网卡", "IoT SIM card", "互联网接入", "none"),
    Product("ia-guard", "安全防护", "Attack protection", "互联网接入", "one", _GRADE),
    Product("vt-sip", "SIP语音中继", "SIP trunk", "语音中继", "one"),
    Product("vt-e1", "语音中继", "E1 voice trunk", "语音中继", "one"),
    Product("vt-400", "400号码", "Toll-shared number", "语音中继", "none"),
    Product("vt-centre", "云呼叫中心", "Cloud contact centre", "语音中继", "none", _GRADE, "trial"),
    Product("vt-sms", "短信平台", "Messaging platform", "语音中继", "none"),
    Product("vpn-mpls", "MPLS VPN组网", "MPLS VPN", "VPN", "one", _SPEED),
    Product("vpn-sdwan", "SD-WAN组网", "SD-WAN", "VPN", "one", _SPEED),
    Product("vpn-remote", "远程接入VPN", "Remote access VPN", "VPN", "none", "", "retired"),
    Product("vpn-vpdn", "无线VPDN", "Wireless VPDN", "VPN", "none", "", "zj"),
    Product("idc-rack", "IDC机柜", "Data centre rack", "IDC", "one", _GRADE),
    Product("idc-unit", "IDC机位", "Data centre rack unit", "IDC", "one"),
    Product("idc-band", "IDC带宽", "Data centre bandwidth", "IDC", "one", _SPEED),
    Product("idc-care", "设备代维", "Managed equipment", "IDC", "one", _GRADE, "planned"),
    Product("cl-host", "云主机", "Cloud server", "云", "none", _GRADE),
    Product("cl-disk", "云存储", "Cloud storage", "云", "none", _SIZE),
    Product("cl-desk", "云桌面", "Cloud desktop", "云", "none", _GRADE),
    Product("cl-backup", "云备份", "Cloud backup", "云", "none", _SIZE),
    Product("cl-data", "云数据库", "Cloud database", "云", "none", _SIZE, "trial"),
    Product("mt-video", "视频会议", "Video conference", "会议", "one", _GRADE),
    Product("mt-phone", "电话会议", "Telephone conference", "会议", "none", "", "withdrawn"),
    Product(
        *("bd-branch", "分支机构上云套餐", "Branches to the cloud", "VPN", "one"),
        parts={"vpn-sdwan": 1, "ia-biz": 1, "cl-desk": 10},
    ),
    Product(
        *("bd-head", "总部一体化通信套餐", "Head office bundle", "互联网接入", "one"),
        parts={"ia-line": 1, "vt-sip": 2, "mt-video": 1},
    ),
    Product(
        *("bd-shop", "连锁门店套餐", "Chain stores bundle", "互联网接入", "one", "", "js"),
        parts={"ia-biz": 1, "ia-wifi": 1, "vt-400": 1},
    ),
    Product(
        *("bd-twin", "双线灾备套餐", "Twin site recovery", "IDC", "one"),
        parts={"idc-rack": 2, "idc-band": 2, "cl-backup": 1},
    ),
)

_SUCCESSORS = {"dl-sdh": "dl-otn", "mt-phone": "mt-video", "vpn-remote": "vpn-sdwan"}

_RIVALS = {
    "dl-otn": ("政企精品网", "时延", "不高于3毫秒", "不高于5毫秒", "better"),
    "dl-eth": ("以太专线", "覆盖", "全国337个地市", "全国300个地市", "better"),
    "ia-line": ("互联网专线", "首年价格", "6800元/月", "6200元/月", "worse"),
    "ia-biz": ("商务宽带", "上行带宽", "对称", "下行的一半", "better"),
    "ia-iot": ("物联卡", "最低月费", "8元", "8元", "equal"),
    "vt-sip": ("SIP中继", "最小并发", "10路", "30路", "better"),
    "vpn-mpls": ("MPLS专网", "可用率", "99.9%", "99.95%", "worse"),
    "vpn-sdwan": ("智能组网", "开通时限", "5个工作日", "7个工作日", "better"),
    "idc-rack": ("机柜租用", "机房等级", "T3+", "T3", "better"),
    "cl-host": ("弹性云主机", "最低配置价格", "1500元/月", "1200元/月", "worse"),
    "cl-desk": ("桌面云", "终端", "自带终端可用", "需专用终端", "better"),
    "mt-video": ("云视讯", "最大方数", "500方", "500方", "equal"),
}
"""With what of a competitor products are compared, in which point."""


def planned_on(place: int, today: date) -> date:
    """Return on which day the product at a place was planned; later ones were later."""
    return today - timedelta(days=1500 - 30 * place)


def stories(keeper: str, today: date, ids: dict[str, str]) -> Iterator[Story[None]]:
    """Yield the story of each product, told by an employee; `ids` gets their ids by code."""
    for place, product in enumerate(PRODUCTS):
        yield _story(place, product, keeper, planned_on(place, today), today, ids)


def by_name(ids: Mapping[str, str]) -> dict[str, str]:
    """Return the ids of the products on sale by what they are called."""
    return {p.name: ids[p.code] for p in PRODUCTS if p.fate not in [*State]}


def _story(
    place: int, product: Product, keeper: str, planned: date, today: date, ids: dict[str, str]
) -> Story[None]:
    def do(verb: str, after: int, **body: Any) -> Do:
        body["effective"] = str(planned + timedelta(days=after))
        return Do(f"product.{verb}", ids.get(product.code), body, keeper, GROUP.code)

    ids[product.code] = (yield do("plan", 0, **_body(place, product))).id
    for code, times in product.parts.items():
        often = {"least": 1, "most": 100, "usual": times}
        yield do("add-component", 1, product_id=ids[code], **often)
    if product.ends != "none":
        yield do("require-resource", 10, kind="port", quantity=1, per="end")
    if product.category != "会议" and product.fate != "planned":
        target = "99.9" if product.ends == "none" else "99.5"
        sla = {"measure": "availability", "target": target, "calendar": "around-the-clock"}
        yield do("offer-sla", 15, **sla)
    if rival := _RIVALS.get(product.code):
        theirs = COMPETITORS[place % len(COMPETITORS)]
        named = dict(zip(("attribute", "ours", "theirs", "verdict"), rival[1:], strict=True))
        told = {"competitor": theirs, "rival_product": rival[0], "source": "公开资费"}
        yield do("compare", 30, points=[named], **told)
    if product.fate == "planned":
        return
    trial = {"units": ["gd", "sh"], "until": str(today + timedelta(days=90))}
    if product.fate == "trial" or place % 3 == 0:
        yield do("begin-trial", 40, **trial)
    if product.fate == "trial":
        return
    gone = product.fate in ("withdrawn", "retired")
    yield do("put-on-sale", 60 + place % 7 * 10, units=["group" if gone else product.fate])
    if gone:
        successor = ids[_SUCCESSORS[product.code]]
        yield do("withdraw", 400, reason="网络退网", successor_id=successor)
    if product.fate == "retired":
        yield do("retire", 420)


def _body(place: int, product: Product) -> dict[str, Any]:
    attributes = [_ATTRIBUTES[product.attribute]] if product.attribute else []
    return {
        "code": product.code,
        "name": product.name,
        "english_name": product.english,
        "category": product.category,
        "unit": GROUP.code,
        "attributes": attributes,
        "ends": product.ends,
        "lead_time_wd": 3 + place % 5 * 4,
        "bundle": bool(product.parts),
    }
