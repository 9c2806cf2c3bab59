"""Pairs of company names, from the rules by which names are given, shortened and mistyped.

`python -m tests.projections.customers.merges.make_pairs` writes `pairs.csv` and
`pairs_held_out.csv`, 150 pairs of one customer and 150 of two in each. The second half is of other
names and other rules.
"""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
EACH = 150

Pair = tuple[str, str]
Rule = Callable[[Random], Pair]

# Names as the rules for registering enterprises have them: place, own name, trade, legal form.
CITIES = {
    "广东": str.split("广州 深圳 珠海 佛山 东莞 惠州 中山 江门 汕头 湛江"),
    "江苏": str.split("南京 苏州 无锡 常州 南通 徐州 扬州"),
    "浙江": str.split("杭州 宁波 温州 嘉兴 绍兴 金华"),
    "四川": str.split("成都 绵阳 德阳 宜宾"),
    "湖北": str.split("武汉 宜昌 襄阳 荆州"),
    "山东": str.split("济南 青岛 烟台 潍坊 临沂"),
}
OWN = str.split(
    "天河 启明 鑫盛达 华泰 恒信 博远 嘉禾 瑞丰 金鼎 长风 云山 万和 德众 宏图 远航 立诚 盛世华章 "
    "海纳 中正 百川 星辰 金石 东方红 凯乐 新天地 润泽 同创 汇通 安捷信 永昌 大洋 四维 力天 创智 "
    "佳讯飞鸿 格林 蓝海 紫光 北斗 正泰恒 亿联 捷思锐 优必胜 科达 国安 飞扬 三和 明珠 宝龙 顺发"
)
TRADES = str.split(
    "科技 实业 贸易 电子 信息技术 网络科技 房地产开发 物流 建筑工程 文化传媒 医药 食品 机械设备 "
    "投资 环保 化工 服装 汽车销售 教育咨询 物业管理 通信 软件 能源 酒店管理 纺织"
)
FORMS = ["有限公司", "有限责任公司", "股份有限公司", "集团有限公司", "集团股份有限公司"]
BANKS = str.split(
    "中国银行 中国工商银行 中国农业银行 中国建设银行 交通银行 招商银行 中信银行 平安银行 兴业银行"
)
SOUNDS = str.split(
    "盛胜晟圣 鑫新欣芯 华骅桦 达答 通同桐 信讯迅 天添 宇雨羽语 恒衡横 博铂伯柏 诚成城承 "
    "佳嘉加家 瑞睿锐 科柯棵 技际计 力利立丽 源原元园 威巍薇 明铭名 众中仲 兴星幸 丰峰锋枫 "
    "泰太钛 隆龙 电店典 贸茂冒 易艺亿益 实石食 业页叶 息西希 建健剑 工公功 程成呈 设社 备倍 "
    "海嗨 洋阳扬 云芸 河和合荷 启起奇 远园源 安暗 创闯 智志至 飞非菲 德得 银引 行航 广光 州洲舟 "
    "深申 圳阵 长常 正证政 川穿 石时 东冬 红宏洪 方芳 金今 鼎顶 万完 图途 航杭 物务 流留 文闻 "
    "化画 投头 资姿"
)
TRADITIONAL = dict(
    zip(
        "华东国银业车电广实医药机设备团际龙长汇创维达紫业贸网络传众远联乐开发产动无汉宁济岛苏",
        "華東國銀業車電廣實醫藥機設備團際龍長匯創維達紫業貿網絡傳眾遠聯樂開發產動無漢寧濟島蘇",
        strict=True,
    )
)
ENGLISH = str.split(
    "Sunrise Harbor Pacific Golden Evergreen Pinnacle Meridian Cascade Redwood Falcon Stellar "
    "Quantum Horizon Summit Liberty Phoenix Atlas Orion Northwind Bluewater Silverline "
    "Ironbridge Clearview Brightstar Keystone Lakeside Granite Maple Riverside Crestwood"
)
ENGLISH_TRADES = str.split(
    "Networks Logistics Technologies Trading Energy Foods Textiles Electronics Pharmaceuticals "
    "Shipping Insurance Chemicals Software Construction Automotive Consulting Semiconductors"
)
ENGLISH_FORMS = ["Inc.", "Ltd", "Co., Ltd.", "LLC", "Corporation", "Limited", "Group", "Holdings"]
SHORT = {
    "Technologies": "Tech",
    "International": "Intl",
    "Manufacturing": "Mfg",
    "Pharmaceuticals": "Pharma",
    "Services": "Svcs",
    "Company": "Co",
    "Associates": "Assoc",
}


class Name:
    """The parts of a Chinese name."""

    def __init__(self, random: Random) -> None:
        self.province = random.choice(list(CITIES))
        self.city = random.choice(CITIES[self.province])
        self.own = random.choice(OWN)
        self.trade = random.choice(TRADES)
        self.form = random.choice(FORMS[:3])

    def __str__(self) -> str:
        return f"{self.city}{self.own}{self.trade}{self.form}"


def other(random: Random, choices: Sequence[str], but: str) -> str:
    return random.choice([each for each in choices if each != but])


def slipped(random: Random, text: str, upto: int) -> str:
    """Return a text with a slip before a place: one of like sound, one lost, two turned."""
    sounds = [
        (place, alike.replace(text[place], ""))
        for place in range(upto)
        for alike in SOUNDS
        if text[place] in alike
    ]
    kind = random.random()
    if sounds and kind < 0.7:
        place, alike = random.choice(sounds)
        return text[:place] + random.choice(alike) + text[place + 1 :]
    place = random.randrange(upto - 1)
    if kind < 0.8:
        return text[:place] + text[place] * 2 + text[place + 1 :]
    if kind < 0.9 and text[place] != text[place + 1]:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + text[place + 1 :]


def mistyped(random: Random, text: str) -> str:
    """Return English with one slip of the fingers, never in the first letter."""
    place = random.randrange(1, len(text.split()[0]) + 4)
    while not (
        text[place].isalpha() and text[place + 1].isalpha() and text[place] != text[place + 1]
    ):
        place -= 1
    kind = random.randrange(4)
    if kind == 0:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    if kind == 1:
        return text[:place] + text[place + 1 :]
    if kind == 2:
        return text[:place] + text[place] + text[place:]
    near = {
        "a": "s",
        "e": "r",
        "i": "o",
        "o": "p",
        "n": "m",
        "r": "t",
        "s": "d",
        "t": "y",
        "l": "k",
    }
    return text[:place] + near.get(text[place].lower(), "e") + text[place + 1 :]


def wide(text: str) -> str:
    return "".join(
        chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "　" if c == " " else c for c in text
    )


# One customer, written in two ways.


def form_changed(random: Random) -> Pair:
    name = Name(random)
    end = other(random, [*FORMS, "", "公司"], name.form)
    return str(name), f"{name.city}{name.own}{name.trade}{end}"


def place_in_brackets(random: Random) -> Pair:
    name = Name(random)
    bracket = random.choice(["（{}）", "({})"]).format(name.city)
    return str(name), f"{name.own}{name.trade}{bracket}{name.form}"


def province_put_first(random: Random) -> Pair:
    name = Name(random)
    province = random.choice([f"{name.province}省", name.province])
    city = random.choice([f"{name.city}市", name.city])
    return str(name), f"{province}{city}{name.own}{name.trade}{name.form}"


def province_moved(random: Random) -> Pair:
    name = Name(random)
    return (
        f"{name.province}{name.own}{name.trade}{name.form}",
        f"{name.own}{name.trade}{random.choice(['（{}）', '{}']).format(name.province)}{name.form}",
    )


def slip(random: Random) -> Pair:
    name = Name(random)
    text = str(name)
    return text, slipped(random, text, len(text) - len(name.form))


def traditional(random: Random) -> Pair:
    while True:
        text = str(Name(random)).replace("有限公司", random.choice(["有限公司", "集团有限公司"]))
        turned = "".join(TRADITIONAL.get(each, each) for each in text)
        if turned != text:
            return text, turned


def other_marks(random: Random) -> Pair:
    name = Name(random)
    number = random.choice(["A3", "T&D", "21", "e-Link", "ABC", "K8"])
    text = f"{name.city}{number}{name.own}{name.trade}{name.form}"
    return text, random.choice([wide(text), text.lower(), text.replace(number, f" {number} ")])


def middle_word_missing(random: Random) -> Pair:
    name = Name(random)
    word = random.choice(str.split("信息 国际 电子 通信 新能源 智能 数字 发展 现代 生物 工程 网络"))
    return f"{name.city}{name.own}{word}{name.trade}{name.form}", str(name)


def branch_put_first(random: Random) -> Pair:
    bank, name = random.choice(BANKS), Name(random)
    return random.choice(
        [
            (f"{bank}{name.city}分行", f"{name.city}{bank}分行"),
            (f"{bank}股份有限公司{name.city}分行", f"{bank}{name.city}分行"),
            (f"{bank}{name.city}分行", f"{name.city}分行（{bank}）"),
            (
                f"{name.own}{name.trade}{name.form}{name.city}分公司",
                f"{name.city}分公司（{name.own}{name.trade}{name.form}）",
            ),
        ]
    )


def shortened(random: Random) -> Pair:
    name = Name(random)
    return random.choice(
        [
            (f"中国移动通信集团{name.province}有限公司", f"中国移动{name.province}公司"),
            (f"中国电信股份有限公司{name.city}分公司", f"中国电信{name.city}分公司"),
            (f"中国电信股份有限公司{name.city}分公司", f"{name.city}电信分公司"),
            (f"中国工商银行{name.city}分行", f"工商银行{name.city}分行"),
            (f"中国农业银行{name.city}分行", f"农业银行{name.city}市分行"),
            (f"中国建设银行股份有限公司{name.city}分行", f"建设银行{name.city}分行"),
            (str(name), f"{name.own}{name.trade}"),
            (str(name), f"{name.city}{name.own}"),
        ]
    )


def english_form(random: Random) -> Pair:
    name = f"{random.choice(ENGLISH)} {random.choice(ENGLISH_TRADES)}"
    one, two = random.sample(ENGLISH_FORMS, 2)
    return f"{name} {one}", random.choice([f"{name.upper()} {two}", f"The {name}, {two}", name])


def english_slip(random: Random) -> Pair:
    name = f"{random.choice(ENGLISH)} {random.choice(ENGLISH_TRADES)}"
    form = random.choice(ENGLISH_FORMS)
    return f"{name} {form}", f"{mistyped(random, name)} {form}"


def english_shortened(random: Random) -> Pair:
    long = random.choice(["Technologies", "Manufacturing", "Pharmaceuticals", "Services"])
    first, form = random.choice(ENGLISH), random.choice(ENGLISH_FORMS)
    more = random.choice(["", " International"])
    short = " Intl" if more else ""
    return f"{first}{more} {long} {form}", f"{first}{short} {SHORT[long]} {form}"


def english_word_missing(random: Random) -> Pair:
    first, trade = random.choice(ENGLISH), random.choice(ENGLISH_TRADES)
    middle = random.choice(["Global", "International", "Asia", "Digital", "Advanced"])
    form = random.choice(ENGLISH_FORMS)
    return f"{first} {middle} {trade} {form}", f"{first} {trade} {form}"


# Two customers.


def other_place(random: Random) -> Pair:
    one, name = Name(random), Name(random)
    city = other(random, [each for some in CITIES.values() for each in some], one.city)
    return str(one), f"{city}{one.own}{one.trade}{name.form}"


def other_trade(random: Random) -> Pair:
    one, name = Name(random), Name(random)
    trade = other(random, [each for each in TRADES if each[0] != one.trade[0]], one.trade)
    return str(one), f"{one.city}{one.own}{trade}{name.form}"


def other_own_name(random: Random) -> Pair:
    one = Name(random)
    own = other(random, OWN, one.own)
    return str(one), f"{one.city}{own}{one.trade}{one.form}"


def own_name_half_alike(random: Random) -> Pair:
    heads, tails = "华中国金新大东天恒宏", "泰润鼎迪康源贝耀腾麒"
    one = Name(random)
    first, second = random.sample(tails, 2) if random.random() < 0.5 else random.sample(heads, 2)
    kept = random.choice(tails if first in heads else heads)
    names = [f"{kept}{each}" if each in tails else f"{each}{kept}" for each in (first, second)]
    return (
        f"{one.city}{names[0]}{one.trade}{one.form}",
        f"{one.city}{names[1]}{one.trade}{one.form}",
    )


def other_number(random: Random) -> Pair:
    name = Name(random)
    one, two = random.sample("一二三四五六七八", 2)
    a, b = random.sample(range(1, 30), 2)
    return random.choice(
        [
            (f"{name.city}市第{one}人民医院", f"{name.city}市第{two}人民医院"),
            (f"{name.city}第{one}建筑工程公司", f"{name.city}第{two}建筑工程公司"),
            (f"{name.city}市第{one}中学", f"{name.city}市第{two}中学"),
            (
                f"{name.own}{name.trade}{name.city}{a}号店",
                f"{name.own}{name.trade}{name.city}{b}号店",
            ),
        ]
    )


def head_office_and_branch(random: Random) -> Pair:
    bank, name = random.choice(BANKS), Name(random)
    return random.choice(
        [
            (bank, f"{bank}{name.city}分行"),
            (f"{bank}股份有限公司", f"{bank}股份有限公司{name.city}分行"),
            (f"{bank}{name.city}分行", f"{bank}{name.city}{random.choice(OWN)}支行"),
            (
                f"{name.own}{name.trade}{name.form}",
                f"{name.own}{name.trade}{name.form}{name.city}分公司",
            ),
        ]
    )


def other_branch(random: Random) -> Pair:
    bank = random.choice(BANKS)
    province = random.choice(list(CITIES))
    one, two = random.sample(CITIES[province], 2)
    a, b = random.sample(OWN, 2)
    return random.choice(
        [
            (f"{bank}{one}分行", f"{bank}{two}分行"),
            (f"{bank}{one}{a}支行", f"{bank}{one}{b}支行"),
            (
                f"中国移动通信集团{province}有限公司{one}分公司",
                f"中国移动通信集团{province}有限公司{two}分公司",
            ),
        ]
    )


def other_bank(random: Random) -> Pair:
    one, two = random.sample(BANKS, 2)
    city = Name(random).city
    return f"{one}{city}分行", f"{two}{city}分行"


def other_province(random: Random) -> Pair:
    one, two = random.sample(list(CITIES), 2)
    name = Name(random)
    return random.choice(
        [
            (f"中国移动通信集团{one}有限公司", f"中国移动通信集团{two}有限公司"),
            (
                f"{one}省{name.own}{name.trade}{name.form}",
                f"{two}省{name.own}{name.trade}{name.form}",
            ),
        ]
    )


def english_other_word(random: Random) -> Pair:
    one, two = random.sample(ENGLISH, 2)
    trade, form = random.choice(ENGLISH_TRADES), random.choice(ENGLISH_FORMS)
    return f"{one} {trade} {form}", f"{two} {trade} {form}"


def english_other_trade(random: Random) -> Pair:
    one, two = random.sample(ENGLISH_TRADES, 2)
    first, form = random.choice(ENGLISH), random.choice(ENGLISH_FORMS)
    return f"{first} {one} {form}", f"{first} {two} {form}"


def english_near(random: Random) -> Pair:
    trade, form = random.choice(ENGLISH_TRADES), random.choice(ENGLISH_FORMS)
    a, b = random.sample(range(1, 60), 2)
    one, two = random.choice(
        [
            ("Acme", "Acne"),
            ("North Shore", "South Shore"),
            ("East Lake", "West Lake"),
            ("First National", "Second National"),
            ("Sunset", "Sunrise"),
            (f"Plant {a}", f"Plant {b}"),
            ("Upper Valley", "Lower Valley"),
            ("Alpha", "Alpine"),
        ]
    )
    return f"{one} {trade} {form}", f"{two} {trade} {form}"


SAME: list[Rule] = [
    *(form_changed, place_in_brackets, province_put_first, province_moved, slip, slip, traditional),
    *(other_marks, middle_word_missing, branch_put_first, shortened, english_form, english_slip),
    *(english_shortened, english_word_missing),
]
DIFFERENT: list[Rule] = [
    *(other_place, other_trade, other_own_name, own_name_half_alike, other_number),
    *(head_office_and_branch, other_branch, other_bank, other_province),
    *(english_other_word, english_other_trade, english_near),
]
BY_HAND: dict[bool, list[Pair]] = {
    True: [
        ("广州天河科技有限公司", "天河科技股份有限公司（广州）"),
        ("中国石油化工股份有限公司广东石油分公司", "中国石化广东石油分公司"),
        ("华为技术有限公司", "华为技术（深圳）有限公司"),
        ("腾讯科技（深圳）有限公司", "深圳市腾讯科技有限公司"),
        ("International Business Machines Corp.", "International Business Machine Corporation"),
        ("Procter & Gamble (China) Ltd.", "Procter and Gamble China"),
        ("上海浦東發展銀行股份有限公司", "上海浦东发展银行"),
        ("阿里巴巴（中国）网络技术有限公司", "阿里巴巴网络技术有限公司"),
        ("中国人寿保险股份有限公司广州市分公司", "中国人寿保险广州分公司"),
        ("ＴＣＬ科技集团股份有限公司", "TCL科技集团"),
    ],
    False: [
        ("中国人寿保险股份有限公司", "中国人民保险集团股份有限公司"),
        ("中国银行广州分行", "中国银行深圳分行"),
        ("中国电信广州分公司", "中国联通广州分公司"),
        ("北京大学", "北京大学第一医院"),
        ("平安银行股份有限公司", "平安证券股份有限公司"),
        ("中山大学附属第一医院", "中山大学附属第三医院"),
        ("广州恒大实业有限公司", "广州恒信实业有限公司"),
        ("Bank of America", "Bank of Africa"),
        ("General Motors", "General Electric"),
        ("中国南方航空股份有限公司", "中国东方航空股份有限公司"),
    ],
}


def drawn(rules: Sequence[Rule], by_hand: Sequence[Pair], random: Random) -> list[tuple[str, Pair]]:
    """Return the pairs made by hand and as many by each rule, none twice."""
    found = dict.fromkeys(by_hand, "by hand")
    number = 0
    while len(found) < EACH:
        rule = rules[number % len(rules)]
        pair = rule(random)
        if pair not in found and pair[0] != pair[1]:
            found[pair] = rule.__name__.replace("_", " ")
            number += 1
    return sorted((rule, pair) for pair, rule in found.items())


def write(
    path: Path, same: Sequence[Rule], different: Sequence[Rule], by_hand: dict[bool, list[Pair]]
) -> None:
    """Write the pairs of both kinds as CSV."""
    random = Random(path.name)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("same", "rule", "one", "other"))
        for is_same, rules in ((True, same), (False, different)):
            for rule, (one, two) in drawn(rules, by_hand[is_same], random):
                rows.writerow((int(is_same), rule, one, two))


if __name__ == "__main__":
    from tests.projections.customers.merges import held_out_pairs as held_out

    write(HERE / "pairs.csv", SAME, DIFFERENT, BY_HAND)
    write(HERE / "pairs_held_out.csv", held_out.SAME, held_out.DIFFERENT, held_out.BY_HAND)
