"""What drafts say, in English and Chinese, by tone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

GREETING: Final[Mapping[str, tuple[str, str]]] = {
    "casual": ("Hi there,", "你好！"),
    "plain": ("Hello,", "您好，"),
    "formal": ("Dear customer,", "尊敬的客户，您好："),
}
OPENING: Final[Mapping[str, tuple[str, str]]] = {
    "bad": ("I am sorry to read this: “{said}”", "看到您说“{said}”，很抱歉。"),
    "plain": ("Thank you for your message about this: “{said}”", "感谢您的来信，您说：“{said}”"),
    "good": ("Thank you for telling us: “{said}”", "谢谢您告诉我们：“{said}”"),
}
EARLIER: Final[Mapping[str, tuple[str, str]]] = {
    "bad": (
        "You wrote to us about it before: “{said}” I am sorry that you had to write again.",
        "您之前就提到过：“{said}”。让您再次来信，很抱歉。",
    ),
    "plain": ("You wrote to us about it before: “{said}”", "您之前也提到过：“{said}”"),
}
OTHERS: Final[Mapping[str, tuple[str, str]]] = {
    "bad": ("You are not the only one who told us so.", "不只您一位这样告诉我们。"),
    "plain": ("Others have written to us about the same.", "也有其他客户写信提到同样的事。"),
    "good": ("Others like the same.", "其他客户也这样喜欢。"),
}
ASKED: Final = (
    "You ask about {things}. Nothing here says yet what applies in your case; that is still to be decided.",
    "您问到{things}。手头没有资料说明您的情况适用什么，此事还有待决定。",
)
THINGS: Final[Mapping[str, tuple[str, str]]] = {
    "refund": ("a refund", "退款"),
    "replacement": ("a replacement", "换货"),
    "repair": ("a repair", "维修"),
    "discount": ("a discount", "优惠"),
    "price": ("the price", "价格"),
    "date": ("a date", "时间"),
    "cancellation": ("cancelling", "取消"),
    "warranty": ("the warranty", "保修"),
    "compensation": ("compensation", "赔偿"),
}
AND: Final = (" and ", "和")
COMMA: Final = (", ", "、")
TO_FILL_IN: Final[Mapping[str, tuple[str, str]]] = {
    "asked": (
        "[to be filled in by a person: what is decided about {things}, and on what ground]",
        "[由人工填写：关于{things}如何决定，依据是什么]",
    ),
    "bad": (
        "[to be filled in by a person: what is done about it, and when the customer hears of it]",
        "[由人工填写：如何处理，何时答复客户]",
    ),
    "plain": ("[to be filled in by a person: the answer]", "[由人工填写：答复内容]"),
}
CLOSING: Final[Mapping[str, tuple[str, str]]] = {
    "casual": ("Thanks for writing!", "谢谢来信！"),
    "plain": ("Thank you for writing.", "感谢来信。"),
    "formal": ("Kind regards", "此致敬礼"),
}
NOTES: Final[Mapping[str, str]] = {
    "unknown": "customer {customer} is not in this run: no persona and no evidence; the draft is in a neutral tone",
    "no persona": "customer {customer} is in no segment that a persona was written for; the draft is in a neutral tone",
    "model language": "this model does not speak the language of the message: the draft is made without it",
    "model failed": "the model failed: {why}; the draft is made without it",
    "dropped": "dropped {text!r}: {why}",
    "nothing left": "nothing the model wrote stands in the evidence: the draft is made without it",
}
