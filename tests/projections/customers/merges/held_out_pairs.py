"""Pairs held out: other names and other rules, by which no weight was chosen."""

from random import Random

from tests.projections.customers.merges.make_pairs import Pair, Rule, wide

PLACES = str.split(
    "北京 上海 天津 重庆 福州 厦门 泉州 长沙 株洲 郑州 洛阳 西安 合肥 南昌 昆明 贵阳 沈阳 大连 "
    "哈尔滨 长春 石家庄 太原 兰州 南宁 桂林 海口 乌鲁木齐 呼和浩特"
)
DISTRICTS = str.split("朝阳 浦东新 海淀 滨海新 渝北 鼓楼 思明 岳麓 雁塔 高新 昆山 义乌 晋江 顺德")
OWN = str.split(
    "普惠 金蝶 东软 用友 三一 中联 海康 大疆 比亚迪 美的 格力 老干妈 全聚德 同仁堂 稻香村 "
    "六必居 恒瑞 复星 万华 双汇 雨润 娃哈哈 农夫山泉 康师傅 统一 旺旺 白象 五粮液 古井 洋河 "
    "杏花村 海天 李锦记 圆通 申通 中通 韵达 顺丰 德邦 安能 百世 跨越 泛海 龙湖 碧桂园 融创 保利 "
    "绿地 金科 阳光城 旭辉 世茂"
)
TRADES = str.split(
    "餐饮管理 供应链管理 生物科技 装饰工程 广告 印刷包装 五金制品 塑料 玻璃 陶瓷 家具 珠宝 "
    "农业开发 水产 茶业 酒业 制药 医疗器械 航空服务 旅行社 影视文化 体育用品 玩具 自动化设备 "
    "电气 光电科技 新材料 检测技术 保险经纪 融资租赁 资产管理 商业保理 人力资源 园林绿化 "
    "智能装备 数据服务"
)
FORMS = ["有限公司", "有限责任公司", "股份有限公司"]
SHAPES = str.split(
    "己已 未末 士土 大太 人入 日曰 天夭 千干 晴睛 炬拒 辰晨 技枝 料科 特持 材村 洋详 农衣 光先 "
    "业亚 管菅 旅族 广厂 电由 体休 玩顽 具且 化北 文交 品晶 金全 茶荼 水永 木本 生牛 工土 王玉 "
    "五丑 三二 州洲 海诲 康唐 通涌 顺倾 安宁 龙尤 利刊 合台 军车 美羊 德得 圆园"
)
FIRST = str.split(
    "Walker Bennett Harrison Lindqvist Okafor Tanaka Moreau Delgado Fitzgerald Kowalski "
    "Andersen Petrov Rossi Schneider Nakamura Silva Bergstrom Castellano Whitfield Osborne"
)
LINES = str.split(
    "Machine Tools|Medical Devices|Freight Forwarding|Property Management|Wind Power|"
    "Data Systems|Paper Mills|Steel Works|Marine Engineering|Dairy Products|Optical Instruments|"
    "Film Studios|Asset Management|Water Treatment|Auto Parts|Fine Chemicals",
    "|",
)
ENDS = [
    "GmbH",
    "S.A.",
    "PLC",
    "Pty Ltd",
    "Pte. Ltd.",
    "Incorporated",
    "Company Limited",
    "AG",
    "LLP",
]
UNITS = str.split("财政局 税务局 公安局 教育局 卫生健康委员会 自然资源局 市场监督管理局 水务局")
HK = [
    ("长江实业集团有限公司", "長江實業集團有限公司"),
    ("国泰航空有限公司", "國泰航空有限公司"),
    ("台湾积体电路制造股份有限公司", "台灣積體電路製造股份有限公司"),
    ("鸿海精密工业股份有限公司", "鴻海精密工業股份有限公司"),
    ("联发科技股份有限公司", "聯發科技股份有限公司"),
    ("富邦金融控股股份有限公司", "富邦金融控股股份有限公司（台灣）"),
    ("新鸿基地产发展有限公司", "新鴻基地產發展有限公司"),
    ("恒隆地产有限公司", "恆隆地產有限公司"),
    ("汇丰控股有限公司", "匯豐控股有限公司"),
    ("电讯盈科有限公司", "電訊盈科有限公司"),
    ("周大福珠宝集团有限公司", "周大福珠寶集團有限公司"),
    ("统一企业股份有限公司", "統一企業股份有限公司"),
]


def base(random: Random) -> tuple[str, str, str, str]:
    return (
        random.choice(PLACES),
        random.choice(OWN),
        random.choice(TRADES),
        random.choice(FORMS),
    )


def english(random: Random) -> tuple[str, str, str]:
    return random.choice(FIRST), random.choice(LINES), random.choice(ENDS)


# One customer.


def shape_slip(random: Random) -> Pair:
    while True:
        place, own, trade, form = base(random)
        text = f"{place}{own}{trade}"
        slips = [(n, pair) for n, c in enumerate(text) for pair in SHAPES if c in pair]
        if slips:
            n, pair = random.choice(slips)
            return text + form, text[:n] + pair.replace(text[n], "") + text[n + 1 :] + form


def character_lost(random: Random) -> Pair:
    place, own, trade, form = base(random)
    rest = f"{place}{own}{trade}"
    n = random.randrange(len(rest))
    return rest + form, rest[:n] + rest[n + 1 :] + form


def district_added(random: Random) -> Pair:
    place, own, trade, form = base(random)
    return f"{place}{own}{trade}{form}", f"{place}市{random.choice(DISTRICTS)}区{own}{trade}{form}"


def form_cut(random: Random) -> Pair:
    place, own, trade, form = base(random)
    end = random.choice(["", "公司", "有限", "（集团）有限公司", "(集团)股份公司", "控股有限公司"])
    return f"{place}{own}{trade}{form}", f"{place}{own}{trade}{end}"


def place_at_the_end(random: Random) -> Pair:
    place, own, trade, form = base(random)
    end = random.choice(
        ["{0}{1}（{2}）{3}", "{0}（{2}）{1}{3}", "{0}{1}{3}（{2}）", "{0}{1}{3} - {2}"]
    )
    return f"{place}{own}{trade}{form}", end.format(own, trade, place, form)


def trade_shortened(random: Random) -> Pair:
    while True:
        place, own, trade, form = base(random)
        if len(trade) == 4:
            return f"{place}{own}{trade}{form}", f"{place}{own}{trade[:2]}{form}"


def department(random: Random) -> Pair:
    place, unit = random.choice(PLACES), random.choice(UNITS)
    return random.choice(
        [
            (f"{place}市{unit}", f"{place}{unit}"),
            (f"{place}市{unit}", f"{place}市 {unit}"),
            (f"{place}市人民政府", f"{place}人民政府"),
            (f"{place}市第一人民医院", f"{place}第一人民医院"),
            (f"{place}市第二中学", f"{place}第二中学"),
        ]
    )


def hong_kong_and_taiwan(random: Random) -> Pair:
    return random.choice(HK)


def spaced_and_wide(random: Random) -> Pair:
    place, own, trade, form = base(random)
    mark = random.choice(["3D", "5G", "H3", "U-Life", "R&F", "X1"])
    text = f"{place}{mark}{own}{trade}{form}"
    return text, random.choice([wide(text), f" {place} {mark} {own}{trade} {form}", f"“{text}”"])


def branch_of_a_company(random: Random) -> Pair:
    place, own, trade, form = base(random)
    return random.choice(
        [
            (f"{own}{trade}{form}{place}分公司", f"{place}{own}{trade}分公司"),
            (f"{own}{trade}{form}{place}办事处", f"{own}{trade}驻{place}办事处"),
            (f"{own}{trade}{form}{place}营业部", f"{place}营业部 {own}{trade}{form}"),
        ]
    )


def english_end(random: Random) -> Pair:
    first, line, end = english(random)
    other = random.choice([each for each in ENDS if each != end])
    return f"{first} {line} {end}", random.choice(
        [f"{first} {line}, {other}", f"{first}-{line} {end}"]
    )


def english_letters(random: Random) -> Pair:
    first, line, end = english(random)
    n = random.randrange(1, len(first) - 1)
    wrong = random.choice(
        [
            first[:n] + first[n + 1 :],
            first[:n] + first[n + 1] + first[n] + first[n + 2 :],
            first[:n] + first[n] + first[n:],
        ]
    )
    return f"{first} {line} {end}", f"{wrong} {line} {end}"


def english_country(random: Random) -> Pair:
    first, line, end = english(random)
    return f"{first} {line} (China) {end}", f"{first} {line} China {end}"


def english_and(random: Random) -> Pair:
    one, two = random.sample(FIRST, 2)
    end = random.choice(ENDS)
    return f"{one} & {two} {end}", f"{one} and {two} {end}"


# Two customers.


def next_place(random: Random) -> Pair:
    place, own, trade, form = base(random)
    there = random.choice([each for each in PLACES if each != place])
    return f"{place}{own}{trade}{form}", f"{there}{own}{trade}{form}"


def next_own(random: Random) -> Pair:
    place, own, trade, form = base(random)
    instead = random.choice([each for each in OWN if each != own])
    return f"{place}{own}{trade}{form}", f"{place}{instead}{trade}{form}"


def next_trade(random: Random) -> Pair:
    place, own, trade, form = base(random)
    instead = random.choice([each for each in TRADES if not set(each) & set(trade)])
    return f"{place}{own}{trade}{form}", f"{place}{own}{instead}{form}"


def one_character_of_two(random: Random) -> Pair:
    place, _, trade, form = base(random)
    pool = "宏伟凌峻腾霖卓越晖煜麟瀚韬筑沃朗"
    kept, one, two = random.sample(pool, 3)
    names = (kept + one, kept + two) if random.random() < 0.5 else (one + kept, two + kept)
    return f"{place}{names[0]}{trade}{form}", f"{place}{names[1]}{trade}{form}"


def next_department(random: Random) -> Pair:
    place = random.choice(PLACES)
    one, two = random.sample(UNITS, 2)
    there = random.choice([each for each in PLACES if each != place])
    return random.choice(
        [(f"{place}市{one}", f"{place}市{two}"), (f"{place}市{one}", f"{there}市{one}")]
    )


def next_school(random: Random) -> Pair:
    place = random.choice(PLACES)
    one, two = random.sample(["实验", "外国语", "第一", "第三", "第六", "育才", "师范附属"], 2)
    kind = random.choice(["中学", "小学"])
    return random.choice(
        [
            (f"{place}市{one}{kind}", f"{place}市{two}{kind}"),
            (f"{place}大学第一附属医院", f"{place}大学第二附属医院"),
            (f"{place}市中医院", f"{place}市儿童医院"),
            (f"{place}理工大学", f"{place}师范大学"),
        ]
    )


def next_office(random: Random) -> Pair:
    place, own, trade, form = base(random)
    there = random.choice([each for each in PLACES if each != place])
    kind = random.choice(["分公司", "办事处", "营业部"])
    return random.choice(
        [
            (f"{own}{trade}{form}{place}{kind}", f"{own}{trade}{form}{there}{kind}"),
            (f"{own}{trade}{form}", f"{own}{trade}{form}{place}{kind}"),
        ]
    )


def next_figure(random: Random) -> Pair:
    place, own, _, form = base(random)
    a, b = random.sample(range(2, 99), 2)
    return random.choice(
        [
            (f"{place}{own}{a}号加油站", f"{place}{own}{b}号加油站"),
            (f"{own}便利店（{place}{a}店）", f"{own}便利店（{place}{b}店）"),
            (f"{place}{a}度装饰{form}", f"{place}{b}度装饰{form}"),
        ]
    )


def english_first(random: Random) -> Pair:
    one, two = random.sample(FIRST, 2)
    _, line, end = english(random)
    return f"{one} {line} {end}", f"{two} {line} {end}"


def english_line(random: Random) -> Pair:
    first, _, end = english(random)
    one, two = random.sample(LINES, 2)
    return f"{first} {one} {end}", f"{first} {two} {end}"


def english_partner(random: Random) -> Pair:
    one, two, three = random.sample(FIRST, 3)
    end = random.choice(ENDS)
    return f"{one} & {two} {end}", f"{one} & {three} {end}"


def english_short(random: Random) -> Pair:
    _, line, end = english(random)
    one, two = random.choice(
        [
            ("Nova", "Nora"),
            ("Delta", "Della"),
            ("Royal Bank of Scotland", "Royal Bank of Canada"),
            ("New York", "New Jersey"),
            ("Union Pacific", "Union Atlantic"),
            ("Line 1", "Line 2"),
            ("Station 12", "Station 21"),
            ("Western", "Eastern"),
        ]
    )
    return f"{one} {line} {end}", f"{two} {line} {end}"


SAME: list[Rule] = [
    *(shape_slip, character_lost, district_added, form_cut, place_at_the_end, trade_shortened),
    *(department, spaced_and_wide, branch_of_a_company, english_end),
    *(english_letters, english_country, english_and),
]
DIFFERENT: list[Rule] = [
    *(next_place, next_own, next_trade, one_character_of_two, next_department, next_school),
    *(next_office, next_figure, english_first, english_line, english_partner, english_short),
]
BY_HAND: dict[bool, list[Pair]] = {
    True: [
        *HK,
        ("中国铁路工程集团有限公司", "中国铁路工程集团"),
        ("大众汽车（中国）投资有限公司", "大众汽车投资（中国）有限公司"),
        ("西门子（中国）有限公司", "西门子中国有限公司"),
        ("Robert Bosch GmbH", "ROBERT BOSCH"),
        ("Hewlett-Packard Company", "Hewlett Packard Co"),
        ("Johnson & Johnson", "Johnson and Johnson, Inc."),
        ("深圳市大疆创新科技有限公司", "大疆创新科技（深圳）"),
        ("清华大学", "清華大學"),
    ],
    False: [
        ("中国铁路工程集团有限公司", "中国铁路建设集团有限公司"),
        ("北京协和医院", "北京同仁医院"),
        ("东方航空云南有限公司", "东方航空江苏有限公司"),
        ("中国石油天然气集团有限公司", "中国海洋石油集团有限公司"),
        ("上海第一医药股份有限公司", "上海第一百货股份有限公司"),
        ("Deutsche Bank AG", "Deutsche Post AG"),
        ("American Airlines", "American Express"),
        ("国家电网有限公司", "国家电网有限公司华东分部"),
    ],
}
