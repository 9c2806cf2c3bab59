"""People of the demo data: Chinese names with their codes, and contacts at customers."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any


def spelt(text: str) -> list[tuple[str, str]]:
    """Return Chinese words with their sounds from text such as `王wang 李li`."""
    return re.findall(r"([^\x00-\x7f]+)([a-z]+)", text)


_FAMILY = spelt(
    "王wang 李li 张zhang 刘liu 陈chen 杨yang 黄huang 赵zhao 周zhou 吴wu 徐xu 孙sun 马ma 朱zhu "
    "胡hu 郭guo 何he 林lin 高gao 罗luo 郑zheng 梁liang 谢xie 宋song 唐tang 许xu 邓deng 冯feng"
)
_GIVEN = spelt(
    "伟wei 芳fang 娜na 敏min 静jing 丽li 强qiang 磊lei 军jun 洋yang 勇yong 艳yan 杰jie 涛tao "
    "明ming 超chao 霞xia 平ping 刚gang 文wen 辉hui 玲ling 鹏peng 华hua 飞fei 波bo 斌bin 宇yu "
    "浩然haoran 思远siyuan 雨桐yutong 建国jianguo 志强zhiqiang 晓东xiaodong 丽华lihua 海燕haiyan "
    "俊杰junjie 欣怡xinyi 国栋guodong 春梅chunmei 家豪jiahao 永康yongkang 淑珍shuzhen 子轩zixuan"
)

_POSTS = (
    ("信息中心主任", "decision-maker", 5),
    ("分管副总经理", "decision-maker", 5),
    ("财务总监", "approver", 4),
    ("采购经理", "buyer", 3),
    ("网络主管", "influencer", 3),
    ("办公室主任", "gatekeeper", 2),
    ("运维工程师", "user", 1),
)
_PREFERENCES = (
    "习惯用微信沟通，回复很快。",
    "上午开会，下午三点以后方便接电话。",
    "重视书面方案，要求提前一天发材料。",
    "喜欢乒乓球，每年春天带队参加联赛。",
    "对停机非常敏感，割接须提前两周告知。",
    "关注成本，常拿同行价格比较。",
    None,
    None,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """A name, and the code by which systems know the person (`li.wei`)."""

    name: str
    code: str


def people(random: Random) -> Iterator[Person]:
    """Yield people without end; no two have the same code."""
    seen: dict[str, int] = {}
    while True:
        (family, family_sound), (given, sound) = random.choice(_FAMILY), random.choice(_GIVEN)
        code = f"{sound}.{family_sound}"
        seen[code] = seen.get(code, 0) + 1
        yield Person(family + given, code if seen[code] == 1 else f"{code}{seen[code]}")


def contacts(random: Random, today: date, dial: str, domain: str) -> list[dict[str, Any]]:
    """Return the bodies of the commands that add the contacts of one customer."""
    posts = random.sample(_POSTS, k=random.choice((1, 2, 2, 3, 3)))
    return [
        _contact(random, today, person, post, dial, domain)
        for person, post in zip(people(random), posts, strict=False)
    ]


def _contact(
    random: Random,
    today: date,
    person: Person,
    post: tuple[str, str, int],
    dial: str,
    domain: str,
) -> dict[str, Any]:
    title, role, influence = post
    body = {
        "name": person.name,
        "title": title,
        "decision_role": role,
        "influence": max(1, min(5, influence + random.choice((-1, 0, 0, 1)))),
        "relationship": random.choices(
            ("sponsor", "supporter", "neutral", "sceptic", "opponent"), (8, 32, 45, 12, 3)
        )[0],
        "birthday": str(today - timedelta(days=random.randint(28 * 365, 58 * 365))),
        "preferences": random.choice(_PREFERENCES),
        "phone": f"+86 {dial} {random.randint(2000, 8999)} {random.randint(0, 9999):04}",
        "email": f"{person.code}@{domain}",
    }
    return {field: value for field, value in body.items() if value is not None}
