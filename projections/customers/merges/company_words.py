"""Words of company names that are no company's own: places, trades, branches, legal forms."""

from __future__ import annotations

_CITIES = """
北京
上海
天津
重庆
香港
澳门
台湾 台北 高雄 台中 台南 新竹
河北 石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水 雄安
山西 太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁
内蒙古 呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布 锡林郭勒
辽宁 沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 葫芦岛
吉林 长春 四平 辽源 通化 白山 松原 白城 延边
黑龙江 哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化
江苏 南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁 昆山 江阴 张家港
浙江 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 义乌
安徽 合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 六安 亳州 池州 宣城
福建 福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德 晋江
江西 南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶
山东 济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 菏泽
河南 郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌 漯河 三门峡 南阳 商丘 信阳 周口 驻马店
湖北 武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 恩施
湖南 长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 湘西
广东 广州 韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 梅州 汕尾 河源
广东 阳江 清远 东莞 中山 潮州 揭阳
广东 云浮 顺德
广西 南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左
海南 海口 三亚 三沙 儋州
四川 成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山 南充 眉山 宜宾 广安 达州 雅安 巴中 资阳
四川 凉山
贵州 贵阳 六盘水 遵义 安顺 毕节 铜仁 黔东南 黔南 黔西南
云南 昆明 曲靖 玉溪 保山 昭通 丽江 普洱 临沧 楚雄 红河 文山 西双版纳 大理 德宏
西藏 拉萨 日喀则 昌都 林芝 山南 那曲
陕西 西安 铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 安康 商洛
甘肃 兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉 酒泉 庆阳 定西 陇南
青海 西宁 海东 玉树
宁夏 银川 石嘴山 吴忠 固原 中卫
新疆 乌鲁木齐 克拉玛依 吐鲁番 哈密 昌吉 巴音郭楞 阿克苏 喀什 和田 伊犁 石河子
"""
PROVINCE_OF = {
    place: line.split()[0] for line in _CITIES.strip().splitlines() for place in line.split()
}
"""Each province and its cities, as GB/T 2260 has them, with the best known counties."""

COUNTRY = frozenset({"中国", "中华", "全国", "国家", "china", "prc", "cn"})
"""What may as well be left out, for most of the companies here are of the country."""

BRANCHES = frozenset(
    str.split(
        "分公司 子公司 分行 支行 分理处 储蓄所 营业部 营业厅 营业所 办事处 代表处 联络处 分部 分店 "
        "分校 分院 分局 分所 分厂 分社 分中心 门店 网点 服务部 经营部"
    )
)
"""What makes a part of an organisation of a name: it is another customer than the whole."""

TRADES = frozenset(
    str.split(
        "科技 技术 信息 网络 电子 通信 通讯 软件 硬件 数据 数码 数字 智能 智慧 互联网 物联网 系统 "
        "集成 自动化 计算机 半导体 光电 电气 电器 电力 电网 能源 新能源 石油 石化 化工 化学 煤炭 "
        "燃气 天然气 环保 环境 节能 生物 医药 制药 药业 医疗 器械 健康 卫生 医院 诊所 口腔 中医 "
        "美容 食品 饮料 餐饮 酒店 酒业 茶业 粮油 乳业 农业 林业 牧业 渔业 水产 种业 饲料 园林 绿化 "
        "园艺 实业 工业 企业 产业 商业 商贸 贸易 进出口 外贸 经贸 物资 百货 超市 零售 批发 电商 "
        "供应链 物流 货运 运输 快递 仓储 航空 航运 海运 船舶 港口 铁路 公路 交通 轨道 地铁 客运 "
        "汽车 汽配 摩托 机械 机电 机床 设备 装备 制造 加工 重工 模具 五金 金属 钢铁 有色 铝业 矿业 "
        "冶金 材料 新材料 建材 水泥 玻璃 陶瓷 塑料 橡胶 包装 印刷 造纸 纸业 纺织 服装 服饰 鞋业 "
        "皮革 家具 家居 家电 装饰 装修 装潢 设计 建筑 建设 建工 工程 路桥 市政 水利 水务 房地产 "
        "地产 置业 物业 开发 投资 资本 资产 基金 证券 期货 保险 银行 信托 租赁 担保 典当 金融 财务 "
        "会计 审计 税务 律师 法律 知识产权 咨询 顾问 管理 服务 人力资源 劳务 教育 培训 学校 大学 "
        "学院 中学 小学 幼儿园 研究院 研究所 设计院 出版 传媒 文化 广告 影视 传播 艺术 体育 娱乐 "
        "旅游 旅行社 会展 动漫 游戏 玩具 珠宝 首饰 眼镜 钟表 化妆品 日用品 仪器 仪表 检测 测绘 "
        "安防 消防 保安 家政 电信 移动 联通 广电 铁塔 邮政 烟草 工商 农业 人民 国际 全球 发展 "
        "销售 经营 营销 推广 运营 控制 创新 现代 综合 联合 事务所 合作社 代理 经纪 航天 核电 风电 "
        "光伏 电池 照明 灯饰 线缆 电缆 芯片 云计算 人民政府 财政局 税务局 公安局 教育局 法院 "
        "检察院 委员会 中心 协会 商会"
    )
)
"""Trades as GB/T 4754 calls them, and what else stands in hundreds of names."""

_SHORT = str.split("""
中石化 中国石油化工 中石油 中国石油天然气 中海油 中国海洋石油 石化 石油化工
工行 工商银行 农行 农业银行 建行 建设银行 招行 招商银行 交行 交通银行 移动通信 移动 通讯 通信
intl international tech technology technologies technology mfg manufacturing dev development
pharma pharmaceutical svcs service svc service assoc associate bros brother natl national
univ university mgmt management dept department engg engineering ind industry bk bank
industries industry companies company
""")
SAME = dict(zip(_SHORT[::2], _SHORT[1::2], strict=True))
"""Short forms, and what they stand for."""

LATIN_FORMS = frozenset(
    str.split(
        "inc incorporated ltd limited llc llp lp plc co company corp corporation group holding "
        "holdings gmbh ag sa sarl srl bv nv pty pte kk oy ab as spa sas"
    )
)
IDLE = frozenset({"the", "and", "of"})
"""What stands between the words of a name."""

CHINESE_FORMS = (
    "集团|控股|股份合作|股份|(?:有限|无限)?责任公司|有限合伙|普通合伙|有限公司|总公司|"
    "(?<![分子])公司|有限$"
)
"""The legal forms of Chinese names, as a pattern."""
