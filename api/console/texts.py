"""Texts of the console in Chinese and English, and what the domain's are called there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from fastapi import Request

from api.imports.titles import ENGLISH
from api.kernel.problems import PROBLEMS
from domain.kernel.chinese import About, Language, catalogue, chinese, in_words, title, value
from domain.kernel.commands import every_command
from projections.kernel.listed import Listed

COOKIE = "language"
"""Where a browser keeps the language that was chosen."""

TEXTS: Mapping[str, tuple[str, str]] = {
    "alarms": ("告警", "Alarms"),
    "all": ("全部", "all"),
    "all well": ("一切正常", "All is well."),
    "amount": ("金额", "amount"),
    "apply": ("应用", "Apply"),
    "as bar": ("柱状图", "bars"),
    "as funnel": ("条形图", "funnel"),
    "as line": ("折线图", "lines"),
    "as pareto": ("帕累托图", "Pareto"),
    "as pivot": ("交叉表", "pivot"),
    "as table": ("表格", "table"),
    "axis": ("时间轴", "axis"),
    "by": ("操作人", "by"),
    "by default": ("默认", "by default"),
    "by dimension": ("按", "by"),
    "calls": ("我的客户的未结工单", "Open tickets of my customers"),
    "changed": ("自昨日以来的变化", "What changed since yesterday"),
    "changes": ("变更明细", "what it changed"),
    "charts": ("图表", "Charts"),
    "check": ("自行验证", "Check this yourself"),
    "columns": ("列", "Columns"),
    "commands": ("操作", "Commands"),
    "compare": ("对比", "compared with"),
    "contracts": ("合同", "Contracts"),
    "cumulated": ("累计占比", "cumulated share"),
    "currency": ("币种", "currency"),
    "customer": ("客户", "customer"),
    "day": ("日期", "Day"),
    "disk": ("可用磁盘", "free on the disk"),
    "down": ("未运行", "is down"),
    "download": ("下载", "Download"),
    "due today": ("今日到期", "due today"),
    "ending": ("180 天内到期的合同", "Contracts that end within 180 days"),
    "entries": ("条目", "entries"),
    "event": ("事件", "Event"),
    "fault": ("原因", "fault"),
    "fields": ("字段", "Fields"),
    "figures": ("数据", "Figures"),
    "file": ("文件", "file"),
    "filters": ("筛选", "Filters"),
    "first": ("仅显示前", "The first"),
    "first page": ("首页", "first page"),
    "from day": ("从", "from"),
    "go on": ("继续", "Go on to the new one"),
    "head office": ("总部", "Head office"),
    "heads": ("已签名的日志头", "Signed heads"),
    "history": ("历史", "History"),
    "home": ("首页", "Home"),
    "jobs": ("任务", "Jobs"),
    "key": ("密钥", "key"),
    "keys": ("公钥", "Public keys"),
    "known": ("已知于", "known on"),
    "known at": ("已知于位置", "known at position"),
    "lag": ("滞后", "lag"),
    "language": ("English", "中文"),
    "log": ("操作日志", "Who did what"),
    "look": ("形式", "shown as"),
    "marketing": ("营销", "Marketing"),
    "masked": ("对您屏蔽，未列入", "left out, as they are masked for you"),
    "measures": ("指标", "Measures"),
    "merged": (
        "您打开的客户已并入本客户。",
        "The customer that you opened was merged into this one.",
    ),
    "moment": ("时点", "moment"),
    "month": ("月份", "month"),
    "my customers": ("我的客户", "My customers"),
    "narrowed": ("仅统计对您可见以下字段的记录", "only records that show you these count"),
    "new": ("新建", "New"),
    "new password": ("新密码", "New password, 12 characters at least"),
    "next": ("下一页", "next page"),
    "no": ("否", "no"),
    "none": ("无", "nothing"),
    "not ready": ("未就绪", "not ready"),
    "not twice": ("两次输入的新密码不一致。", "The new password is not the same twice."),
    "nothing": ("没有记录", "There is nothing."),
    "now": ("现在", "now"),
    "number": ("数量", "number"),
    "of the first": ("仅统计按名称排序的前若干客户：", "Of the first customers by name alone:"),
    "old password": ("当前密码", "Present password"),
    "older": ("更早", "older"),
    "once more": ("再次输入新密码", "New password once more"),
    "one-time": (
        "由他人设置的密码只能用于修改密码。修改后，此前的所有登录都会结束。",
        "One that somebody else has set opens nothing but this change. All sessions before it end.",
    ),
    "open tickets": ("未结工单", "Open tickets"),
    "operations": ("系统运行", "Operations"),
    "overdue": ("已逾期", "overdue"),
    "own password": ("修改密码", "Change my password"),
    "parked": ("搁置的事件", "Parked events"),
    "part": ("部分", "part"),
    "parts": ("组成部分", "Parts"),
    "passed over": ("已跳过", "Passed over"),
    "password": ("密码", "Password"),
    "pipeline": ("商机漏斗（按阶段）", "Pipeline by stage"),
    "position": ("位置", "position"),
    "previous": ("上期", "the period before"),
    "process": ("进程", "process"),
    "processes": ("进程", "Processes"),
    "processor": ("处理器", "of a processor"),
    "product": ("产品", "product"),
    "proof": ("证明（可修改后再验证）", "The proof: alter it and check again"),
    "proved": (
        "属实：该事件在已签名的日志中，未被改动",
        "Proved: it is in the signed log, unaltered",
    ),
    "read only": ("不能发出指令", "nothing can be commanded there"),
    "ready": ("就绪", "ready"),
    "reason": ("理由", "reason"),
    "record": ("记录", "record"),
    "refused": ("被拒绝", "refused"),
    "refuted": ("不属实", "Refuted"),
    "reports": ("统计报表", "Reports"),
    "required": ("必填", "required"),
    "restarts": ("重启次数", "started again"),
    "retry": ("重试", "Try again"),
    "revenue": ("24 个月出账收入", "Billed in 24 months"),
    "revenue by product": ("12 个月分产品收入", "Billed in 12 months, by product"),
    "root": ("根哈希", "root"),
    "rows": ("行数", "rows"),
    "sales": ("销售", "Sales"),
    "search": ("搜索", "Search"),
    "service": ("服务", "Service"),
    "sign in": ("登录", "Sign in"),
    "sign out": ("退出", "Sign out"),
    "signed": ("员工编号", "Employee"),
    "signed up to": ("已签名至", "signed up to"),
    "similar": ("已登记，但与以下客户相似", "It is registered, and looks like these"),
    "since": ("此后的变化", "What changed since"),
    "skip": ("跳过", "Pass over"),
    "stage": ("阶段", "stage"),
    "stale": ("需要重建", "To be rebuilt"),
    "state": ("状态", "state"),
    "subsidiaries": ("下属单位", "Subsidiaries"),
    "system log": ("系统日志", "System log"),
    "technical": ("技术字段", "Kept by the system"),
    "timeline": ("全部动态", "Timeline of everything"),
    "to day": ("至", "to"),
    "to-dos": ("待办", "To do"),
    "top": ("前几名", "only the top"),
    "total": ("合计", "total"),
    "true": ("生效于", "true on"),
    "unsigned": (
        "尚无覆盖该事件的已签名日志头，请稍后再验证",
        "No signed head covers it yet: check it again later",
    ),
    "warehouse": ("数据仓库内存", "memory of the warehouse"),
    "weighted": ("加权金额", "weighted"),
    "what": ("事项", "What"),
    "won sales": ("24 个月赢单", "Sales won in 24 months"),
    "works": ("运行中", "works"),
    "yes": ("是", "yes"),
    "year-ago": ("上年同期", "a year ago"),
}
"""Each text by what the pages call it, in Chinese and in English."""


PARTS = {
    "api": "接口服务",
    "events": "事件",
    "operations": "操作",
    "react": "业务策略",
    "rows": "读模型",
    "supervisor": "守护进程",
    "warehouse": "数据仓库",
}
"""Parts and processes of the server, and its logs, in Chinese; others have their name."""


class Words:
    """What the pages say in one language."""

    def __init__(self, language: Language) -> None:
        """Speak a language."""
        self.language = language
        self.tag = "zh-CN" if language == "zh" else "en"
        self._of = get_args(Language).index(language)

    def __call__(self, text: str) -> str:
        """Return a text."""
        return TEXTS[text][self._of]

    def day(self, day: date) -> str:
        """Return a day as it is written, as in `31 March 2026`."""
        if self.language == "zh":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {day:%B} {day.year}"

    def kind(self, model: Listed) -> str:
        """Return what the records of a list are called."""
        name = in_words(model.plural)
        return self.told(model.kind, model.kind, "kind", name[0].upper() + name[1:])

    def field(self, model: Listed, name: str) -> str:
        """Return what a field is called: its title, or else its name in words."""
        plain = ENGLISH.get(name) or in_words(name.removesuffix("_id"))
        return (self.language == "zh" and title(model.kind, name)) or plain

    def value(self, model: Listed, said: str) -> str:
        """Return what a value of a closed set is called."""
        return value(model.kind, said) if self.language == "zh" else said

    def part(self, name: str) -> str:
        """Return what a part or a process of the server is called."""
        return PARTS.get(name, name) if self.language == "zh" else name

    def command(self, name: str) -> str:
        """Return what a command is called, with the kind of record: `customer.regrade`."""
        kind, _, verb = name.partition(".")
        if self.language == "en" or (said := chinese(kind, verb, "command")) is None:
            return name
        return f"{chinese(kind, kind, 'kind')} · {said}"

    def rule(self, name: str, command: str) -> str:
        """Return the rule of a name by which a command was refused; other refusals as they are."""
        known = every_command().get(command)
        found = (each for each in (known.rules if known else ()) if each.rule() == name)
        rule = next(found, None)
        return name if rule is None else self.told(command.partition(".")[0], rule.text())

    def problem(self, problem: Mapping[str, Any], kind: str = "") -> dict[str, Any]:
        """Return what the API answers when it refuses, in the words of a kind's rules."""
        if self.language == "en" or not problem:
            return {**problem}
        said = problem.get("title", "")
        return {
            **problem,
            "title": catalogue(PROBLEMS).get(("", said), said),
            "detail": self._rule(kind, problem.get("detail") or ""),
            "errors": [
                {**each, "detail": self._rule(kind, each["detail"])}
                for each in problem.get("errors") or ()
            ],
        }

    def _rule(self, kind: str, detail: str) -> str:
        """Return a rule in Chinese, with what helps in this very case behind it."""
        rule, end, hint = detail.partition(". ")
        return self.told(kind, detail, plain=self.told(kind, f"{rule}{end[:1]}") + hint)

    def told(self, kind: str, text: str, about: About = "", plain: str | None = None) -> str:
        """Return a text of the domain; in English as it is unless another one is `plain`."""
        spoken = chinese(kind, text, about) if self.language == "zh" else None
        return spoken or (text if plain is None else plain)


_SPOKEN = {language: Words(language) for language in get_args(Language)}


def words_for(request: Request) -> Words:
    """Return the words of the language that was chosen, or that the browser asks for."""
    chosen = request.cookies.get(COOKIE)
    if chosen not in get_args(Language):
        asked = request.headers.get("accept-language", "zh").strip().lower()
        chosen = "en" if asked.startswith("en") else "zh"
    return _SPOKEN[chosen]
