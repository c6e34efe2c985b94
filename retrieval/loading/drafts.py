"""Rows and texts turned into drafts: documents before redaction, duplicates and language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from retrieval.cleaning import Reason, find_fault, normalise_text
from retrieval.documents import Rating, Scalar
from retrieval.hostile.characters import HiddenKind, count_hidden
from retrieval.loading.column_names import KINDS
from retrieval.loading.columns import Columns
from retrieval.loading.conversations import Span, find_customer_turns, join_turns, turns_of
from retrieval.loading.files import SourceFile
from retrieval.loading.tables import RawTable
from retrieval.loading.values import (
    Scale,
    day_comes_first,
    guess_scale,
    iso_date,
    rating_number,
    rating_of,
    scalar_of,
    text_of,
)

MAX_METADATA = 30
"""Further columns are not kept."""
MAX_METADATA_CHARS = 500


@dataclass(slots=True)
class Draft:
    """One input: a document to be, or a fault."""

    document_id: str
    customer_id: str
    source: str
    text: str = ""
    """Normalised, not yet redacted."""
    turns: tuple[Span, ...] = ()
    kind: str = ""
    question: str = ""
    created_at: str | None = None
    rating: Rating | None = None
    product: str | None = None
    metadata: dict[str, Scalar] = field(default_factory=dict)
    fault: tuple[Reason, str] | None = None
    hidden: Counter[HiddenKind] = field(default_factory=Counter)
    """Characters of the text that no reader sees and that were taken out, by kind."""


def kind_of_path(source: str) -> str:
    """The kind that a file's name or its folder names ("reviews.csv", "interviews/anna.md"); empty where none does."""
    path = PurePosixPath(source)
    for part in (path.stem, *reversed(path.parent.parts)):
        for word in re.findall(r"[a-z]+|[\u3400-\u9fff]+", part.casefold()):
            if word in KINDS:
                return KINDS[word]
    return ""


def draft_text(file: SourceFile, text: str, *, front: Mapping[str, str], row: int | None = None) -> Draft:
    """The draft of one text file, or of one line of it (`row`, from 1); `front` holds its front lines."""
    normal = normalise_text(text)
    document_id = file.label if row is None else f"{file.label}:{row}"
    extra = {key: value for key, value in front.items() if key not in _FRONT_FIELDS}
    return Draft(
        document_id=front.get("id", document_id),
        customer_id=front.get("customer", document_id),
        source=file.source,
        text=normal,
        turns=find_customer_turns(normal),
        kind=front.get("kind", "") or kind_of_path(file.source),
        question=front.get("question", ""),
        created_at=iso_date(front.get("time", "")),
        rating=rating_of(front["rating"], (1.0, 5.0)) if "rating" in front else None,
        product=front.get("product"),
        metadata=dict(list(extra.items())[:MAX_METADATA]),
        fault=find_fault(normal),
        hidden=count_hidden(text),
    )


_FRONT_FIELDS = frozenset({"id", "customer", "kind", "question", "time", "rating", "product"})


def draft_table(file: SourceFile, table: RawTable, columns: Columns) -> tuple[list[Draft], str]:
    """The drafts of a table in the order of its rows, and what was found about its ratings and dates (or nothing).

    Every row becomes at least one draft, except that blank cells of a wide survey are no inputs unless the whole row is
    blank, and that the messages of one conversation become one draft.
    """
    context = _Context(file, table, columns)
    drafts = [_bad_row(file, bad.number, bad.detail, bad.excerpt) for bad in table.bad_rows]
    if columns.conversation and columns.speaker and columns.text:
        drafts.extend(_draft_messages(context))
    else:
        for row, number in zip(table.rows, table.numbers, strict=True):
            drafts.extend(_draft_row(context, row, number))
    return drafts, "; ".join(note for note in (context.scale_note, context.dates_note) if note)


class _Context:
    """What is the same for all rows of a table."""

    def __init__(self, file: SourceFile, table: RawTable, columns: Columns) -> None:
        self.file, self.table, self.columns = file, table, columns
        self.kind = kind_of_path(file.source)
        times = [normalise_text(text_of(row.get(columns.time))) for row in table.rows] if columns.time else []
        self.day_first = day_comes_first(times)
        self.dates_note = _note_dates(times, columns, day_first=self.day_first)
        self.scale, self.scale_note = _scale_of(table, columns)
        self.extra = [name for name in table.columns if name not in columns.used][: MAX_METADATA * 2]


def _note_dates(times: list[str], columns: Columns, *, day_first: bool) -> str:
    wrong = [value for value in times if value and iso_date(value, day_first=day_first) is None]
    if not wrong:
        return ""
    return (
        f"no date can be read in {len(wrong):,} of {len(times):,} rows of {columns.time!r}, such as {wrong[0][:30]!r}"
    )


def _scale_of(table: RawTable, columns: Columns) -> tuple[Scale | None, str]:
    if not columns.rating:
        return None, ""
    read = [rating_number(text_of(row.get(columns.rating))) for row in table.rows]
    numbers = [pair[0] for pair in read if pair and pair[1] is None]
    named = [pair[1] for pair in read if pair and pair[1] is not None]
    if named and not numbers:
        return None, f"ratings from {columns.rating!r} name their own scale"
    scale = guess_scale(numbers, column=columns.rating)
    if scale is None:
        return None, f"{columns.rating!r} holds no ratings on one scale (up to 100): not read as ratings"
    return scale, f"ratings from {columns.rating!r} read on a scale of {scale[0]:g} to {scale[1]:g}"


def realign(table: RawTable, columns: Columns) -> None:
    """Gives the surplus cells of ragged rows back to the text, which most likely held an unquoted delimiter."""
    if not table.ragged or not columns.text:
        return
    names = table.columns
    place = names.index(columns.text[0])
    for index, record in table.ragged.items():
        surplus = len(record) - len(names)
        cells = [*record[:place], ",".join(record[place : place + surplus + 1]), *record[place + surplus + 1 :]]
        table.rows[index] = dict(zip(names, cells, strict=True))


def _bad_row(file: SourceFile, number: int, detail: str, excerpt: str) -> Draft:
    name = f"{file.label}:{number}"
    return Draft(name, name, file.source, text=excerpt, fault=("unreadable", f"row {number}: {detail}"))


def _draft_row(context: _Context, row: Mapping[str, Any], number: int) -> Iterator[Draft]:
    columns = context.columns
    draft = _frame(context, row, number)
    if columns.turns and (row.get(columns.turns) or not columns.text):
        yield _with_turns(draft, row.get(columns.turns))
    elif not columns.wide:
        yield _with_text(draft, row.get(columns.text[0]), row.get(columns.question) if columns.question else "")
    else:
        answered = [name for name in columns.text if normalise_text(text_of(row.get(name)))]
        if not answered:
            yield _with_text(draft, "", "")
        for name in answered:
            cell = _frame(context, row, number)
            cell.document_id = f"{draft.document_id}:{name}"
            yield _with_text(cell, row.get(name), name)


def _frame(context: _Context, row: Mapping[str, Any], number: int) -> Draft:
    """The draft of a row without its text."""
    columns = context.columns

    def cell(name: str) -> str:
        return normalise_text(text_of(row.get(name))) if name else ""

    generated = f"{context.file.label}:{number}"
    return Draft(
        document_id=cell(columns.id) or generated,
        customer_id=cell(columns.customer) or generated,
        source=context.file.source,
        kind=cell(columns.kind) or context.kind,
        created_at=iso_date(cell(columns.time), day_first=context.day_first) if columns.time else None,
        rating=rating_of(cell(columns.rating), context.scale) if columns.rating else None,
        product=cell(columns.product) or None,
        metadata=_metadata(context, row),
    )


def _metadata(context: _Context, row: Mapping[str, Any]) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    for name in context.extra:
        value = row.get(name)
        if isinstance(value, str):
            value = value.strip()
        # Lists and objects are no scalars; long texts belong to documents.
        if value is None or value == "" or isinstance(value, list | dict) or len(str(value)) > MAX_METADATA_CHARS:
            continue
        found[name] = scalar_of(value)
        if len(found) == MAX_METADATA:
            break
    return found


def _with_text(draft: Draft, value: object, question: object) -> Draft:
    draft.text = normalise_text(text_of(value))
    draft.hidden = count_hidden(text_of(value))
    draft.question = normalise_text(text_of(question))
    draft.turns = find_customer_turns(draft.text)
    draft.fault = find_fault(draft.text)
    return draft


def _with_turns(draft: Draft, value: object) -> Draft:
    turns = turns_of(value)
    if turns is None:
        return _with_text(draft, value, "")
    conversation = join_turns(turns)
    draft.hidden = count_hidden("".join(text for _, text in turns))
    draft.text, draft.turns = conversation.text, conversation.turns
    draft.kind = draft.kind or "chat"
    draft.fault = _conversation_fault(draft)
    return draft


def _conversation_fault(draft: Draft) -> tuple[Reason, str] | None:
    if draft.text and not draft.turns:
        return "no words", "the conversation holds no turn of the customer"
    own = "\n".join(draft.text[start:end] for start, end in draft.turns)
    return find_fault(own)


def _draft_messages(context: _Context) -> Iterator[Draft]:
    """One draft a conversation, in the order of the first messages."""
    columns = context.columns
    groups: dict[str, list[int]] = {}
    for index, row in enumerate(context.table.rows):
        key = text_of(row.get(columns.conversation)) or f"{context.file.label}:{context.table.numbers[index]}"
        groups.setdefault(key, []).append(index)
    for key, indices in groups.items():
        rows = [context.table.rows[index] for index in indices]
        own = [row for row in rows if _is_own(text_of(row.get(columns.speaker)))]
        draft = _frame(context, (own or rows)[0], context.table.numbers[indices[0]])
        draft.document_id = key
        pairs = [(text_of(row.get(columns.speaker)), text_of(row.get(columns.text[0]))) for row in rows]
        yield _with_turns(draft, [{"role": role, "text": text} for role, text in pairs])


def _is_own(role: str) -> bool:
    from retrieval.loading.conversations import side_of

    return side_of(role) != "staff"
