"""Conversations: who speaks, and which words are the customer's own."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.cleaning import normalise_text
from retrieval.word_lists import words_in

Span = tuple[int, int]

CUSTOMER_ROLES = frozenset(
    words_in(
        """
        customer user usr client caller buyer shopper guest visitor consumer participant interviewee respondent
        enduser member patient human informant 用户 客户 顾客 买家 受访者 被访者 消费者 访客 会员 用戶 客戶 顧客
        買家 受訪者
        """
    )
)
STAFF_ROLES = frozenset(
    words_in(
        """
        agent assistant bot sys system support supportagent interviewer moderator operator rep representative
        seller staff advisor adviser helpdesk chatbot ai facilitator researcher employee csr model tool admin
        host 客服 坐席 人工客服 智能客服 机器人 系统 访谈者 主持人 采访者 访问员 商家 卖家 店家 客服人员 小二
        助手 機器人 系統 訪談者 賣家
        """
    )
)
QUESTION_LABELS = frozenset({"q", "question", "问", "問", "interviewer q"})
ANSWER_LABELS = frozenset({"a", "answer", "答"})

TEXT_KEYS = ("text", "content", "message", "utterance", "body", "msg", "value", "say", "内容", "消息", "文本")
ROLE_KEYS = ("role", "speaker", "sender", "from", "author", "author_type", "participant", "name", "角色", "发言人")

# A label at the start of a line, perhaps as a list item, in bold, with a name or a time: "**Agent (Jo)**: ".
_PREFIX = re.compile(
    r"^[ \t]*(?:[-*>•][ \t]+)?(?:\[?\(?\d{1,2}:\d{2}(?::\d{2})?\)?\]?[ \t]*)?"
    r"[*_]{0,3}(?P<label>[A-Za-z][A-Za-z ]{0,24}|[\u3400-\u9fff]{1,8})[ \t]*\d{0,4}"
    r"(?:[ \t]*[(（\[【][^)）\]】\n]{0,60}[)）\]】])?[*_]{0,3}[ \t]*[:：][*_]{0,3}[ \t]*",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Conversation:
    """A conversation as text, one turn a line."""

    text: str
    turns: tuple[Span, ...]
    """Offsets of the customer's own words, without the labels."""


def side_of(role: str) -> str:
    """`customer`, `staff` or, for a word that names neither, `unknown`."""
    key = re.sub(r"[\W_\d]+", "", role.casefold())
    if key in CUSTOMER_ROLES:
        return "customer"
    if key in STAFF_ROLES:
        return "staff"
    return "unknown"


def join_turns(turns: Sequence[tuple[str, str]]) -> Conversation:
    """The conversation of (role, text) pairs: ``role: text`` a line, empty turns left out.

    An unknown role is the customer's and is written as ``customer`` (a name would be personal data); a turn without any
    role stands without a label.
    """
    pieces: list[str] = []
    spans: list[Span] = []
    length = 0
    for role, raw in turns:
        text = normalise_text(raw)
        if not text:
            continue
        label = _label(role)
        if pieces:
            pieces.append("\n")
            length += 1
        pieces.append(label + text)
        if side_of(role) != "staff":
            spans.append((length + len(label), length + len(label) + len(text)))
        length += len(label) + len(text)
    return Conversation("".join(pieces), tuple(spans))


def _label(role: str) -> str:
    if not role:
        return ""
    side = side_of(role)
    if side == "unknown":
        return "customer: "
    shown = {"usr": "customer", "sys": "agent"}.get(role.casefold().strip(), normalise_text(role).casefold())
    return f"{shown}: "


def turns_of(value: object) -> list[tuple[str, str]] | None:
    """(role, text) pairs of a list of turns; None where the value is no such list.

    Read are lists of objects with a text and perhaps a role, of [role, text] pairs, of strings (perhaps with a role
    before a colon), and the JSON text of such a list.
    """
    if isinstance(value, str):
        value = _parse_list(value)
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(turn, str) for turn in value):
        return _labelled_strings(value)
    if all(isinstance(turn, dict) for turn in value):
        return _objects(value)
    if all(isinstance(turn, list) and len(turn) == 2 and all(isinstance(part, str) for part in turn) for turn in value):
        pairs = [(str(turn[0]), str(turn[1])) for turn in value]
        return pairs if any(side_of(role) != "unknown" for role, _ in pairs) else None
    return None


def _parse_list(text: str) -> object:
    if not text.lstrip().startswith("["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _objects(turns: list[dict[str, object]]) -> list[tuple[str, str]] | None:
    keys = {str(key) for turn in turns for key in turn}
    text_key = next((key for key in TEXT_KEYS if key in keys), None)
    if text_key is None:
        return None
    role_key = next((key for key in ROLE_KEYS if key in keys), None)
    pairs = []
    for turn in turns:
        role = turn.get(role_key) if role_key else ""
        text = turn.get(text_key)
        pairs.append((str(role or ""), text if isinstance(text, str) else ""))
    return pairs


def _labelled_strings(turns: list[str]) -> list[tuple[str, str]]:
    pairs = []
    for turn in turns:
        match = _PREFIX.match(turn)
        if match and side_of(match["label"]) != "unknown":
            pairs.append((match["label"].strip(), turn[match.end() :]))
        else:
            pairs.append(("", turn))
    return pairs


def find_customer_turns(text: str) -> tuple[Span, ...]:
    """Offsets of the customer's words in a text whose lines begin with who speaks; empty where it is no conversation.

    A text counts as a conversation with at least two labelled lines, one of them the staff's. A turn goes on to the
    next label; what stands before the first label is nobody's.
    """
    if "\n" not in text or (":" not in text and "：" not in text):
        return ()
    labels = [(match, side) for match in _PREFIX.finditer(text) if (side := _line_side(match["label"]))]
    sides = {side for _, side in labels}
    if len(labels) < 2 or "staff" not in sides or "customer" not in sides:
        return ()
    spans = []
    for place, (match, side) in enumerate(labels):
        end = labels[place + 1][0].start() if place + 1 < len(labels) else len(text)
        words = text[match.end() : end]
        if side == "customer" and words.strip():
            start = match.end() + len(words) - len(words.lstrip())
            spans.append((start, match.end() + len(words.rstrip())))
    return tuple(spans)


def _line_side(label: str) -> str:
    """As `side_of`, with the short labels of interviews; empty for a word that is no role ("Note", "PS")."""
    key = label.casefold().strip()
    if key in QUESTION_LABELS:
        return "staff"
    if key in ANSWER_LABELS:
        return "customer"
    side = side_of(label)
    return "" if side == "unknown" else side
