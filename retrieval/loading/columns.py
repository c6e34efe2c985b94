"""Which column of a table is the text, the customer, the time and so on: by name and by content, and said aloud."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from persona_kit.errors import InputError
from retrieval.loading.column_names import (
    KINDS,
    LOOSE_KIND_NAMES,
    NAMES,
    PAIRED_NAMES,
    PLAIN_TEXT_NAMES,
    WEAK_TEXT_NAMES,
)
from retrieval.loading.conversations import side_of, turns_of
from retrieval.loading.tables import RawTable
from retrieval.loading.values import guess_scale, iso_date, rating_number, text_of

SAMPLE_ROWS = 400
"""Non-empty cells of a column that the guess looks at."""
SAMPLE_CHARS = 2_000

_QUESTION_START = re.compile(
    r"(?:what|which|why|how|when|where|who|do|does|did|is|are|was|were|would|will|could|can|should|have|has|please|tell|describe|"
    r"anything|any|if|in)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Columns:
    """Which column of one table plays which part; empty where none does."""

    text: tuple[str, ...] = ()
    """More than one: a wide survey, one document a cell with the header as its question."""
    wide: bool = False
    id: str = ""
    customer: str = ""
    time: str = ""
    rating: str = ""
    product: str = ""
    kind: str = ""
    question: str = ""
    turns: str = ""
    speaker: str = ""
    conversation: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why, by part."""

    @property
    def used(self) -> frozenset[str]:
        """Columns that have a part, and so are no metadata."""
        single = (self.id, self.customer, self.time, self.rating, self.product, self.kind, self.question, self.turns)
        return frozenset({*self.text, *single, self.speaker, self.conversation} - {""})


@dataclass(frozen=True)
class _Profile:
    """What the cells of one column look like."""

    name: str
    key: str
    last_key: str
    """The last word of the name ("review_rating" -> rating)."""
    filled: int
    distinct: int
    mean_chars: float
    mean_words: float
    numeric: float
    """Share of cells that are numbers."""
    lettered: float
    """Share of cells that hold a letter."""
    cells: tuple[object, ...]

    @property
    def variety(self) -> float:
        return self.distinct / self.filled if self.filled else 0.0


def guess_columns(table: RawTable, *, chosen: Mapping[str, str]) -> Columns:
    """The part of every column; `chosen` (part -> column name) overrides, for the columns this table has.

    A table without any text gives Columns without `text` and `turns`.
    """
    profiles = [_profile(table, name) for name in table.columns]
    by_name = {profile.name: profile for profile in profiles}
    picked = _chosen_columns(by_name, chosen)
    columns = _guess_conversation(profiles, picked)
    # Chats and reviews may share a table: rows without turns have their text elsewhere.
    if not columns.text and (not columns.turns or any(not row.get(columns.turns) for row in table.rows)):
        columns = _guess_text(profiles, columns)
    if (not columns.text and not columns.turns) or not table.rows:
        return replace(columns, text=(), turns="")
    for part in ("id", "customer", "question", "rating", "time", "product", "kind"):
        if not getattr(columns, part):
            columns = _guess_part(part, profiles, columns)
    return columns


def _chosen_columns(by_name: Mapping[str, _Profile], chosen: Mapping[str, str]) -> Columns:
    columns = Columns()
    for part, wanted in chosen.items():
        names = column_names(wanted, tuple(by_name))
        if not names:
            continue
        reasons = {**columns.reasons, part: "option"}
        if part != "text":
            columns = _with_part(columns, part, names[0], "option")
        elif _is_turns(by_name[names[0]]):
            columns = replace(columns, turns=names[0], reasons={**reasons, "turns": "option"})
        else:
            columns = replace(columns, text=names, wide=len(names) > 1, reasons=reasons)
    return columns


def _with_part(columns: Columns, part: str, name: str, reason: str) -> Columns:
    changed: dict[str, Any] = {part: name, "reasons": {**columns.reasons, part: reason}}
    return replace(columns, **changed)


def column_names(wanted: str, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that an option names: one, or several parted by commas; empty where one of them is not there."""
    if wanted in columns:
        return (wanted,)
    parts = tuple(part.strip() for part in wanted.split(","))
    return parts if len(parts) > 1 and all(part in columns for part in parts) else ()


def missing_column(option: str, wanted: str, columns: Mapping[str, Sequence[str]]) -> InputError:
    """The error for a column that no table has: names the ones that are there, and the nearest.

    Args:
        option: the option that named it, such as ``--text``.
        wanted: the name given.
        columns: column names by source.
    """
    names = sorted({name for there in columns.values() for name in there})
    by_key = {_key(name): name for name in names}
    close = [by_key[key] for key in get_close_matches(_key(wanted), list(by_key), n=2, cutoff=0.5)]
    there = "; ".join(f"{source}: {', '.join(map(repr, some))}" for source, some in columns.items())
    mend = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    return InputError(
        f"there is no column {wanted!r} ({option})", where=there, mend=f"{mend}choose one of the columns above"
    )


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def _last_key(name: str) -> str:
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)
    return parts[-1].casefold() if len(parts) > 1 else ""


def _profile(table: RawTable, name: str) -> _Profile:
    cells: list[object] = []
    for row in table.rows:
        cell = row.get(name)
        if cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip()):
            cells.append(cell)
            if len(cells) >= SAMPLE_ROWS:
                break
    # The beginning of a long cell says enough, and bounds the time that a broken file takes.
    texts = [text_of(cell)[:SAMPLE_CHARS] for cell in cells]
    count = max(1, len(texts))
    return _Profile(
        name=name,
        key=_key(name),
        last_key=_last_key(name),
        filled=len(texts),
        distinct=len(set(texts)),
        mean_chars=sum(map(len, texts)) / count,
        mean_words=sum(_word_count(text) for text in texts) / count,
        numeric=sum(1 for text in texts if rating_number(text)) / count,
        lettered=sum(1 for text in texts if any(c.isalpha() for c in text)) / count,
        cells=tuple(cells),
    )


def _word_count(text: str) -> float:
    """Words; two Chinese characters count as one."""
    han = sum(1 for character in text if "\u3400" <= character <= "\u9fff")
    return len(text.split()) + han / 2


# --- conversations ------------------------------------------------------------------------------------------------


def _is_turns(profile: _Profile) -> bool:
    lists = [cell for cell in profile.cells if turns_of(cell) is not None]
    return bool(lists) and len(lists) >= 0.8 * profile.filled


def _guess_conversation(profiles: Sequence[_Profile], columns: Columns) -> Columns:
    if columns.text or columns.turns:
        return _guess_messages(profiles, columns)
    lists = [profile for profile in profiles if profile.filled and _is_turns(profile)]
    for profile in lists:
        holds_objects = any(
            isinstance(turn, dict) for cell in profile.cells[:1] if isinstance(cell, list) for turn in cell
        )
        named = profile.key in NAMES["turns"]
        if named or (holds_objects and profile.mean_words > 3) or isinstance(profile.cells[0], str):
            reason = "by its name" if named else "a list of turns"
            return replace(columns, turns=profile.name, reasons={**columns.reasons, "turns": reason})
    return _guess_messages(profiles, columns)


def _guess_messages(profiles: Sequence[_Profile], columns: Columns) -> Columns:
    """One row a message: a column of roles, and one that says which messages belong together."""
    if columns.turns:
        return columns
    speaker = next((p for p in profiles if p.key in NAMES["speaker"] and _names_roles(p)), None)
    if speaker is None:
        return columns
    together = [
        p
        for p in profiles
        if p.key in (*NAMES["conversation"], "id", "documentid") and p.filled and p.variety < 0.8 and p is not speaker
    ]
    if not together:
        return columns
    together.sort(key=lambda p: (*NAMES["conversation"], "documentid", "id").index(p.key))
    reasons = {**columns.reasons, "speaker": "names who speaks", "conversation": "shared by several messages"}
    return replace(columns, speaker=speaker.name, conversation=together[0].name, reasons=reasons)


def _names_roles(profile: _Profile) -> bool:
    known = sum(1 for cell in profile.cells if side_of(text_of(cell)) != "unknown")
    return bool(profile.filled) and known >= 0.5 * profile.filled


# --- text ---------------------------------------------------------------------------------------------------------


def _is_prose(profile: _Profile, *, least_words: float) -> bool:
    return (
        profile.filled > 0
        and profile.lettered >= 0.5
        and profile.numeric < 0.5
        and profile.mean_words >= least_words
        and not any(isinstance(cell, list | dict) for cell in profile.cells[:5])
    )


def _guess_text(profiles: Sequence[_Profile], columns: Columns) -> Columns:
    free = [profile for profile in profiles if profile.name not in columns.used]
    named = [p for p in free if _text_rank(p) is not None and _is_prose(p, least_words=_least_words(p, columns))]
    named.sort(key=lambda p: (_text_rank(p) or 0.0, -p.mean_chars))
    survey = [p for p in free if _is_survey_column(p)]
    if len(survey) >= 2 or (len(survey) == 1 and not named):
        names = {p.name for p in survey} | {p.name for p in named[:1]}
        ordered = tuple(p.name for p in profiles if p.name in names)
        return _with_text(columns, ordered, "headers that are questions", wide=True)
    if named:
        return _with_text(columns, (named[0].name,), "by its name")
    long = [p for p in free if _is_prose(p, least_words=5) and p.variety >= 0.3 and not _has_other_name(p)]
    if long:
        longest = max(long, key=lambda p: p.mean_chars)
        return _with_text(columns, (longest.name,), "the longest text")
    # A column that can mean nothing else, though its cells hold few words or none: each of them gets its reason.
    plain = [p for p in free if p.key in PLAIN_TEXT_NAMES and not any(isinstance(c, list | dict) for c in p.cells[:5])]
    return _with_text(columns, (plain[0].name,), "by its name") if plain else columns


def _with_text(columns: Columns, names: tuple[str, ...], reason: str, *, wide: bool = False) -> Columns:
    return replace(columns, text=names, wide=wide, reasons={**columns.reasons, "text": reason})


def _text_rank(profile: _Profile) -> float | None:
    """The place of the column's name among the names of texts, exact names first; None for another name."""
    names = NAMES["text"]
    if profile.key in names:
        return float(names.index(profile.key))
    if profile.last_key in names:
        return 100.0 + names.index(profile.last_key)
    contained = [place for place, name in enumerate(names) if not name.isascii() and name in profile.key]
    return 200.0 + contained[0] if contained and not profile.key.endswith(("时间", "id", "数", "日期", "人")) else None


def _least_words(profile: _Profile, columns: Columns) -> float:
    """How long the cells under a text's name must be on average; names that stand over codes too ask for more."""
    if columns.speaker:
        return 0.0
    if profile.key in NAMES["text"]:
        return 2.0 if profile.key in WEAK_TEXT_NAMES else 0.0
    about_goods = profile.key.startswith(("product", "item", "sku", "category", "商品", "产品"))
    return float("inf") if about_goods else 4.0


def _has_other_name(profile: _Profile) -> bool:
    parts = ("customer", "id", "time", "product", "question")
    return any(profile.key in NAMES[part] for part in parts)


def _is_survey_column(profile: _Profile) -> bool:
    """A header that is a question over answers in words that are not a choice among a few."""
    if not _is_prose(profile, least_words=0) or _is_choice(profile):
        return False
    if profile.key in PAIRED_NAMES:
        return True
    name = profile.name.strip()
    if name.endswith(("?", "？")):
        return True
    return len(name.split()) >= 4 and bool(_QUESTION_START.match(name))


def _is_choice(profile: _Profile) -> bool:
    return profile.filled >= 30 and profile.distinct <= max(12, 0.05 * profile.filled) and profile.mean_words < 6


# --- the other parts ----------------------------------------------------------------------------------------------


def _guess_part(part: str, profiles: Sequence[_Profile], columns: Columns) -> Columns:
    names = NAMES[part]
    fitting = []
    for place, profile in enumerate(profiles):
        if profile.name in columns.used or not profile.filled or not _FITS[part](profile):
            continue
        if profile.key in names:
            fitting.append((0, names.index(profile.key), place, profile))
        elif part != "id" and profile.last_key and profile.last_key in names:
            fitting.append((1, names.index(profile.last_key), place, profile))
        elif contained := [i for i, name in enumerate(names) if not name.isascii() and name in profile.key]:
            fitting.append((2, contained[0], place, profile))
    if not fitting:
        return columns
    found = min(fitting, key=lambda entry: entry[:3])[3]
    return _with_part(columns, part, found.name, "by its name")


def _fits_id(profile: _Profile) -> bool:
    return profile.mean_chars <= 100 and profile.variety >= 0.5 and profile.mean_words < 4


def _fits_customer(profile: _Profile) -> bool:
    return (
        profile.mean_chars <= 100
        and profile.mean_words < 5
        and not any(isinstance(c, list | dict) for c in profile.cells[:5])
    )


def _fits_time(profile: _Profile) -> bool:
    return sum(1 for cell in profile.cells if iso_date(text_of(cell))) >= 0.8 * profile.filled


def _fits_rating(profile: _Profile) -> bool:
    if profile.numeric < 0.9:
        return False
    read = [rating_number(text_of(cell)) for cell in profile.cells]
    return guess_scale([number for pair in read if pair for number in pair[:1]], column=profile.name) is not None


def _fits_product(profile: _Profile) -> bool:
    return profile.mean_chars <= 200 and not any(isinstance(cell, list | dict) for cell in profile.cells[:5])


def _fits_kind(profile: _Profile) -> bool:
    if profile.distinct > 40 or profile.mean_words > 4:
        return False
    known = sum(1 for cell in profile.cells if _key(text_of(cell)) in KINDS)
    return (
        profile.key not in LOOSE_KIND_NAMES and profile.last_key not in LOOSE_KIND_NAMES
    ) or known >= 0.5 * profile.filled


def _fits_question(profile: _Profile) -> bool:
    return profile.lettered >= 0.5 and profile.mean_chars <= 1000


_FITS = {
    "id": _fits_id,
    "customer": _fits_customer,
    "time": _fits_time,
    "rating": _fits_rating,
    "product": _fits_product,
    "kind": _fits_kind,
    "question": _fits_question,
}


def tell_columns(source: str, columns: Columns) -> str:
    """One sentence that says aloud how a table was read: ``reviews.csv: text from 'body' (by its name), ...``."""
    parts = []
    if columns.text:
        shown = ", ".join(map(repr, columns.text[:6])) + (", ..." if len(columns.text) > 6 else "")
        many = "one document a cell, text" if columns.wide else "text"
        parts.append(f"{many} from {shown} ({columns.reasons.get('text', '')})")
    for part in ("turns", "speaker", "conversation", "customer", "id", "question", "rating", "time", "product", "kind"):
        if name := getattr(columns, part):
            parts.append(f"{part} from {name!r} ({columns.reasons.get(part, '')})")
    if not columns.customer:
        parts.append("no customer column: each document is its own customer")
    return f"{source}: " + ", ".join(parts)
