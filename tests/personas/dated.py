"""Made-up people who write over time, with what they voice planted passage by passage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from persona_kit.hashing import sha256_text
from personas.records import Segment, Theme
from personas.themes import ThemeModel
from retrieval.corpus import Corpus
from retrieval.documents import Document, Passage, Rating

Shares = Mapping[int, Sequence[float] | NDArray[np.float64]]
"""For each theme, its share per month."""


@dataclass(frozen=True)
class Said:
    """A document: who wrote it when, and the themes its passages voice, one each."""

    customer: str
    when: str | None
    themes: tuple[int, ...]
    text: str = "It pours well and the lid holds."
    rating: float | None = None
    source: str = "reviews.csv"
    kind: str = ""


def corpus_of(said: Sequence[Said], themes: int) -> tuple[Corpus, ThemeModel]:
    """The corpus as if split into a passage a theme, and the themes as if found."""
    documents, passages, voiced = [], [], []
    for number, one in enumerate(said):
        texts = [one.text] * len(one.themes)
        text = " ".join(texts)
        documents.append(
            Document(
                document_id=f"d{number}",
                customer_id=one.customer,
                text=text,
                source=one.source,
                kind=one.kind,
                created_at=one.when,
                rating=None if one.rating is None else Rating(value=one.rating, raw=one.rating, scale=(0.0, 1.0)),
                text_sha256=sha256_text(text),
            )
        )
        start = 0
        for at, theme in enumerate(one.themes):
            end = start + len(one.text)
            passages.append(
                Passage(
                    passage_id=f"d{number}-{at}",
                    document_id=f"d{number}",
                    customer_id=one.customer,
                    start=start,
                    end=end,
                )
            )
            voiced.append(theme)
            start = end + 1
    model = ThemeModel(
        themes=tuple(
            Theme(
                theme_id=f"t{at}",
                label=f"theme {at}",
                terms=("lid",),
                language="en",
                passage_ids=(),
                people=0,
                quality=1.0,
            )
            for at in range(themes)
        ),
        passage_theme=np.array(voiced, dtype=np.int64),
        confidence=np.ones(len(voiced), dtype=np.float32),
        spaces=(),
    )
    return Corpus(tuple(documents), tuple(passages), ()), model


def segment_of(segment_id: str, customer_ids: Sequence[str]) -> Segment:
    return Segment(
        segment_id=segment_id,
        kind="segment",
        customer_ids=tuple(sorted(customer_ids)),
        memberships=(1.0,) * len(customer_ids),
    )


def days_of_month(year: int, month: int) -> int:
    return ((date(year, month, 28) + timedelta(days=4)).replace(day=1) - date(year, month, 1)).days


def months_of_writing(
    shares: Shares,
    *,
    people: Sequence[int],
    seed: int,
    year: int = 2025,
    returning: int = 0,
    last_day: int | None = None,
    text: str = "It pours well and the lid holds.",
) -> list[Said]:
    """People who write once a month, each voicing each theme with its share in that month, and theme 0 always.

    Args:
        shares: for each theme, its share per month.
        people: how many write per month.
        seed: of the draws.
        year: of the first month.
        returning: draw the writers from a pool of so many; 0: new people every month.
    """
    rng = np.random.default_rng(seed)
    said = []
    fresh = 0
    for month, count in enumerate(people):
        at_year, at_month = year + month // 12, month % 12 + 1
        days = days_of_month(at_year, at_month)
        if last_day is not None and month == len(people) - 1:
            days = last_day
        who = rng.choice(returning, size=count, replace=False) if returning else np.arange(fresh, fresh + count)
        fresh += count
        for person in who:
            own = tuple(theme for theme, share in shares.items() if rng.random() < share[month])
            day = int(rng.integers(1, days + 1))
            said.append(
                Said(
                    f"c{person}",
                    f"{at_year}-{at_month:02d}-{day:02d}",
                    (0, *own),
                    text=" ".join([text] * int(rng.integers(1, 5))),
                )
            )
    return said
