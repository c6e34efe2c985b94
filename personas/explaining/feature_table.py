"""What is known of people, as columns that can be read aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from personas.customers import CustomerTable
from personas.explaining.columns import Cells, FeatureColumn, FeatureTable, Values
from personas.explaining.records import Remark
from personas.explaining.table_columns import behaviour_column, table_columns
from personas.terms import content_words
from personas.themes import ThemeModel
from retrieval.corpus import Corpus

__all__ = ["FeatureColumn", "FeatureTable", "build_feature_table"]

LEAST_PEOPLE = 5
LEAST_SHARE = 0.01
"""A theme or value that fewer people hold than the larger of these two says nothing of a segment."""

MOST_THEMES = 120
MOST_COLUMNS = 400
"""Columns of the customer table that are kept, one-hot values counted singly: the first ones."""

ORDER_ATTRIBUTES = frozenset({"orders", "spent", "last order"})
"""Computed from the orders by `personas.customers`; left out where the behaviour says the same and more."""


def build_feature_table(
    corpus: Corpus,
    themes: ThemeModel,
    table: CustomerTable,
    feelings: Mapping[str, float] | None,
    behaviour: tuple[Sequence[str], Values] | None,
    customer_rows: NDArray[np.int64],
    *,
    words: int = 0,
) -> FeatureTable:
    """Everything known of these people that could tell groups of them apart.

    Args:
        corpus: who wrote what.
        themes: what they voice; themes voiced by enough of these people become yes/no columns.
        table: the customer table; people it does not hold are NaN in all its columns.
        feelings: customer id -> how they feel in what they wrote, -1..1.
        behaviour: names, and ``(people, names)`` in the order of `customer_rows`.
        customer_rows: ``(people,)`` the people, as indices into ``corpus.customer_ids``; the rows of what comes back.
        words: how many single words, the ones that most people use, become yes/no columns too.
    """
    ids = [corpus.customer_ids[row] for row in customer_rows]
    parts = [_theme_columns(corpus, themes, customer_rows)]
    if words:
        parts.append(_word_columns(corpus, customer_rows, words))
    parts.append(_table_part(table, ids, with_orders=behaviour is None))
    if behaviour is not None:
        parts.append(_behaviour_part(*behaviour))
    if feelings is not None:
        parts.append(_feelings_part(feelings, ids))
    return FeatureTable(
        columns=tuple(column for columns, _ in parts for column in columns),
        values=np.hstack([values for _, values in parts]),
        written=corpus.words_per_customer[customer_rows],
        notes=_notes(parts[0][0], parts, table),
    )


_Part = tuple[list[FeatureColumn], Values]


def _least(people: int) -> int:
    return max(LEAST_PEOPLE, int(np.ceil(LEAST_SHARE * people)))


def _theme_columns(corpus: Corpus, themes: ThemeModel, rows: NDArray[np.int64]) -> _Part:
    voiced = themes.voices(corpus.passage_customer, len(corpus.customer_ids))[rows]
    people = voiced.sum(axis=0)
    least = _least(len(rows))
    telling = np.flatnonzero((people >= least) & (people <= len(rows) - least))
    chosen = np.sort(telling[np.argsort(-people[telling], kind="stable")][:MOST_THEMES])
    columns = [_theme_column(themes.themes[at].theme_id, themes.themes[at].label) for at in chosen]
    return columns, voiced[:, chosen].astype(np.float64)


def _theme_column(theme_id: str, label: str) -> FeatureColumn:
    return FeatureColumn(
        name=theme_id,
        block="themes",
        kind="yes/no",
        phrase_en=f"wrote about {label}",
        phrase_zh=f"写到“{label}”",
        negated_en=f"did not write about {label}",
        negated_zh=f"没有写到“{label}”",
    )


def _word_columns(corpus: Corpus, rows: NDArray[np.int64], most: int) -> _Part:
    """The words that most of these people use, but not most people: at most half of them."""
    place = {int(row): at for at, row in enumerate(rows)}
    users: dict[str, set[int]] = {}
    for text, customer in zip(corpus.passage_texts, corpus.passage_customer, strict=True):
        at = place.get(int(customer))
        if at is not None:
            for word in set(content_words(text)):
                users.setdefault(word, set()).add(at)
    least = _least(len(rows))
    telling = sorted((-len(who), word) for word, who in users.items() if least <= len(who) <= len(rows) / 2)
    chosen = [word for _, word in telling[:most]]
    values = np.zeros((len(rows), len(chosen)))
    for column, word in enumerate(chosen):
        values[sorted(users[word]), column] = 1.0
    return [_word_column(word) for word in chosen], values


def _word_column(word: str) -> FeatureColumn:
    return FeatureColumn(
        name=f"word {word}",
        block="words",
        kind="yes/no",
        phrase_en=f"used the word “{word}”",
        phrase_zh=f"用到“{word}”一词",
        negated_en=f"did not use the word “{word}”",
        negated_zh=f"没有用到“{word}”一词",
    )


def _table_part(table: CustomerTable, ids: Sequence[str], *, with_orders: bool) -> _Part:
    rows = [table.customers.get(customer_id) for customer_id in ids]
    names = [name for name in table.file_of_column if with_orders or name not in ORDER_ATTRIBUTES]
    found: list[tuple[FeatureColumn, Cells]] = []
    for name in names:
        cells = [None if row is None else row.attributes.get(name) for row in rows]
        found.extend(table_columns(name, cells, least=_least(len(ids))))
    return _joined(found[:MOST_COLUMNS], len(ids))


def _behaviour_part(names: Sequence[str], values: Values) -> _Part:
    found = [behaviour_column(name, values[:, at]) for at, name in enumerate(names)]
    return _joined(found, len(values))


def _feelings_part(feelings: Mapping[str, float], ids: Sequence[str]) -> _Part:
    values = np.array([feelings.get(customer_id, np.nan) for customer_id in ids], dtype=np.float64)
    column = FeatureColumn(
        name="feeling",
        block="feelings",
        kind="number",
        phrase_en="feeling (−1 to 1)",
        phrase_zh="情感（−1 到 1）",
    )
    return [column], values[:, None]


def _joined(found: Sequence[tuple[FeatureColumn, Cells]], people: int) -> _Part:
    values = np.column_stack([cells for _, cells in found]) if found else np.zeros((people, 0))
    return [column for column, _ in found], values


def _notes(themes: Sequence[FeatureColumn], parts: Sequence[_Part], table: CustomerTable) -> tuple[Remark, ...]:
    held = {column.origin for columns, _ in parts for column in columns if column.block == "table"}
    left = [name for name in table.file_of_column if name not in held and name not in ORDER_ATTRIBUTES]
    if not left:
        return ()
    names = ", ".join(left[:8]) + (", …" if len(left) > 8 else "")
    return (
        Remark(
            text_en=f"Columns that cannot explain a group (ids, free text, one value, or too few people): {names}.",
            text_zh=f"无法用于解释的列（编号、自由文本、只有一个值或人数太少）：{names}。",
        ),
    )
