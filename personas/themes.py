"""Passages that say the same thing, from whomever: communities of their neighbour graph."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from persona_kit.hashing import stable_seed
from personas.communities import adjusted_rand, find_communities, neighbour_graph
from personas.records import Theme
from personas.terms import content_words, distinctive_terms
from retrieval.corpus import Corpus, Space
from retrieval.documents import Language

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NEIGHBOURS = 15
"""Links of a passage; 10 to 30 gave the same quality on Banking77 (docs/decisions/0004)."""

RESOLUTIONS = (0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
"""Granularities tried, coarse to fine."""

RESAMPLES = 3
RESAMPLES_OF_MANY = 1
MANY = 10_000
"""Passages above which one resample says as much as several of fewer."""

FEW = 30
"""Passages that may well be about one thing."""

RESAMPLED_SHARE = 0.8
STABILITY_TOLERANCE = 0.05
"""Resolutions whose stability lies this close to the best count as equal: the finest of them is taken. Two draws of the
same resolution differ by 0.02 to 0.04 (docs/decisions/0008)."""

LARGEST_FIT = 30_000
"""Passages that make the themes; where there are more, the others go to the nearest theme."""

SHARPNESS = 4
"""Power of the cosine to a theme's centre in a soft profile (docs/decisions/0004)."""

TERMS_PER_THEME = 10


@dataclass(frozen=True, kw_only=True)
class ThemeModel:
    """The themes of a corpus and who voices them."""

    themes: tuple[Theme, ...]
    passage_theme: NDArray[np.int64]
    """``(passages,)`` index into `themes`; -1 for a passage without a usable vector."""
    confidence: NDArray[np.float32]
    """``(passages,)`` cosine to the centre of the passage's theme, 0..1."""
    soft: NDArray[np.float32]
    """``(passages, themes)`` how strongly a passage voices each theme of its space; rows sum to 1."""

    def voices(self, passage_customer: NDArray[np.int64], people: int) -> NDArray[np.bool_]:
        """``(people, themes)``: who wrote at least one passage of each theme."""
        voiced = np.zeros((people, len(self.themes)), dtype=bool)
        placed = self.passage_theme >= 0
        voiced[passage_customer[placed], self.passage_theme[placed]] = True
        return voiced


@dataclass(frozen=True)
class _SpaceThemes:
    labels: NDArray[np.int64]
    confidence: NDArray[np.float32]
    soft: NDArray[np.float32]


def find_themes(corpus: Corpus, *, seed: int) -> ThemeModel:
    """The themes of the corpus; themes stay within a vector space, so within a script.

    The granularity of each space is the finest one that holds under resampling as well as the best does.
    """
    passages = len(corpus.passages)
    passage_theme = np.full(passages, -1, dtype=np.int64)
    confidence = np.zeros(passages, dtype=np.float32)
    parts: list[tuple[Space, _SpaceThemes]] = []
    offset = 0
    for space in corpus.spaces:
        part = _space_themes(space, seed=stable_seed(seed, "themes", space.name))
        placed = part.labels >= 0
        passage_theme[space.rows[placed]] = part.labels[placed] + offset
        confidence[space.rows] = part.confidence
        parts.append((space, part))
        offset += part.soft.shape[1]
    soft = np.zeros((passages, offset), dtype=np.float32)
    column = 0
    for space, part in parts:
        soft[space.rows, column : column + part.soft.shape[1]] = part.soft
        column += part.soft.shape[1]
    themes = _describe_themes(corpus, passage_theme, confidence, offset)
    return ThemeModel(themes=themes, passage_theme=passage_theme, confidence=confidence, soft=soft)


def _space_themes(space: Space, *, seed: int) -> _SpaceThemes:
    vectors = space.vectors
    usable = np.flatnonzero(np.linalg.norm(vectors, axis=1) > 0.5)
    labels = np.full(len(vectors), -1, dtype=np.int64)
    confidence = np.zeros(len(vectors), dtype=np.float32)
    if not len(usable):
        return _SpaceThemes(labels, confidence, np.zeros((len(vectors), 0), dtype=np.float32))
    fitted = np.sort(np.random.default_rng(seed).permutation(usable)[:LARGEST_FIT])
    graph = neighbour_graph(vectors[fitted], neighbours=NEIGHBOURS, seed=seed)
    made = find_communities(graph, resolution=_choose_resolution(graph, seed=seed), seed=seed)
    centres = _centres(vectors[fitted], made)
    soft = np.clip(vectors @ centres.T, 0.0, 1.0)
    labels[usable] = soft[usable].argmax(axis=1)
    labels[fitted] = made
    confidence[usable] = soft[usable, labels[usable]]
    soft **= SHARPNESS
    soft /= np.maximum(soft.sum(axis=1, keepdims=True), 1e-9)
    return _SpaceThemes(labels, confidence, soft)


def _centres(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    centres = np.zeros((int(labels.max()) + 1, vectors.shape[1]), dtype=np.float32)
    np.add.at(centres, labels, vectors)
    unit: NDArray[np.float32] = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    return unit


def _choose_resolution(graph: csr_matrix, *, seed: int) -> float:
    """The finest resolution whose grouping comes back in resamples as well as the best one's does."""
    scores = [_resampled_agreement(graph, resolution, seed=seed) for resolution in RESOLUTIONS]
    best = max(scores)
    return max(r for r, score in zip(RESOLUTIONS, scores, strict=True) if score >= best - STABILITY_TOLERANCE)


def _resampled_agreement(graph: csr_matrix, resolution: float, *, seed: int) -> float:
    """Mean adjusted Rand index of the passages' grouping with those of samples of four fifths; 0 for no grouping."""
    count = graph.shape[0]
    full = find_communities(graph, resolution=resolution, seed=seed)
    themes = int(full.max()) + 1
    if themes == count or (themes == 1 and count > FEW):
        # Every passage a theme of its own, or one theme for many, comes back every time, and tells nothing.
        return 0.0
    rng = np.random.default_rng(seed)
    scores = []
    for draw in range(RESAMPLES if count <= MANY else RESAMPLES_OF_MANY):
        sample = np.sort(rng.permutation(count)[: max(2, int(count * RESAMPLED_SHARE))])
        part = find_communities(graph[sample][:, sample], resolution=resolution, seed=seed + draw + 1)
        scores.append(adjusted_rand(full[sample], part))
    return float(np.mean(scores))


def _describe_themes(
    corpus: Corpus, passage_theme: NDArray[np.int64], confidence: NDArray[np.float32], count: int
) -> tuple[Theme, ...]:
    members = [np.flatnonzero(passage_theme == theme) for theme in range(count)]
    texts = corpus.passage_texts
    words = [[content_words(texts[row]) for row in rows] for rows in members]
    terms = distinctive_terms(words, top=TERMS_PER_THEME)
    return tuple(
        Theme(
            theme_id=f"t{theme + 1}",
            label=theme_label(terms[theme]),
            terms=terms[theme],
            language=_majority_language(corpus, rows),
            passage_ids=tuple(corpus.passages[row].passage_id for row in rows),
            people=len(np.unique(corpus.passage_customer[rows])),
            quality=float(confidence[rows].mean()) if len(rows) else 0.0,
        )
        for theme, rows in enumerate(members)
    )


def theme_label(terms: tuple[str, ...]) -> str:
    """A short label of a theme: its three most distinctive terms."""
    return " · ".join(terms[:3]) if terms else "(no words of its own)"


def _majority_language(corpus: Corpus, rows: NDArray[np.int64]) -> Language:
    languages: list[Language] = [corpus.document_by_id[corpus.passages[row].document_id].language for row in rows]
    # Short texts have no language of their own; they go with the rest of their theme.
    known: list[Language] = [language for language in languages if language != "unknown"] or languages
    return Counter(sorted(known)).most_common(1)[0][0] if known else "unknown"
