"""What is told of how orders and events were read: each note in English and Chinese, worded in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

NOTES: Mapping[str, tuple[str, str]] = {
    "joined": ("joined by {column!r}", "按“{column}”对应客户"),
    "date from": ("date from {column!r}", "日期取自“{column}”"),
    "no dates": ("no column of dates", "没有日期列"),
    "amount of the row": ("amount from {column!r} (of the row)", "金额取自“{column}”（每行的金额）"),
    "amount of the order": ("amount from {column!r} (of the order)", "金额取自“{column}”（整笔订单的金额）"),
    "amount of one piece": ("amount from {column!r} (of one piece)", "金额取自“{column}”（单价）"),
    "no amounts": ("no column of amounts", "没有金额列"),
    "order numbers": ("orders told apart by {column!r}", "按“{column}”区分订单"),
    "no order numbers": ("every row is an order", "每行是一笔订单"),
    "late": (
        "{rows} dated after {day}: taken as orders without a date",
        "{count} 行的日期晚于 {day}：作为没有日期的订单",
    ),
    "unread amounts": (
        "{rows} with amounts that cannot be read ({examples}): they count as orders without an amount",
        "{count} 行的金额无法识别（{examples}）：作为没有金额的订单",
    ),
    "unread dates": (
        "{rows} with dates that cannot be read ({examples}): they count as orders without a date",
        "{count} 行的日期无法识别（{examples}）：作为没有日期的订单",
    ),
    "undated": ("{rows} without a date", "{count} 行没有日期"),
    "month first": (
        "dates such as 03/04/2024 are read as month/day: none of them settles it",
        "03/04/2024 这样的日期按“月/日”读取：数据中没有日期能确定顺序",
    ),
    "decimal comma": ("amounts are read with a decimal comma", "金额中的逗号按小数点读取"),
    "ambiguous": (
        "{number} different amounts such as 1,234 or 1.234 may be read in two ways: "
        "a comma was taken to part thousands, a point to part decimals",
        "{count} 种金额（如 1,234 或 1.234）有两种读法：逗号按千位分隔，点按小数点",
    ),
    "times quantity": ("amounts are {amount!r} times {quantity!r}", "金额为“{amount}”乘以“{quantity}”"),
    "nameless": ("{rows} without a customer: left out", "{count} 行没有客户：未计入"),
    "cancelled": ("{rows} of cancelled or unpaid orders: left out", "{count} 行属于已取消或未付款的订单：未计入"),
    "repeats": (
        "{column!r} repeats in the rows of an order: counted once an order",
        "“{column}”在同一订单的各行中重复：每笔订单只计一次",
    ),
    "mixed": (
        "{orders} with amounts of several currencies: taken without an amount",
        "{count} 笔订单的金额有多种货币：作为没有金额",
    ),
    "refunds": (
        "{refunds}, taken off the money and not counted as orders",
        "{count} 笔退款：从金额中扣除，不计为订单",
    ),
    "one currency": ("amounts without a currency are taken as {currency}", "没有货币的金额按 {currency} 计"),
    "several currencies": (
        "amounts in several currencies ({currencies}) are never added",
        "多种货币（{currencies}）的金额从不相加",
    ),
    "visit by session": ("a visit is a {column!r}", "一个“{column}”为一次访问"),
    "visit by row": ("every row is a visit", "每行为一次访问"),
    "visit by day": ("a visit is a day with events by {column!r}", "按“{column}”，有事件的一天为一次访问"),
    "visit by day, some unread": (
        "a visit is a day with events by {column!r} ({rows} without a date that can be read: a visit each)",
        "按“{column}”，有事件的一天为一次访问（{count} 行没有可识别的日期：每行为一次）",
    ),
    "channels from": ("channels from {column!r}", "渠道取自“{column}”"),
    "no channels": ("no column of channels", "没有渠道列"),
    "no money": (
        "{customers} ordered in several currencies or without amounts: no money is told",
        "{count} 位客户的订单有多种货币或没有金额：不计其金额",
    ),
    "only refunds": ("{customers} with refunds and no order", "{count} 位客户只有退款，没有订单"),
    "unusual": (
        "{number} customers order unusually: the furthest {shown} are listed",
        "{count} 位客户的订单异常：列出最突出的 {shown} 位",
    ),
    "few to rank": (
        "RFM: {number} customers with dated orders are too few to rank ({least} are needed)",
        "RFM：只有 {count} 位客户的订单有日期，不足以排序（需要 {least} 位）",
    ),
    "unranked": (
        "RFM: the money of {number} customers cannot be ranked (no amount, several currencies, or one "
        "of fewer than {least} customers): named by recency and frequency alone",
        "RFM：{count} 位客户的金额无法排序（没有金额、多种货币，或该货币的客户不足 {least} 位）：仅按最近和频次命名",
    ),
    "not installed": ("{what}: {mend}", "缺少 clvkit：{mend}"),
    "not asked": ("not asked for", "未要求计算"),
    "few repeating": (
        "only {number} customers ordered on two days or more ({least} are needed)",
        "只有 {count} 位客户在两天或更多天下单（需要 {least} 位）",
    ),
    "short span": (
        "the orders span {days} days ({least} are needed to fit and to check)",
        "订单只跨 {days} 天（拟合和检验需要 {least} 天）",
    ),
    "few early": (
        "too few customers came back early enough to check a model on the time after",
        "较早回购的客户太少，无法用之后的时间检验模型",
    ),
    "does not hold": (
        "the model does not hold: in the last {days} days {observed} order days came where {expected} were expected",
        "模型不成立：最后 {days} 天预期 {expected} 个下单日，实际 {observed} 个",
    ),
    "ranks nobody": (
        "those of whom the model expected more did not order more (in the last {days} days {observed} order days came "
        "where {expected} were expected)",
        "模型预期较多的客户并未下更多订单（最后 {days} 天预期 {expected} 个下单日，实际 {observed} 个）",
    ),
    "few paying": (
        "only {number} customers have a second order with an amount",
        "只有 {count} 位客户的第二笔订单有金额",
    ),
    "amounts do not fit": ("the model of amounts does not fit ({error})", "金额模型无法拟合（{error}）"),
    "no mean": (
        "the amounts have so long a tail that they have no mean to expect",
        "金额分布的尾部太长，没有可预期的平均值",
    ),
    "often and more": (
        "customers who order often spend more an order (rank correlation {related}): the model takes them "
        "as unrelated, read expected values with care",
        "常下单的客户每单消费更多（等级相关 {related}）：模型视二者无关，预期价值请谨慎看待",
    ),
    "often and less": (
        "customers who order often spend less an order (rank correlation {related}): the model takes them "
        "as unrelated, read expected values with care",
        "常下单的客户每单消费更少（等级相关 {related}）：模型视二者无关，预期价值请谨慎看待",
    ),
}
"""In English, as records and logs hold it, and in Chinese, by what it tells."""


class Note(str):
    """A sentence in English that knows its Chinese."""

    chinese: str

    def __new__(cls, english: str, chinese: str = "") -> Note:
        """The sentence in both languages; copies get their Chinese with the attributes."""
        made = super().__new__(cls, english)
        made.chinese = chinese
        return made


def note(key: str, count: int | None = None, **values: object) -> Note:
    """The note of this key, filled in; Chinese takes a number of things as `count`, where English takes them named."""
    english, chinese = NOTES[key]
    number = "" if count is None else f"{count:,}"
    return Note(english.format(number=number, **values), chinese.format(count=number, **values))


def in_chinese(text: str) -> str:
    """The text in Chinese, or as it is where it knows none."""
    return text.chinese if isinstance(text, Note) else text


def labelled(label: str, text: str) -> Note:
    """The note with the name of its file before it."""
    return Note(f"{label}: {text}", f"{label}：{in_chinese(text)}")


def together(notes: Iterable[str]) -> Note:
    """Several short notes as one."""
    parts = list(notes)
    return Note(", ".join(parts), "，".join(in_chinese(part) for part in parts))
