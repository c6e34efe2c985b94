"""What a segment's claims can rest on: groups of passages that say like things about one attribute."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from personas.counting import Support, Voiced, count_supports, how_telling, length_strata
from personas.facets import FALLBACK_KEY, Facet
from personas.grounding import LEAST_QUOTE_WORDS, quote_words
from personas.support.disowned import is_disowned
from personas.terms import stems
from personas.themes import ThemeModel
from retrieval.corpus import Corpus, Space
from retrieval.documents import Document
from retrieval.splitting import sentence_spans

SAME_FACET = 0.8
"""Cosine of two facets' centres from which they are one thing said in two themes."""

LONGEST_QUOTE = 240
"""Characters; a longer sentence is evidence but not a quote to read."""

ITEMS_PER_GROUP = 8
PASSAGES_READ = 40
"""Passages nearest to the group's centre that are looked through for quotable sentences."""

CLAIMS_PER_ATTRIBUTE = 4
CLAIMS_PER_SEGMENT = 14
LEAST_LIFT = 0.9
"""Adjusted ratio below which a thing is said less here than elsewhere: it does not belong on the segment's card."""


@dataclass(frozen=True, kw_only=True)
class EvidenceItem:
    """A quotable sentence of a passage, numbered for the prompt."""

    number: int
    row: int
    document: Document
    start: int
    end: int
    vector: NDArray[np.float32]

    @property
    def quote(self) -> str:
        """The sentence as the customer wrote it."""
        return self.document.text[self.start : self.end]


@dataclass(frozen=True, kw_only=True)
class EvidenceGroup:
    """Passages that say like things about one attribute, with the people behind them."""

    attribute: str
    themes: tuple[int, ...]
    rows: NDArray[np.int64]
    """All its passages, in the segment and elsewhere; ascending."""
    support: Support
    """Of the whole group; a narrower claim is counted anew."""
    items: tuple[EvidenceItem, ...]
    """Sentences of the segment's own people, the most central first, each from another customer."""
    own: NDArray[np.int64]
    """Passages of the segment's own people that it may be quoted from; ascending."""
    centre: NDArray[np.float32]
    space: Space


class EvidenceBase:
    """Everything said, arranged by what it is about; shared by all segments of a run.

    Args:
        corpus: the passages and vectors.
        themes: the themes found.
        facets: the (theme, attribute) facets.
        tags: the attributes of each passage.
        choices: (attribute, value) -> what sentences hold that say it, for attributes whose values are given.
    """

    def __init__(
        self,
        corpus: Corpus,
        themes: ThemeModel,
        facets: Sequence[Facet],
        tags: Sequence[tuple[str, ...]],
        choices: Mapping[tuple[str, str], re.Pattern[str]] | None = None,
    ) -> None:
        self.corpus = corpus
        self.themes = themes
        self.tags = tags
        self.choices = choices or {}
        self.facets = self._merge(facets)
        self.strata = length_strata(corpus.words_per_customer)

    def vectors_of(self, rows: NDArray[np.int64]) -> tuple[Space, NDArray[np.float32]]:
        """The space that holds the first of the rows, and the vectors ``(n, d)`` of those rows that it holds."""
        at = self.corpus.space_of_passage[rows]
        space = self.corpus.spaces[at[0]]
        return space, space.vectors[self.corpus.row_in_space[rows[at == at[0]]]]

    def centre_of(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The unit mean vector of the rows, in the space of the first."""
        mean = self.vectors_of(rows)[1].mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)

    def voiced_by(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """``(people,)`` who wrote one of the passages."""
        voiced = np.zeros(len(self.corpus.customer_ids), dtype=bool)
        voiced[self.corpus.passage_customer[rows]] = True
        return voiced

    @cached_property
    def _saying(self) -> dict[str, NDArray[np.int32]]:
        """The passages that hold each stem, ascending."""
        found: dict[str, array[int]] = {}
        for row, text in enumerate(self.corpus.passage_texts):
            for stem in stems(text):
                found.setdefault(stem, array("i")).append(row)
        return {stem: np.array(rows, dtype=np.int32) for stem, rows in found.items()}

    @cached_property
    def _rarity(self) -> dict[str, float]:
        """How much a stem tells: the logarithm of how many passages there are for each that holds it."""
        passages = len(self.corpus.passages)
        return {stem: float(np.log(1 + passages / len(rows))) for stem, rows in self._saying.items()}

    def shares_said(self, wanted: set[str], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """``(rows,)`` the share of the wanted stems that each passage says, 0..1; rare ones weigh more."""
        weights = {stem: self._rarity[stem] for stem in sorted(wanted) if stem in self._rarity}
        total = sum(weights.values())
        if total == 0:
            return np.zeros(len(rows))
        said = np.zeros(len(rows))
        for stem, weight in weights.items():
            # Both ascend: to look each row up takes a tenth of what `numpy.isin` takes to sort them once more.
            saying = self._saying[stem]
            said += weight * (saying[np.searchsorted(saying, rows).clip(max=len(saying) - 1)] == rows)
        return said / total

    def specificity(self, wanted: set[str]) -> float:
        """How telling stems are together, 0..1: one that occurs once tells all, a common one next to nothing."""
        rarest = float(np.log(1 + len(self.corpus.passages)))
        return min(1.0, sum(self._rarity.get(stem, rarest) for stem in wanted) / rarest) if wanted else 0.0

    def rows_tagged(self, attribute: str, space: Space) -> NDArray[np.int64]:
        """All passages of the space, of everybody, that speak of the attribute."""
        rows = self.tagged(attribute)
        here: NDArray[np.int64] = rows[self.corpus.space_of_passage[rows] == self.corpus.spaces.index(space)]
        return here

    def tagged(self, attribute: str) -> NDArray[np.int64]:
        """All passages, of everybody, that speak of the attribute; ascending."""
        return self._tagged.get(attribute, np.zeros(0, dtype=np.int64))

    @cached_property
    def _tagged(self) -> dict[str, NDArray[np.int64]]:
        found: dict[str, list[int]] = {}
        for row, tags in enumerate(self.tags):
            for tag in tags:
                found.setdefault(tag, []).append(row)
        return {tag: np.array(rows, dtype=np.int64) for tag, rows in found.items()}

    def count(self, rows: NDArray[np.int64], inside: NDArray[np.bool_]) -> Support:
        """The people behind the passages, inside and outside of a segment."""
        return count_supports(self.voiced_by(rows)[:, None], inside, self.strata)[0]

    def _merge(self, facets: Sequence[Facet]) -> list[tuple[Facet, ...]]:
        """Facets of one attribute whose centres lie close together, as one group each."""
        groups: list[tuple[list[Facet], NDArray[np.float32]]] = []
        for facet in sorted(facets, key=lambda facet: (-len(facet.rows), facet.theme, facet.attribute)):
            centre = self.centre_of(facet.rows)
            for members, first in groups:
                same = members[0].attribute == facet.attribute and first.shape == centre.shape
                if same and float(first @ centre) >= SAME_FACET:
                    members.append(facet)
                    break
            else:
                groups.append(([facet], centre))
        return [tuple(members) for members, _ in groups]

    @cached_property
    def _voiced(self) -> Voiced:
        writer = self.corpus.passage_customer
        people = [np.unique(writer[np.concatenate([facet.rows for facet in group])]) for group in self.facets]
        things = np.repeat(np.arange(len(people)), [len(some) for some in people])
        return Voiced(np.concatenate([*people, np.zeros(0, dtype=np.int64)]), things, len(people))

    def select_groups(self, inside: NDArray[np.bool_], *, min_people: int) -> list[EvidenceGroup]:
        """The groups a segment's claims are made of: what sets it apart first, then what many of it say.

        Args:
            inside: ``(people,)`` the segment's members.
            min_people: groups with fewer members behind them come last.
        """
        supports = count_supports(self._voiced, inside, self.strata)
        order = sorted(
            (index for index, support in enumerate(supports) if support.people > 0),
            key=lambda index: (-self._worth(index, supports[index], min_people, int((~inside).sum())), index),
        )
        chosen: list[EvidenceGroup] = []
        per_attribute: dict[str, int] = {}
        per_theme: dict[int, int] = {}
        for index in order:
            facets = self.facets[index]
            attribute, main = facets[0].attribute, facets[0].theme
            adjusted = supports[index].adjusted_lift
            if adjusted is not None and adjusted < LEAST_LIFT:
                continue
            if per_attribute.get(attribute, 0) >= CLAIMS_PER_ATTRIBUTE or per_theme.get(main, 0) >= 2:
                continue
            group = self._group(facets, supports[index], inside)
            if len(group.items) < min(min_people, support_people := supports[index].people, 2) or (
                support_people >= min_people > len(group.items)
            ):
                continue
            chosen.append(group)
            per_attribute[attribute] = per_attribute.get(attribute, 0) + 1
            per_theme[main] = per_theme.get(main, 0) + 1
            if len(chosen) == CLAIMS_PER_SEGMENT:
                break
        return chosen

    def whole_groups(self, inside: NDArray[np.bool_]) -> dict[str, EvidenceGroup]:
        """For each attribute that one of the segment speaks of, all that is said of it in the space most speak in.

        Args:
            inside: ``(people,)`` the segment's members.
        """
        found: dict[str, EvidenceGroup] = {}
        for attribute, rows in self._tagged.items():
            own = rows[inside[self.corpus.passage_customer[rows]]]
            if len(own):
                space = self.corpus.spaces[int(np.bincount(self.corpus.space_of_passage[own]).argmax())]
                rows = self.rows_tagged(attribute, space)
                found[attribute] = self.make_group(attribute, (), rows, self.count(rows, inside), inside)
        return found

    def _worth(self, index: int, support: Support, min_people: int, others: int) -> float:
        """What a group tells; half of it where nothing but its words says what it is about."""
        if support.people < min_people:
            return support.share - 2.0
        telling = how_telling(support, others=others)
        return telling / 2 if self.facets[index][0].attribute == FALLBACK_KEY and telling > 0 else telling

    def _group(self, facets: tuple[Facet, ...], support: Support, inside: NDArray[np.bool_]) -> EvidenceGroup:
        rows = np.unique(np.concatenate([facet.rows for facet in facets]))
        return self.make_group(facets[0].attribute, tuple(sorted({f.theme for f in facets})), rows, support, inside)

    def make_group(
        self,
        attribute: str,
        themes: tuple[int, ...],
        rows: NDArray[np.int64],
        support: Support,
        inside: NDArray[np.bool_],
        *,
        quotable: NDArray[np.int64] | None = None,
    ) -> EvidenceGroup:
        """A group of these passages with its quotable sentences.

        Args:
            attribute: what it is about.
            themes: the themes it comes from.
            rows: the passages people are counted in, of everybody.
            support: the people behind `rows`.
            inside: ``(people,)`` the segment's members.
            quotable: the passages to quote from; the segment's own of `rows` where None.
        """
        here = rows[inside[self.corpus.passage_customer[rows]]] if quotable is None else quotable
        centre = self.centre_of(here)
        space, vectors = self.vectors_of(here)
        nearest = here[np.argsort(-(vectors @ centre), kind="stable")][:PASSAGES_READ]
        return EvidenceGroup(
            attribute=attribute,
            themes=themes,
            rows=rows,
            support=support,
            items=self._items(nearest, centre, space),
            own=here,
            centre=centre,
            space=space,
        )

    def _items(self, rows: NDArray[np.int64], centre: NDArray[np.float32], space: Space) -> tuple[EvidenceItem, ...]:
        spans = [(int(row), *span) for row in rows for span in self.quotable(int(row))]
        return self.make_items(spans, centre, space)

    def make_items(
        self,
        spans: Sequence[tuple[int, Document, int, int]],
        centre: NDArray[np.float32],
        space: Space,
        *,
        repeated: bool = False,
    ) -> tuple[EvidenceItem, ...]:
        """Sentences to quote, one of each customer, those nearest to the centre first, and the same words once.

        Args:
            spans: passage, document, and where the sentence stands in it.
            centre: ``(d,)`` in the space.
            space: of the passages.
            repeated: whether the same words of further customers fill what is left: they are people as well.
        """
        if not spans:
            return ()
        vectors = space.embedder.embed([document.text[start:end] for _, document, start, end in spans])
        order = np.argsort(-(vectors @ centre), kind="stable").tolist()
        words = [document.text[start:end].casefold() for _, document, start, end in spans]
        firsts = {text: place for place in reversed(order) for text in [words[place]]}
        fresh = [place for place in order if firsts[words[place]] == place]
        again = [place for place in order if firsts[words[place]] != place] if repeated else []
        chosen: dict[str, int] = {}
        for place in [*fresh, *again]:
            chosen.setdefault(spans[place][1].customer_id, place)
        return tuple(
            EvidenceItem(
                number=number,
                row=(span := spans[place])[0],
                document=span[1],
                start=span[2],
                end=span[3],
                vector=vectors[place],
            )
            for number, place in enumerate(list(chosen.values())[:ITEMS_PER_GROUP], start=1)
        )

    def sentences(self, row: int) -> list[tuple[Document, int, int]]:
        """The sentences of a passage: the document and where they stand in it."""
        passage = self.corpus.passages[row]
        document = self.corpus.document_by_id[passage.document_id]
        return [(document, start, end) for start, end in sentence_spans(document.text, passage.start, passage.end)]

    def quotable(self, row: int) -> list[tuple[Document, int, int]]:
        """Those of the sentences that can be quoted: neither too short nor too long, and their writer means them."""
        return [
            (document, start, end)
            for document, start, end in self.sentences(row)
            if end - start <= LONGEST_QUOTE
            and quote_words(document.text[start:end]) >= LEAST_QUOTE_WORDS
            and not is_disowned(document.text[start:end])
        ]
