"""Plain text, Markdown and HTML: front lines taken off, and texts that hold one document a line told apart."""

from __future__ import annotations

import re

from persona_kit.errors import InputError
from retrieval.loading.conversations import find_customer_turns
from retrieval.word_lists import words_in

_FRONT_NAMES = {
    "customer": "customer", "customer id": "customer", "user": "customer", "participant id": "customer",
    "respondent": "customer", "客户": "customer", "用户": "customer", "受访者编号": "customer",
    "id": "id", "document": "id", "document id": "id",
    "date": "time", "created": "time", "created at": "time", "time": "time", "日期": "time", "时间": "time",
    "product": "product", "产品": "product", "商品": "product",
    "rating": "rating", "stars": "rating", "评分": "rating",
    "kind": "kind", "type": "kind", "类型": "kind",
    "question": "question", "问题": "question",
    "language": "language", "title": "title", "source": "source_name", "subject": "subject", "channel": "channel",
}  # fmt: skip
_FRONT_LINE = re.compile(r"([A-Za-z][A-Za-z_ -]{1,20}|[\u3400-\u9fff]{2,6})\s*[:：]\s*(.{1,200})$")
_STRUCTURAL = "script, style, noscript, template, nav, head, svg, iframe, form, button"
_BLOCKS = frozenset(
    words_in(
        """
        p div br li ul ol h1 h2 h3 h4 h5 h6 tr table section article blockquote pre dd dt dl figcaption hr main
        header footer
        """
    )
)

LEAST_LINES = 10
"""Fewer lines of a text file are one document."""
LEAST_LINES_STDIN = 3


def take_front(text: str) -> tuple[dict[str, str], str]:
    """The front lines of a text ("customer: KB-012", perhaps between ``---`` lines) and the text without them.

    Front lines stand at the very beginning; the first line that is none ends them. Without a line that names a
    customer, id, date, product, rating, kind or question the text stays whole.
    """
    lines = text.lstrip("\ufeff\r\n ").split("\n")
    fenced = lines[0].strip() == "---"
    front: dict[str, str] = {}
    place = 0
    for place in range(1 if fenced else 0, min(len(lines), 20)):
        line = lines[place].strip()
        if fenced and line == "---":
            return front, "\n".join(lines[place + 1 :])
        match = _FRONT_LINE.match(line.strip("*_ "))
        key = _FRONT_NAMES.get(match[1].replace("_", " ").casefold().strip()) if match else None
        if match and (key or fenced):
            front[key or match[1].strip()] = match[2].strip().strip("\"'*")
        elif not fenced or line:
            break
    # Two lines "Customer: ..." in a row are a conversation, and so is any front line that comes back further down.
    if fenced or not front or find_customer_turns(text):
        return ({}, text) if fenced or not front else _front_of_conversation(lines, front, text)
    return front, "\n".join(lines[place:])


def _front_of_conversation(lines: list[str], front: dict[str, str], text: str) -> tuple[dict[str, str], str]:
    rest = "\n".join(lines[len(front) :])
    whole, without = len(find_customer_turns(text)), len(find_customer_turns(rest))
    # A front line "customer: KB-012" itself looks like a turn: it is one only where a blank line does not part it off.
    # A line that holds an id only ("KB-012") is no turn either.
    bare_id = bool(re.fullmatch(r"(?=\S*\d)\S{1,40}", front.get("customer", "")))
    parted = bare_id or (len(lines) > len(front) and not lines[len(front)].strip())
    return (front, rest) if parted and without and whole - without <= 1 else ({}, text)


def split_lines(text: str, *, least: int = LEAST_LINES) -> list[str] | None:
    """The lines, where a text holds one document a line; None where it is one document.

    One a line means: at least `least` lines, next to no blank ones (those part paragraphs), no conversation, and lines
    that do not all end near the same width (a wrapped letter).
    """
    lines = text.strip().split("\n")
    filled = [line.strip() for line in lines if line.strip()]
    if len(filled) < least or len(lines) - len(filled) > 0.1 * len(filled):
        return None
    if find_customer_turns(text) or any(line.startswith(("#", "- ", "* ", "> ", "```")) for line in filled[:20]):
        return None
    widest = max(map(len, filled))
    near = sum(1 for line in filled if len(line) > 0.8 * widest)
    if 50 <= widest <= 130 and near > 0.6 * len(filled):
        return None
    return lines


def html_to_text(html: str, *, where: str) -> str:
    """The readable words of a page, a line for each block.

    Raises:
        InputError: when the page holds no words.
    """
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    for node in tree.css(_STRUCTURAL):
        node.decompose()
    pieces: list[str] = []
    if tree.body is not None:
        for node in tree.body.traverse(include_text=True):
            if node.tag == "-text":
                pieces.append(re.sub(r"[ \t\r\n\f]+", " ", node.text(deep=False)))
            elif node.tag in _BLOCKS:
                pieces.append("\n")
            elif node.tag in {"td", "th"}:
                pieces.append(" ")
    text = re.sub(r" *\n[ \n]*", "\n", "".join(pieces)).strip()
    if not text:
        raise InputError(f"{where} holds no words", where=where, mend="give a page whose text is in the file itself")
    return re.sub(r" {2,}", " ", text)
