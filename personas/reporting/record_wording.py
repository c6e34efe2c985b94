"""What records hold in English, as a Chinese page says it: names of the data, and the few sentences made of them.

Records and logs keep one language. Only what is made below the reports, where no page is known, is worded here; what is
not listed stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from personas.reporting.report_wording import ReportLanguage

NAMES: Mapping[str, str] = {
    "empty": "空白",
    "no words": "没有文字",
    "unreadable": "无法读取",
    "duplicate of same customer": "同一客户的重复",
    "duplicate id": "编号重复",
    "not text": "不是文本",
    "email": "邮箱",
    "phone": "电话",
    "card": "银行卡",
    "iban": "IBAN",
    "id number": "证件号",
    "login": "登录信息",
    "ip address": "IP 地址",
    "off": "关闭",
    "standard": "标准",
    "strict": "严格",
    "instruction": "指令",
    "encoded text": "编码文本",
    "disguised instruction": "伪装的指令",
    "split instruction": "拆分的指令",
    "hidden text": "隐藏文本",
    "markup": "标记",
    "control": "控制字符",
    "bidirectional": "双向控制符",
    "invisible": "不可见字符",
    "tag": "标签字符",
    "review": "评论",
    "survey": "问卷",
    "chat": "对话",
    "interview": "访谈",
    "read": "读取",
    "index": "索引",
    "themes": "主题",
    "explain": "差别",
    "evidence": "证据",
    "score": "评分",
    "segments": "分群",
    "personas": "画像",
    "report": "报告",
}
"""Why texts are kept aside, kinds and levels of redaction, kinds of text, stages."""

PARTS: Mapping[str, str] = {
    "text": "文本",
    "turns": "对话",
    "speaker": "说话人",
    "conversation": "会话",
    "customer": "客户",
    "id": "编号",
    "question": "问题",
    "rating": "评分",
    "time": "时间",
    "product": "产品",
    "kind": "类型",
}
HOW: Mapping[str, str] = {
    "option": "按选项",
    "by its name": "按列名",
    "a list of turns": "对话列表",
    "names who speaks": "标明说话人",
    "shared by several messages": "多条消息共用",
    "the longest text": "最长的文本",
}

_SENTENCES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"one segment was asked for"), "按要求只分一个群体"),
    (
        re.compile(r"([\d,]+) (?:person|people) wrote enough to be placed, too few to split"),
        r"只有 \1 人写得够多，不足以再分",
    ),
    (re.compile(r"of the segments asked for, one falls to this script"), "所要求的群体中，这种文字只分得一个"),
    (
        re.compile(r"nothing these people wrote has a place among the others' words"),
        "这些人所写的内容与其他人没有共同的词",
    ),
    (
        re.compile(
            r"one group: half of what a person wrote does not tell, better than chance, which segment the "
            r"other half falls into, however the people are split"
        ),
        "一个群体：无论怎样划分，由一个人所写的一半推断另一半属于哪个群体都不优于随机",
    ),
    (
        re.compile(r"one group: no grouping of these people comes back when a fifth of them is left out"),
        "一个群体：去掉五分之一的人后，没有一种划分能重现",
    ),
    (re.compile(r"(\d+) (?:person|people) quoted, (\d+) needed"), r"引用了 \1 人，需要 \2 人"),
    (re.compile(r"known of (\d+) (?:person|people) of the segment"), r"已知其中 \1 人的情况"),
    (re.compile(r"(\d+) people say the contrary: "), r"\1 人说法相反："),
    (re.compile(r"(\d+) (?:person says|people say) otherwise"), r"\1 人另有说法"),
    (re.compile(r"no answer of the model was carried by its quotes"), "模型的回答都没有引文支持"),
    (re.compile(r"nothing the model proposed stood in the evidence"), "模型提出的内容在原文中都找不到依据"),
    (re.compile(r"the model does not write English"), "模型不会写英文"),
    (re.compile(r"the model does not write Simplified Chinese"), "模型不会写中文"),
    (re.compile(r"the model failed: "), "模型出错："),
    (re.compile(r"joined by '([^']*)'"), r"按“\1”对应客户"),
    (re.compile(r"no customer column: each document is its own customer"), "没有客户列：每篇视为一位客户"),
    (re.compile(r"no column of customer text, not read as documents"), "没有客户文本列，未作为文档读取"),
    (re.compile(r"ratings from '([^']*)' name their own scale"), r"“\1”的评分自带量表"),
    (
        re.compile(r"'([^']*)' holds no ratings on one scale \(up to 100\): not read as ratings"),
        r"“\1”的数值不在同一量表上（至多 100）：未作为评分读取",
    ),
    (re.compile(r"ratings from '([^']*)' read on a scale of (\S+) to (\S+)"), r"“\1”的评分按 \2 到 \3 读取"),
    (
        re.compile(r"no date can be read in ([\d,]+) of ([\d,]+) rows of '([^']*)', such as '([^']*)'"),
        r"“\3”的 \2 行中有 \1 行的日期无法读取，例如“\4”",
    ),
    (
        re.compile(r"([\d,]+) near-identical posts by ([\d,]+) customers \(([^)]*)\):?"),
        r"\2 位客户的 \1 篇几乎相同的文本（\3）：",
    ),
    (re.compile(r" \(and ([\d,]+) more such groups\)"), r"（另有 \1 组）"),
    (
        re.compile(r"([\d,]+) documents speak to a machine and not to a reader \(([^)]*)\): "),
        r"\1 篇文本是写给机器而不是读者的（\2）：",
    ),
    (re.compile(r"they are counted, and neither quoted nor shown to a model"), "计入数量，但不引用，也不交给模型"),
    (re.compile(r"they are used like any other"), "照常使用"),
    (re.compile(r" was not read: "), " 未读取："),
    (re.compile(r"read as ([\w-]+) \(byte-order mark\)"), r"按 \1 读取（字节顺序标记）"),
    (re.compile(r"read as ([\w-]+); ([\d,]+) broken characters became"), r"按 \1 读取；\2 个损坏的字符变为"),
    (re.compile(r"not UTF-8; read as ([\w-]+) \(guessed\)"), r"不是 UTF-8；推测为 \1 并按此读取"),
    (re.compile(r"([\d,]+) rows cannot be read; they stand in the quarantine"), r"\1 行无法读取，已搁置"),
    (
        re.compile(r"([\d,]+) rows have more cells than the header \(rows ([\d, ]+)\): joined to the text"),
        r"\1 行的单元格多于表头（第 \2 行）：多出的并入文本",
    ),
    (
        re.compile(r"([\d,]+) rows have fewer cells than the header: the missing ones count as empty"),
        r"\1 行的单元格少于表头：缺少的视为空白",
    ),
    (
        re.compile(r"a quote opened in line (\d+) is never closed: read as an ordinary character"),
        r"第 \1 行的引号没有结束：按普通字符读取",
    ),
    (
        re.compile(r"the first line is no header; its columns are called (\w+) to (\w+)"),
        r"第一行不是表头；各列称为 \1 至 \2",
    ),
    (
        re.compile(r"sheet '([^']*)' was read; left out for their other columns: (.*)"),
        r"读取了工作表“\1”；因列不同而未读取：\2",
    ),
    (
        re.compile(r"ids used more than once with different texts; both were kept, the later ones as (.*)"),
        r"同一编号用于不同的文本；都予保留，后出现的改为 \1",
    ),
    (re.compile(r"(?<=\S) and ([\d,]+) more$"), r" 等（另有 \1 个）"),
    (re.compile(r"without a persona, because (.*?): (?=[^:]*$)"), r"没有画像（\1）："),
    (re.compile(r"corrections, (\[\[\w+\]\] \d+): no persona yet"), r"修正 \1：尚无画像"),
    (
        re.compile(r"corrections, (\[\[\w+\]\] \d+): no claim of (.*?)(?: under (\w+))? says (.*)"),
        r"修正 \1：\2 没有这样的判断：\4",
    ),
    (
        re.compile(r"; the nearest claim is (.*): copy its words to reject it"),
        r"；最接近的判断是 \1：照抄其原文即可剔除",
    ),
)
_COLUMN = re.compile(r"(one document a cell, )?(\w+) from ('[^()]*') \(([^)]*)\)")


def name_of(name: str, language: ReportLanguage) -> str:
    """A name of the data in the language of the page."""
    return NAMES.get(name, name) if language == "zh" else name


def say(sentence: str, language: ReportLanguage) -> str:
    """A sentence of a record in the language of the page; as it is where it is none of these."""
    if language == "en":
        return sentence
    for pattern, chinese in _SENTENCES:
        sentence = pattern.sub(chinese, sentence)
    return _COLUMN.sub(_column, sentence)


def _column(match: re.Match[str]) -> str:
    wide, part, columns, how = match.groups()
    shown = columns.replace("'", "").replace(", ", "、")
    each = "每格一篇，" if wide else ""
    return f"{each}{PARTS.get(part, part)}取自“{shown}”（{HOW.get(how, how)}）"
