"""Which column of an orders or events table holds what, by its name in English or Chinese."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

ORDER_NUMBER = (
    "order_id", "orderid", "order_no", "order_number", "order_nr", "order", "invoice_id", "invoice_no", "invoiceno",
    "invoice", "transaction_id", "transactionid", "receipt_id", "receipt", "basket_id", "purchase_id",
    "订单号", "订单编号", "订单id", "订单", "单号", "交易号", "流水号",
)  # fmt: skip
DATE = (
    "order_date", "orderdate", "ordered_at", "purchase_date", "purchased_at", "invoice_date", "invoicedate",
    "transaction_date", "event_time", "event_date", "event_timestamp", "occurred_at", "visited_at", "visit_date",
    "date", "created_at", "created", "timestamp", "datetime", "time", "day", "ts",
    "下单时间", "下单日期", "订单日期", "订单时间", "购买日期", "购买时间", "支付时间", "付款时间", "成交时间",
    "创建时间", "访问时间", "事件时间", "日期", "时间",
)  # fmt: skip
ORDER_TOTAL = (
    "order_total", "order_amount", "order_value", "grand_total", "total_paid", "total",
    "订单金额", "订单总额", "订单总价", "实付金额", "支付金额", "付款金额",
)  # fmt: skip
LINE_AMOUNT = (
    "line_total", "line_amount", "item_total", "total_price", "amount", "net_amount", "gross_amount", "revenue",
    "sales", "subtotal", "value", "paid", "spend", "金额", "总价", "小计", "总金额", "销售额", "消费金额", "合计",
)  # fmt: skip
UNIT_PRICE = ("unit_price", "unitprice", "price_per_unit", "item_price", "price", "单价", "价格", "售价", "商品单价")
QUANTITY = ("quantity", "qty", "quantity_ordered", "units", "pieces", "count", "数量", "件数", "购买数量", "商品数量")
PRODUCT = (
    "product", "product_name", "product_title", "item", "item_name", "sku", "article", "product_id", "description",
    "产品", "商品", "商品名称", "产品名称", "商品名", "产品名", "品名",
)  # fmt: skip
CURRENCY = ("currency", "currency_code", "order_currency", "币种", "货币", "币别")
STATUS = ("order_status", "status", "payment_status", "financial_status", "订单状态", "状态", "交易状态", "支付状态")
CHANNEL = (
    "channel", "source", "utm_source", "medium", "platform", "device", "referrer", "touchpoint",
    "渠道", "来源", "平台", "终端", "设备",
)  # fmt: skip
SESSION = ("session_id", "sessionid", "session", "visit_id", "visitid", "visit", "会话id", "会话", "访问id", "会话编号")

_CURRENCY_IN_NAME = re.compile(
    r"^(.*?)[\s_(\[]+(usd|eur|gbp|cny|rmb|jpy|cad|aud|chf|sek|nok|dkk|pln|inr|krw|brl|hkd|twd|sgd|元|€|£|\$)[)\]]?$"
)


@dataclass(frozen=True)
class OrderColumns:
    """The names of the columns of an orders table; None where there is none."""

    date: str | None
    amount: str | None
    amount_is: str
    """`order total`, `row` or `unit price`."""
    order_number: str | None
    quantity: str | None
    product: str | None
    currency: str | None
    status: str | None
    currency_of_name: str | None
    """Currency that the name of the amount column holds, such as `Total (EUR)`."""


def order_columns(columns: Collection[str], *, customer: str) -> OrderColumns:
    """Which column holds what; each column is taken once, the customers' own never."""
    free = {fold_name(column): column for column in columns if column != customer}
    bare: dict[str, tuple[str, str]] = {}
    for name, column in free.items():
        if match := _CURRENCY_IN_NAME.match(name):
            bare.setdefault(match[1].rstrip("_"), (column, match[2]))
    order_number = _take(free, ORDER_NUMBER)
    amount, kind, in_name = _amount(free, bare)
    return OrderColumns(
        date=_take(free, DATE),
        amount=amount,
        amount_is=kind,
        order_number=order_number,
        quantity=_take(free, QUANTITY),
        product=_take(free, PRODUCT),
        currency=_take(free, CURRENCY),
        status=_take(free, STATUS),
        currency_of_name=in_name,
    )


def _amount(free: dict[str, str], bare: dict[str, tuple[str, str]]) -> tuple[str | None, str, str | None]:
    # What a row comes to says more than what the order comes to, which says more than what a piece costs.
    for names, kind in ((LINE_AMOUNT, "row"), (ORDER_TOTAL, "order total"), (UNIT_PRICE, "unit price")):
        if column := _take(free, names):
            return column, kind, None
        for name in names:
            if name in bare:
                return bare[name][0], kind, bare[name][1]
    return None, "row", None


def find_column(columns: Collection[str], names: tuple[str, ...], *, customer: str) -> str | None:
    """The first column that goes by one of the names, the customers' own column apart."""
    return _take({fold_name(column): column for column in columns if column != customer}, names)


def _take(free: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((free.pop(name) for name in names if name in free), None)


def fold_name(column: str) -> str:
    """`Order Date` and `orderDate` as `order_date`; full-width letters as ASCII."""
    name = unicodedata.normalize("NFKC", column).strip()
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return re.sub(r"[\s\-./]+", "_", name.casefold())
