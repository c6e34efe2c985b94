"""Segments by numbers: who is in them, their words, their neighbours; no model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from persona_kit.hashing import stable_seed
from personas.attributes import OutputLanguage
from personas.counting import count_supports
from personas.evidence import EvidenceBase
from personas.grouping.one_thread import one_thread
from personas.records import MapPoint, Segment, SegmentQuality
from personas.segmentation import OUTLIERS, TOO_LITTLE_TEXT, Grouping, least_words
from personas.terms import content_words, distinctive_terms, level_voices
from personas.themes import ThemeModel
from retrieval.corpus import Corpus
from retrieval.documents import Citation, Document
from retrieval.words import count_words

TERMS_PER_SEGMENT = 12
THEMES_QUOTED = 40
QUOTES_PER_THEME = 2
LEAST_QUOTED = 4
"""Words of a quote (characters in Chinese): fewer say nothing by themselves."""

NEIGHBOURS_SHOWN = 2
MOST_MAP_POINTS = 1000
SAMPLED_MAP_POINTS = 300
"""People on the map; of more than the first number the second is drawn, as more points would only overlap."""


@dataclass(frozen=True, kw_only=True)
class DescribedSegment:
    """A segment with what the numbers say of it."""

    segment: Segment
    inside: NDArray[np.bool_]
    """``(people,)`` over the corpus's customers."""
    terms: tuple[str, ...]
    neighbours: tuple[str, ...]
    """Terms of the nearest other segments, one line each."""
    source_language: OutputLanguage
    median_words: float


def build_segments(
    corpus: Corpus, themes: ThemeModel, grouping: Grouping, *, silent: Sequence[str]
) -> tuple[Segment, ...]:
    """All segments: the groups by falling size, then outliers and people with too little text, where there are any.

    Args:
        corpus: who wrote what.
        themes: for the segments' theme profiles.
        grouping: who belongs where.
        silent: customers of the table who wrote nothing.
    """
    ids = np.array(corpus.customer_ids, dtype=object)
    voiced = themes.voices(corpus.passage_customer, len(ids))
    labels, placed = grouping.labels, set(grouping.people.tolist())
    segments = []
    for label in range(grouping.count):
        rows = np.flatnonzero(labels == label)
        own = grouping.people[rows]
        if not len(own):
            continue  # nobody wrote enough to be placed
        strengths = grouping.weights[rows, label]
        rest = np.delete(grouping.weights[rows], label, axis=1)
        gap = strengths - (rest.max(axis=1) if rest.shape[1] else 0.0)
        profile = {themes.themes[t].theme_id: float(s) for t, s in enumerate(voiced[own].mean(axis=0)) if s > 0}
        segments.append(
            Segment(
                segment_id=f"s{label + 1}",
                kind="segment",
                customer_ids=tuple(ids[own]),
                memberships=tuple(float(value) for value in strengths),
                theme_profile=profile,
                quality=SegmentQuality(stability=grouping.segment_stability[label], separation=float(gap.mean())),
            )
        )
    strengths = dict(zip(ids[grouping.people], grouping.weights.max(axis=1), strict=True))
    outliers = [str(name) for name in ids[grouping.people[labels < 0]]]
    quiet = [ids[index] for index in range(len(ids)) if index not in placed]
    for name, kind, members in (
        (OUTLIERS, "outliers", outliers),
        (TOO_LITTLE_TEXT, "too little text", sorted([*quiet, *silent])),
    ):
        if members:
            segments.append(
                Segment.model_validate({
                    "segment_id": name,
                    "kind": kind,
                    "customer_ids": tuple(members),
                    "memberships": tuple(float(strengths.get(name, 0.0)) for name in members),
                })
            )
    return tuple(segments)


@dataclass(frozen=True)
class Aside:
    """A person without a segment: where they would belong at the most, and why they do not."""

    nearest_segment_id: str
    """Empty where nothing is near."""
    reason: str


def tell_asides(corpus: Corpus, grouping: Grouping, *, silent: Sequence[str]) -> dict[str, Aside]:
    """Those without a segment, by customer id.

    Args:
        corpus: who wrote what.
        grouping: who belongs where.
        silent: customers of the table who wrote nothing.
    """
    told = {customer_id: Aside("", "wrote nothing") for customer_id in silent}
    words = corpus.words_per_customer
    needed, placed = least_words(words), set(grouping.people.tolist())
    for at, customer_id in enumerate(corpus.customer_ids):
        if at not in placed:
            told[customer_id] = Aside("", f"too little text: {words[at]} words of {needed} needed")
    nearest = grouping.weights.argmax(axis=1)
    for row in np.flatnonzero(grouping.labels < 0):
        close, floor = grouping.closeness[row], grouping.floors[nearest[row]]
        known = grouping.weights[row].any()
        told[corpus.customer_ids[grouping.people[row]]] = Aside(
            f"s{nearest[row] + 1}" if known else "",
            f"far from every segment: closeness {close:.2f} to the nearest, whose edge lies at {floor:.2f}"
            if known
            else "no value in the column that people are grouped by",
        )
    return told


def quote_themes(corpus: Corpus, themes: ThemeModel) -> dict[str, tuple[Citation, ...]]:
    """The most telling passages of the most voiced themes, each from another customer: theme_id -> quotes."""
    most = sorted(range(len(themes.themes)), key=lambda at: (-themes.themes[at].people, at))[:THEMES_QUOTED]
    order = np.argsort(-themes.confidence, kind="stable")
    theme_of = themes.passage_theme[order]
    return {themes.themes[at].theme_id: _quotes(corpus, order[theme_of == at]) for at in sorted(most)}


def _quotes(corpus: Corpus, rows: NDArray[np.int64]) -> tuple[Citation, ...]:
    found: dict[str, Citation] = {}
    for row in rows:
        passage = corpus.passages[row]
        text = corpus.passage_texts[row]
        if passage.customer_id not in found and count_words(text) >= LEAST_QUOTED:
            found[passage.customer_id] = Citation(
                document_id=passage.document_id,
                customer_id=passage.customer_id,
                start=passage.start,
                end=passage.end,
                quote=text,
                verdict="verified",
            )
        if len(found) == QUOTES_PER_THEME:
            break
    return tuple(found.values())


def describe_segments(corpus: Corpus, themes: ThemeModel, segments: Sequence[Segment]) -> list[DescribedSegment]:
    """The segments proper (no outliers, nobody with too little text), described."""
    index = {customer_id: at for at, customer_id in enumerate(corpus.customer_ids)}
    proper = [segment for segment in segments if segment.kind == "segment"]
    words = [content_words(text) for text in corpus.passage_texts]
    insides = []
    for segment in proper:
        inside = np.zeros(len(index), dtype=bool)
        inside[[index[customer_id] for customer_id in segment.customer_ids]] = True
        insides.append(inside)
    own = [np.flatnonzero(inside[corpus.passage_customer]) for inside in insides]
    said = [level_voices([words[row] for row in rows], corpus.passage_customer[rows].tolist()) for rows in own]
    terms = distinctive_terms(said, top=TERMS_PER_SEGMENT)
    nearest = _nearest(themes, corpus, insides)
    return [
        DescribedSegment(
            segment=segment,
            inside=insides[at],
            terms=terms[at],
            neighbours=tuple(", ".join(terms[other][:5]) for other in nearest[at]),
            source_language=main_language(_documents_of(corpus, insides[at])),
            median_words=float(np.median(corpus.words_per_customer[insides[at]])),
        )
        for at, segment in enumerate(proper)
    ]


def _nearest(themes: ThemeModel, corpus: Corpus, insides: list[NDArray[np.bool_]]) -> list[list[int]]:
    if len(insides) < 2:
        return [[] for _ in insides]
    segment = np.full(len(corpus.customer_ids), -1, dtype=np.int64)
    for at, inside in enumerate(insides):
        segment[inside] = at
    profiles = themes.soft_sums(segment[corpus.passage_customer], len(insides))
    profiles /= np.maximum(np.linalg.norm(profiles, axis=1, keepdims=True), 1e-9)
    likeness = profiles @ profiles.T
    np.fill_diagonal(likeness, -1.0)
    return [np.argsort(-row, kind="stable")[:NEIGHBOURS_SHOWN].tolist() for row in likeness]


def main_language(documents: Iterable[Document]) -> OutputLanguage:
    """The language most was written in, of the two that personas are written in."""
    counts = Counter(document.language for document in documents)
    return "zh" if counts["zh"] > counts["en"] else "en"


def _documents_of(corpus: Corpus, inside: NDArray[np.bool_]) -> list[Document]:
    members = {corpus.customer_ids[at] for at in np.flatnonzero(inside)}
    return [document for document in corpus.documents if document.customer_id in members]


def length_explains(corpus: Corpus, segments: Sequence[DescribedSegment]) -> float:
    """The share of the variance of log text length that the segments explain, 0..1: less is better."""
    logs = np.log1p(corpus.words_per_customer.astype(np.float64))
    placed = np.zeros(len(logs), dtype=bool)
    between = 0.0
    for described in segments:
        placed |= described.inside
    total = float(((logs[placed] - logs[placed].mean()) ** 2).sum()) if placed.any() else 0.0
    for described in segments:
        mine = logs[described.inside]
        between += len(mine) * float((mine.mean() - logs[placed].mean()) ** 2)
    return between / total if total > 0 else 0.0


def compare_themes(
    base: EvidenceBase, segments: Sequence[DescribedSegment]
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float | None]]]:
    """For each segment, the share of its people who voice each theme, and the adjusted ratio to everybody else."""
    voiced = base.themes.voices(base.corpus.passage_customer, len(base.corpus.customer_ids))
    shares: dict[str, dict[str, float]] = {}
    lifts: dict[str, dict[str, float | None]] = {}
    for described in segments:
        supports = count_supports(voiced, described.inside, base.strata)
        ids = [theme.theme_id for theme in base.themes.themes]
        shares[described.segment.segment_id] = {key: s.share for key, s in zip(ids, supports, strict=True)}
        lifts[described.segment.segment_id] = {key: s.adjusted_lift for key, s in zip(ids, supports, strict=True)}
    return shares, lifts


def lay_out_map(
    profiles: NDArray[np.float32], corpus: Corpus, segments: Sequence[Segment], *, seed: int
) -> list[MapPoint]:
    """Where each person stands on the map, 0..1 in both directions; neighbours voice like things.

    Args:
        profiles: ``(people, themes)`` of everybody who wrote.
        corpus: for the customers' ids.
        segments: who belongs where.
        seed: of the layout and, above 1,000 people, of the sample.
    """
    segment_of = {customer: segment.segment_id for segment in segments for customer in segment.customer_ids}
    count = len(corpus.customer_ids)
    rng = np.random.default_rng(stable_seed(seed, "map"))
    chosen = np.sort(rng.permutation(count)[: count if count <= MOST_MAP_POINTS else SAMPLED_MAP_POINTS])
    places = _embed_plane(profiles[chosen], seed=seed)
    low, high = places.min(axis=0), places.max(axis=0)
    places = (places - low) / np.maximum(high - low, 1e-9)
    return [
        MapPoint(
            customer_id=corpus.customer_ids[at], x=float(x), y=float(y), segment_id=segment_of[corpus.customer_ids[at]]
        )
        for at, (x, y) in zip(chosen, places, strict=True)
    ]


def _embed_plane(profiles: NDArray[np.float32], *, seed: int) -> NDArray[np.float64]:
    """``(n, 2)``: t-SNE of the profiles, a circle where there are too few people for a map.

    Source:
        van der Maaten, Hinton: Visualizing data using t-SNE, JMLR 9 (2008).
    """
    count = len(profiles)
    if count < 10 or profiles.shape[1] < 3:
        angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    # One thread gives the same map on any machine; several wait for each other longer than they work where the cores
    # are busy.
    with one_thread():
        reduced = PCA(min(20, count - 1, profiles.shape[1]), random_state=seed).fit_transform(profiles)
        model = TSNE(2, init="pca", perplexity=min(30, count / 4), max_iter=350, random_state=seed)
        places = np.asarray(model.fit_transform(reduced), dtype=np.float64)
    return places
