"""Passages that say the same thing, from whomever: communities of their neighbour graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from persona_kit.hashing import stable_seed
from personas.communities import adjusted_rand, find_communities, neighbour_graph
from personas.grouping.one_thread import one_thread
from personas.records import CandidateThemes, Theme
from personas.sums import sum_rows
from personas.terms import content_words, distinctive_terms, level_voices
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
AS_STABLE = 0.9
"""Resolutions whose stability is this part of the best one's count as equal: the finest of them is taken. Two draws of
the same resolution differ by 0.02 to 0.04, and the best of seven is lucky by as much again (docs/decisions/0008)."""

OUT_OF_REACH = 0.15
"""Behind the best by more than this, a resolution does not catch up with further draws."""

CRITERIA_SAMPLE = 1000
"""Passages that silhouette and its like are told from."""

LARGEST_FIT = 30_000
"""Passages that make the themes; where there are more, the others go to the nearest theme."""

BLOCK_PASSAGES = 32_768
"""Passages compared with all themes at a time."""

TERMS_PER_THEME = 10


def voice_softly(vectors: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(n, themes)`` how strongly each vector voices each theme: the fourth power of the cosine; rows sum to 1.

    Source:
        docs/decisions/0004 for the power.
    """
    soft: NDArray[np.float32] = np.clip(vectors @ centres.T, 0.0, 1.0)
    # The square of the square: a power takes ten times as long.
    soft *= soft
    soft *= soft
    soft /= np.maximum(soft.sum(axis=1, keepdims=True), 1e-9)
    return soft


@dataclass(frozen=True)
class SpaceThemes:
    """The themes of one vector space."""

    space: Space
    centres: NDArray[np.float32]
    """``(themes, dimensions)`` unit rows."""
    first: int
    """Index of its first theme; the others follow."""

    def soft(self, at: slice | NDArray[np.int64]) -> NDArray[np.float32]:
        """``(passages, themes)`` how strongly each of these passages of the space voices each; rows sum to 1."""
        return voice_softly(self.space.vectors[at], self.centres)


@dataclass(frozen=True, kw_only=True)
class ThemeModel:
    """The themes of a corpus and who voices them."""

    themes: tuple[Theme, ...]
    passage_theme: NDArray[np.int64]
    """``(passages,)`` index into `themes`; -1 for a passage without a usable vector."""
    confidence: NDArray[np.float32]
    """``(passages,)`` cosine to the centre of the passage's theme, 0..1."""
    spaces: tuple[SpaceThemes, ...]
    tried: tuple[CandidateThemes, ...] = ()
    """The granularities tried of each space, coarse to fine."""

    def soft_sums(
        self, owners: NDArray[np.int64], count: int, chosen: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float32]:
        """How strongly the passages of each owner voice each theme of their space, added up.

        Computed anew each time, block by block: passages times themes would be gigabytes for a million of them.

        Args:
            owners: ``(passages,)`` whom each passage counts for, below `count`; -1 for nobody.
            count: how many owners there are.
            chosen: ``(passages,)`` which of the passages count; None: all.

        Returns:
            ``(count, themes)``; each passage adds 1 in all.
        """
        sums = np.zeros((count, len(self.themes)), dtype=np.float32)
        counted = owners >= 0 if chosen is None else (owners >= 0) & chosen
        for part in self.spaces:
            mine = slice(part.first, part.first + len(part.centres))
            kept = np.flatnonzero(counted[part.space.rows])
            for start in range(0, len(kept), BLOCK_PASSAGES):
                at = kept[start : start + BLOCK_PASSAGES]
                sums[:, mine] += sum_rows(part.soft(at), owners[part.space.rows[at]], count)
        return sums

    def voices(self, passage_customer: NDArray[np.int64], people: int) -> NDArray[np.bool_]:
        """``(people, themes)``: who wrote at least one passage of each theme."""
        voiced = np.zeros((people, len(self.themes)), dtype=bool)
        placed = self.passage_theme >= 0
        voiced[passage_customer[placed], self.passage_theme[placed]] = True
        return voiced


def find_themes(corpus: Corpus, *, seed: int) -> ThemeModel:
    """The themes of the corpus; themes stay within a vector space, so within a script.

    The granularity of each space is the finest one that holds under resampling as well as the best does.
    """
    passages = len(corpus.passages)
    passage_theme = np.full(passages, -1, dtype=np.int64)
    confidence = np.zeros(passages, dtype=np.float32)
    parts: list[SpaceThemes] = []
    tried: list[CandidateThemes] = []
    offset = 0
    for space in corpus.spaces:
        labels, near, centres, own = _space_themes(space, seed=stable_seed(seed, "themes", space.name))
        tried += own
        passage_theme[space.rows] = np.where(labels >= 0, labels + offset, -1)
        confidence[space.rows] = near
        parts.append(SpaceThemes(space, centres, offset))
        offset += len(centres)
    themes = _describe_themes(corpus, passage_theme, confidence, offset)
    return ThemeModel(
        themes=themes,
        passage_theme=passage_theme,
        confidence=confidence,
        spaces=tuple(parts),
        tried=tuple(tried),
    )


def _space_themes(
    space: Space, *, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32], tuple[CandidateThemes, ...]]:
    """The theme of each row (-1 without a vector), its cosine to its centre, the centres, and what was tried."""
    vectors = space.vectors
    usable = np.flatnonzero(np.linalg.norm(vectors, axis=1) > 0.5)
    labels = np.full(len(vectors), -1, dtype=np.int64)
    confidence = np.zeros(len(vectors), dtype=np.float32)
    if not len(usable):
        return labels, confidence, np.zeros((0, vectors.shape[1]), dtype=np.float32), ()
    fitted = np.sort(np.random.default_rng(seed).permutation(usable)[:LARGEST_FIT])
    graph = neighbour_graph(vectors[fitted], neighbours=NEIGHBOURS, seed=seed)
    grouped = [find_communities(graph, resolution=resolution, seed=seed) for resolution in RESOLUTIONS]
    scores = _resampled_agreements(graph, grouped, seed=seed)
    taken = _finest_that_holds(scores)
    made = grouped[taken]
    centres = _centres(vectors[fitted], made)
    labels[fitted] = made
    # Sums in another order differ in the last bit: one thread places everybody alike on any machine.
    with one_thread():
        for start in range(0, len(usable), BLOCK_PASSAGES):
            rows = usable[start : start + BLOCK_PASSAGES]
            near = np.clip(vectors[rows] @ centres.T, 0.0, 1.0)
            labels[rows] = np.where(labels[rows] >= 0, labels[rows], near.argmax(axis=1))
            confidence[rows] = near[np.arange(len(rows)), labels[rows]]
    tried = _tell_tried(space.name, vectors[fitted], grouped, scores, taken)
    return labels, confidence, centres, tried


def _centres(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    centres = sum_rows(vectors, labels, int(labels.max()) + 1)
    unit: NDArray[np.float32] = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    return unit


def _finest_that_holds(scores: Sequence[float]) -> int:
    """The place of the finest grouping that comes back in resamples as well as the best one does."""
    return int(np.flatnonzero(np.array(scores) >= max(scores) * AS_STABLE)[-1])


def _tell_tried(
    name: str,
    vectors: NDArray[np.float32],
    grouped: Sequence[NDArray[np.int64]],
    scores: Sequence[float],
    taken: int,
) -> tuple[CandidateThemes, ...]:
    """Each granularity with its criteria."""
    from personas.grouping import score_grouping

    return tuple(
        CandidateThemes(
            embedder=name,
            resolution=resolution,
            themes=int(labels.max()) + 1,
            stability=score if _groups(labels) else None,
            criteria=score_grouping(vectors, labels, seed=0, sample=CRITERIA_SAMPLE),
            chosen=at == taken,
        )
        for at, (resolution, labels, score) in enumerate(zip(RESOLUTIONS, grouped, scores, strict=True))
    )


def _resampled_agreements(graph: csr_matrix, made: Sequence[NDArray[np.int64]], *, seed: int) -> list[float]:
    """Mean adjusted Rand index of each resolution's grouping with those of samples of four fifths; 0 for no grouping.

    A resolution that falls far behind the best is not drawn for again.
    """
    count = graph.shape[0]
    rng = np.random.default_rng(seed)
    drawn: list[list[float]] = [[] if _groups(full) else [0.0] for full in made]
    for draw in range(RESAMPLES if count <= MANY else RESAMPLES_OF_MANY):
        sample = np.sort(rng.permutation(count)[: max(2, int(count * RESAMPLED_SHARE))])
        part = graph[sample][:, sample]
        best = max((float(np.mean(scores)) for scores in drawn if scores), default=0.0)
        for full, resolution, scores in zip(made, RESOLUTIONS, drawn, strict=True):
            if _groups(full) and (not scores or np.mean(scores) >= best - OUT_OF_REACH):
                again = find_communities(part, resolution=resolution, seed=seed + draw + 1)
                scores.append(adjusted_rand(full[sample], again))
    return [float(np.mean(scores)) for scores in drawn]


def _groups(labels: NDArray[np.int64]) -> bool:
    """Whether the grouping tells anything: every passage a theme of its own, or one theme for many, always returns."""
    themes = int(labels.max()) + 1
    return themes != len(labels) and (themes > 1 or len(labels) <= FEW)


def _describe_themes(
    corpus: Corpus, passage_theme: NDArray[np.int64], confidence: NDArray[np.float32], count: int
) -> tuple[Theme, ...]:
    members = [np.flatnonzero(passage_theme == theme) for theme in range(count)]
    texts = corpus.passage_texts
    writers = [corpus.passage_customer[rows].tolist() for rows in members]
    words = [
        level_voices([content_words(texts[row]) for row in rows], people)
        for rows, people in zip(members, writers, strict=True)
    ]
    terms = distinctive_terms(words, top=TERMS_PER_THEME)
    languages = [_majority_language(corpus, rows) for rows in members]
    return tuple(
        Theme(
            theme_id=f"t{theme + 1}",
            label=theme_label(terms[theme], language),
            terms=terms[theme],
            language=language,
            passage_ids=tuple(corpus.passages[row].passage_id for row in rows),
            people=len(np.unique(corpus.passage_customer[rows])),
            quality=float(confidence[rows].mean()) if len(rows) else 0.0,
        )
        for theme, (rows, language) in enumerate(zip(members, languages, strict=True))
    )


def theme_label(terms: tuple[str, ...], language: Language) -> str:
    """A short label of a theme: its three most distinctive terms."""
    return " · ".join(terms[:3]) if terms else "（没有独有的词）" if language == "zh" else "(no words of its own)"


def _majority_language(corpus: Corpus, rows: NDArray[np.int64]) -> Language:
    languages: list[Language] = [corpus.document_by_id[corpus.passages[row].document_id].language for row in rows]
    # Short texts have no language of their own; they go with the rest of their theme.
    known: list[Language] = [language for language in languages if language != "unknown"] or languages
    return Counter(sorted(known)).most_common(1)[0][0] if known else "unknown"
