"""Customers of the demo data: national groups with branches, and key accounts of one place."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from api.demo.people import Person, contacts, spelt
from api.demo.places import GROUP, NETWORKS, PROVINCES, Unit
from api.demo.story import Do, Story
from api.demo.trust import trust
from domain.kernel.envelope import named_id
from domain.kernel.time.business_day import begin_of

COMPETITORS = ("华联通信", "北方网络", "云帆科技", "互通宽带", "铁塔在线")
"""Made up, as everybody in the demo data is."""

_WORDS = spelt(
    "启明qiming 恒达hengda 鼎新dingxin 瑞丰ruifeng 宏远hongyuan 安泰antai 博雅boya 联创lianchuang "
    "锦程jincheng 万和wanhe 天成tiancheng 华信huaxin 东岭dongling 嘉和jiahe 永盛yongsheng "
    "卓越zhuoyue 正元zhengyuan 金桥jinqiao 云山yunshan 明湖minghu 长河changhe 海纳haina 新益xinyi "
    "德润derun 同舟tongzhou 朗清langqing 晨光chenguang 盛世shengshi 沃野woye 星河xinghe"
)


@dataclasses.dataclass(frozen=True)
class _Trade:
    """A line of business: how its firms are called, and what kind of key account they are."""

    suffix: str
    english: str
    industry: str
    category: str
    weight: int
    staff: int
    public: bool = False


_TRADES = (
    _Trade("银行股份有限公司", "Bank", "J", "high-value", 5, 900),
    _Trade("人寿保险有限公司", "Life Insurance", "J", "high-value", 3, 500),
    _Trade("证券有限责任公司", "Securities", "J", "high-value", 3, 300),
    _Trade("医院", "Hospital", "Q", "high-value", 8, 1200, True),
    _Trade("大学", "University", "P", "group", 6, 2500, True),
    _Trade("职业技术学院", "Vocational College", "P", "group", 3, 700, True),
    _Trade("电子股份有限公司", "Electronics", "C", "strategic", 8, 1800),
    _Trade("汽车部件有限公司", "Auto Parts", "C", "strategic", 5, 1500),
    _Trade("纺织有限公司", "Textiles", "C", "strategic", 3, 900),
    _Trade("医药有限公司", "Pharmaceuticals", "C", "high-value", 4, 800),
    _Trade("物流有限公司", "Logistics", "G", "group", 5, 600),
    _Trade("软件有限公司", "Software", "I", "strategic", 5, 400),
    _Trade("连锁超市有限公司", "Supermarkets", "F", "group", 4, 1600),
    _Trade("建设集团有限公司", "Construction", "E", "group", 4, 1300),
    _Trade("供电有限公司", "Power Supply", "D", "important", 2, 900),
    _Trade("水务有限公司", "Water", "D", "important", 2, 400),
    _Trade("酒店集团有限公司", "Hotels", "H", "group", 3, 700),
    _Trade("置业有限公司", "Properties", "K", "strategic", 2, 300),
    _Trade("设计研究院", "Design Institute", "M", "high-value", 2, 250, True),
    _Trade("传媒有限公司", "Media", "R", "strategic", 2, 200),
)

_BUREAUS = (
    ("教育局", "Education Bureau"),
    ("公安局", "Public Security Bureau"),
    ("财政局", "Finance Bureau"),
    ("交通运输局", "Transport Bureau"),
    ("卫生健康局", "Health Bureau"),
    ("政务服务中心", "Government Service Centre"),
    ("应急管理局", "Emergency Management Bureau"),
)

_LAPSES = ("price", "competitor-offer", "competitor-offer", "service", "quality", "relocation")


OLDEST = 12 * 365
"""Since how many days the first customers have been known."""


@dataclasses.dataclass
class Account:
    """A customer of the demo data, and what its story makes of it."""

    register: dict[str, Any]
    unit: Unit
    manager: Person
    domain: str
    since: date
    grade: str
    parent: Account | None = None
    leads: bool = False
    state: str = "active"
    id: str = ""
    contacts: list[str] = dataclasses.field(default_factory=list)

    @property
    def live(self) -> bool:
        """Whether there is business with it today."""
        return self.state in ("potential", "engaged", "active")


def accounts(
    random: Random, staff: Mapping[str, Sequence[Person]], today: date, size: int
) -> list[Account]:
    """Return about `size` customers, those above others first."""
    found: list[Account] = []
    words = random.sample(_WORDS, k=len(_WORDS))
    nation = [trade for trade in _TRADES if not trade.public]
    for word in words[: max(1, size // 30)]:
        trade = random.choices(nation, [each.weight for each in nation])[0]
        found += _national(random, staff, today, word, trade)
    taken = {account.register["name"] for account in found}
    while len(found) < size:
        account = _local(random, staff, today)
        if account.register["name"] not in taken:
            taken.add(account.register["name"])
            found.append(account)
    for number, account in enumerate(found):
        prefix = "11" if account.register["industry"] == "S" else "91"
        code = _registration(f"{prefix}{account.unit.area}MA{number:07}")
        account.register["registration_number"] = code
    return found


def levels(accounts: Sequence[Account]) -> Iterator[list[Account]]:
    """Yield the customers in turns: whoever has a head office comes in a turn after it."""
    done: set[int] = set()
    left = list(accounts)
    while left:
        turn = [each for each in left if each.parent is None or id(each.parent) in done]
        done.update(map(id, turn))
        left = [each for each in left if id(each) not in done]
        yield turn


def story(random: Random, account: Account, today: date) -> Story[None]:
    """Tell a customer from its registration to today."""

    def do(verb: str, **body: Any) -> Do:
        record = account.id or None
        who = account.manager.code
        return Do(f"customer.{verb}", record, body, who, account.unit.code)

    if account.parent is not None:
        account.register["parent_id"] = account.parent.id
    answer = yield do("register", **account.register)
    account.id = answer.id
    since = str(account.since)
    yield do("assign-manager", manager=account.manager.code, effective=since)
    people = contacts(random, today, account.unit.dial, account.domain)
    for place, contact in enumerate(people):
        id_ = named_id(begin_of(account.since), "demo contact", account.id, str(place))
        account.contacts.append(id_)
        yield do("add-contact", **contact, contact_id=id_, effective=since)
    if random.random() < 0.35:
        until = today + timedelta(days=random.randint(20, 700))
        yield do(
            "record-purchase",
            competitor=random.choice(COMPETITORS),
            product=random.choice(("互联网专线", "语音中继", "云主机", "短信平台")),
            monthly=f"{random.randint(3, 90) * 500}.00",
            until=str(until),
            effective=since,
        )
    for verb, body in _states(random, account, today):
        yield do(verb, **body)
    name = account.register["name"]
    for verb, body in trust(name, account.grade, today) if account.live else ():
        yield do(verb, **body)


def _states(random: Random, account: Account, today: date) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what became of a customer, each step later than the one before and before today."""
    ends = ("potential", "engaged", "active", "suspended", "lapsed", "won-back", "closed")
    account.state = random.choices(ends, (5, 8, 78, 2, 4, 2, 1))[0]
    if account.state == "closed" and account.leads:  # its subsidiaries are still to come
        account.state = "active"
    if account.state == "potential":
        return
    step = max(1, (today - account.since).days // 5)
    days = iter(
        account.since + timedelta(days=step * n + random.randint(0, step - 1)) for n in range(5)
    )
    yield "engage", {"effective": str(next(days))}
    if account.state == "engaged":
        return
    yield "activate", {"effective": str(next(days))}
    if account.state == "suspended":
        yield "suspend", {"reason": "欠费停机，待客户确认账单", "effective": str(next(days))}
    if account.state in ("lapsed", "won-back", "closed"):
        reason = random.choice(_LAPSES)
        lapse = {"reason": reason, "effective": str(next(days))}
        if reason == "competitor-offer":
            lapse["competitor"] = random.choice(COMPETITORS)
        yield "lapse", lapse
    if account.state == "won-back":
        yield "win-back", {"note": "客户经理三次走访，重新签约两年", "effective": str(next(days))}
        account.state = "active"
    if account.state == "closed":
        yield "close", {"reason": "企业注销", "effective": str(next(days))}
    if account.state == "active" and account.grade == "C" and random.random() < 0.08:
        reason = "年收入连续两年超过升级标准"
        yield "regrade", {"grade": "B", "reason": reason, "effective": str(next(days))}


def _national(
    random: Random,
    staff: Mapping[str, Sequence[Person]],
    today: date,
    word: tuple[str, str],
    trade: _Trade,
) -> list[Account]:
    sign, sound = word
    short = trade.suffix.removesuffix("股份有限公司").removesuffix("有限责任公司")
    brand = sign + short.removesuffix("有限公司").removesuffix("集团")
    english = f"{sound.title()} {trade.english}"
    full = f"中国{sign}{trade.suffix}"
    head = _account(random, staff, today, GROUP, trade, full, english, "A", "cross-province")
    found = [head]
    for province in random.sample(PROVINCES, k=random.randint(2, len(PROVINCES))):
        name, label = f"{brand}{province.name}分公司", f"{english} {province.english}"
        branch = _account(
            random, staff, today, province, trade, name, label, "B", "cross-network", head
        )
        found.append(branch)
        below = [network for network in NETWORKS if network.province == province.code]
        for network in random.sample(below, k=random.randint(0, min(2, len(below)))):
            name, label = f"{brand}{network.name}分公司", f"{english} {network.english}"
            found.append(
                _account(random, staff, today, network, trade, name, label, "C", "local", branch)
            )
    return found


def _local(random: Random, staff: Mapping[str, Sequence[Person]], today: date) -> Account:
    network = random.choices(NETWORKS, [unit.weight for unit in NETWORKS])[0]
    grade = random.choices("BC", (22, 78))[0]
    if random.random() < 0.12:
        bureau, english = random.choice(_BUREAUS)
        trade = _Trade(bureau, english, "S", "important", 0, 200, True)
        name, label = f"{network.name}市{bureau}", f"{network.english} {english}"
        return _account(random, staff, today, network, trade, name, label, "B", "local")
    trade = random.choices(_TRADES, [each.weight for each in _TRADES])[0]
    sign, sound = random.choice(_WORDS)
    name = f"{network.name}{sign}{trade.suffix}"
    label = f"{network.english} {sound.title()} {trade.english}"
    reach = random.choices(("local", "cross-network", "multinational"), (75, 20, 5))[0]
    return _account(random, staff, today, network, trade, name, label, grade, reach)


def _account(
    random: Random,
    staff: Mapping[str, Sequence[Person]],
    today: date,
    unit: Unit,
    trade: _Trade,
    name: str,
    english: str,
    grade: str,
    reach: str,
    parent: Account | None = None,
) -> Account:
    since = today - timedelta(days=random.randint(200, OLDEST))
    if parent is not None:
        since = max(since, parent.since)
    people = max(20, int(trade.staff * random.lognormvariate(0, 0.7) * (8 if grade == "A" else 1)))
    revenue = people * random.randint(200_000, 900_000)
    domain = f"{english.lower().replace(' ', '-')}.example"
    register = {
        "name": name,
        "short_name": english,
        "unit": unit.code,
        "category": trade.category,
        "reach": reach,
        "grade": grade,
        "industry": trade.industry,
        "region": unit.name if unit is not GROUP else "北京",
        "website": f"https://www.{domain}",
        "founded": random.randint(1952, since.year - 2),
        "employees": people,
        "it_budget": f"{revenue // 1000 * 12}.00",
        "registered_on": str(since),
    }
    if not trade.public:
        register["annual_revenue"] = f"{revenue}.00"
    if parent is not None:
        parent.leads = True
    manager = random.choice(staff[unit.code])
    return Account(register, unit, manager, domain, since, grade, parent)


def _registration(body: str) -> str:
    """Return a unified social credit code (GB 32100) from its first 17 characters."""
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(signs.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return body + signs[-total % 31]
