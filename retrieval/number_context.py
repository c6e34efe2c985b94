"""What the words before a number say it is."""

from __future__ import annotations

import re
from typing import Literal

Meaning = Literal["phone", "card", "iban", "id", "other", ""]

WINDOW = 48
"""Characters before a number in which a word speaks for it."""

OTHER_WINDOW = 18
"""Characters between "order" and its number, such as " number is #"; a Chinese one counts as three."""

_HAN = "\u3400-\u9fff"
_WEIGHTY = re.compile(rf"[{_HAN}]")
_LABEL = re.compile(r"\b(?:numbers?|num|no|nrs?|ids?|codes?|is|was)\b\.?|号码?|编号|是|为", re.IGNORECASE)
"""What stands between "order" and its number without being about anything else."""
_TURN = re.compile(
    rf"[.!?,;。！？，；](?=.*[A-Za-z{_HAN}])|(?<=[{_HAN}])[ \u3000]+(?=[{_HAN}])|\b(?:with|using|via)\s*$",
    re.IGNORECASE,
)
"""Where a text turns to something else: another clause, a space that stands for a comma, or what a thing is done with
("with 4111..."). A number right after the sign is still of the clause before ("my order, 17")."""

_WEAK_PHONE = re.compile(r"number(?: is)?:?\s*$", re.IGNORECASE)
_AFTER = re.compile(r"[\s\\,-]{0,3}(?:office|fax|mobile|cell|home|work|tel)\b", re.IGNORECASE)

# A word inside a placeholder ("[phone]") says nothing of the number after it.
_WORDS: tuple[tuple[Meaning, str], ...] = (
    (
        "other",
        r"order|invoice|tracking|ticket|case|serial|model|part|sku|item|product|version|build|firmware|batch|lot|"
        r"reference|ref|receipt|isbn|issn|doi|parcel|shipment|booking|confirmation|transaction|bug|issue|commit|"
        r"pull request|coupon|voucher|"
        r"订单号?|单号|订单编号|型号|序列号|货号|编号|版本|运单|快递|物流|发票|工单|优惠券|批次",
    ),
    (
        "phone",
        r"phones?|phone number|tel|telephone|mobile|cell(?:phone)?|call(?:ed|ing)?|ring|dial|whatsapp|wechat|fax|sms|"
        r"text me|texted|reach(?:ed)?(?: \w+)? (?:at|on)|contact(?: \w+)?(?: number)?|my number|"
        r"voicemail|hotline|answering(?: at)?|messages? (?:to|from)|registered|"
        r"telefon|handy|rufnummer|电话|手机号?|手机|联系|微信|致电|拨打|来电|号码|座机|短信|聯繫|電話|手機",
    ),
    (
        "card",
        r"cards?|cc|credit|debit|visa|master ?card|amex|american express|maestro|discover|"
        r"银行卡|信用卡|卡号|借记卡|銀行卡|卡[:：]?\s*\Z",
    ),
    ("iban", r"iban|bank account|account number|银行账号"),
    (
        "id",
        r"ssn|social security(?: number)?|passport|driver'?s? licen[cs]e|licen[cs]e number|national id|id card|"
        r"identity|nino|national insurance|nhs|tax id|tin|steuer-?id|personalausweis|aadhaar|cpf|pesel|bsn|"
        r"身份证号?码?|护照|证件号?|驾照|社保|身份證|護照",
    ),
)
_MEANINGS: dict[str, Meaning] = {"": "", **{meaning: meaning for meaning, _ in _WORDS}}
_ALL = re.compile(
    "|".join(
        rf"(?P<{meaning}>(?<![\[A-Za-z])(?:{words})(?![A-Za-z]))" for meaning, words in _WORDS
    ),
    re.IGNORECASE,
)  # fmt: skip


def meaning_before(text: str, start: int) -> Meaning:
    """What the nearest telling word before a number says it is; empty where no word does.

    A word may speak for personal data from a sentence before ("My phone has changed. It is now 60 56 85 91"). `other`
    stands for numbers that are no personal data: orders, models, versions; its words count in the number's own clause
    and right before it only ("my order no. 17", not "part of it" and not "The parcel is lost. Call 17"). A line end
    parts, except after a label ("Phone:").
    """
    window = text[max(0, start - WINDOW) : start]
    head, line_end, line = window.rpartition("\n")
    if line_end and not line.strip() and head.rstrip().endswith((":", "：")):
        line = head[head.rfind("\n") + 1 :]
    nearest: Meaning = ""
    for match in _ALL.finditer(line):
        between = line[match.end() :]
        if match.lastgroup != "other":
            nearest = _MEANINGS[match.lastgroup or ""]
        elif len(between) <= OTHER_WINDOW:
            # Where it does not speak, neither do the words before it: what they told of is passed.
            nearest = "other" if _belongs(between) else ""
    if not nearest and line.rstrip().endswith("#"):
        return "other"
    if not nearest and _WEAK_PHONE.search(line):
        return "phone"
    return nearest


def _belongs(between: str) -> bool:
    """Whether a number is of the word before it, by what stands between them."""
    rest = _LABEL.sub("", between)
    return len(rest) + 2 * len(_WEIGHTY.findall(rest)) <= OTHER_WINDOW and not _TURN.search(rest)


def meaning_after(text: str, end: int) -> Meaning:
    """`phone` where the word right after a number says so ("416 60 039 office", "... -Fax"); else empty."""
    return "phone" if _AFTER.match(text, end) else ""
