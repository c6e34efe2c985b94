"""Products and other names that customers mention."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from personas.profiles.records import Evidence, Tag
from personas.sentiment import HAN
from retrieval.corpus import Corpus
from retrieval.documents import Document

MOST_ENTITIES: Final = 10
MOST_PRODUCTS: Final = 2_000
LEAST_PEOPLE: Final = 2
"""People who must write a name: one that a single customer writes may be a person's."""

LEAST_CAPITAL_SHARE: Final = 0.8
"""Of a word's places inside sentences, how many must begin with a capital."""

SHOUTING: Final = 0.5
"""Share of capitals among the letters from which a passage shouts, and its capitals tell nothing."""

PRODUCT_WEIGHT: Final = 0.95
NAME_WEIGHT: Final = 0.8

_NAME: Final = re.compile(
    r"(?<=[a-z0-9,;:)'’] )[A-Z][A-Za-z0-9&+.'’-]*[A-Za-z0-9+](?: [A-Z][A-Za-z0-9&+'’-]*[A-Za-z0-9+])*"
)
_CAPITAL: Final = re.compile("[A-Z]")
_LETTER: Final = re.compile("[A-Za-z]")
_LOWER_WORD: Final = re.compile(r"\b[a-z][a-z'’-]+")
_LATIN_IN_CHINESE: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]*[A-Za-z0-9+](?![A-Za-z0-9])")
_QUOTED_CHINESE: Final = re.compile(r"《([^《》\n]{2,16})》")
_ADDRESS_BEFORE: Final = re.compile(
    r"\b(?:hi|hello|hey|dear|mr|mrs|ms|dr|thanks|thank you|regards|cheers|name is|named|called|i'm|i am"
    r"|this is|ask for|spoke (?:to|with)|"
    r"talked to|agent|waiter|waitress)[.,]?\s$",
    re.IGNORECASE,
)
_NO_NAMES_WORDS: Final = (
    "i i'm i've i'd i'll ok okay lol omg tv pc pdf faq ps asap diy usa uk us eu am pm monday tuesday "
    "wednesday thursday friday saturday sunday january february march april may june july august september "
    "october november december christmas easter english chinese german french spanish european american "
    "british english-speaking god internet mr mrs ms dr yes no please thanks thank hi hello but and the a an "
    "it he she they we you this that there my your our wow oh so if when bug bugs app email id vip wifi wi-fi "
    "it's don't can't imo imho btw fyi etc edit update ceo hr pov kg ml cm km gb mb usb ui ux qq"
)
_NO_NAMES: Final = frozenset(_NO_NAMES_WORDS.split())


@dataclass(frozen=True)
class NameIndex:
    """The names of a corpus."""

    products: re.Pattern[str] | None
    """Any product of the documents' product column or of the orders."""
    product_of: dict[str, str]
    """Lower case -> as the data writes it."""
    names: frozenset[str]
    """Other names, as written."""


def index_names(corpus: Corpus, *, products: Iterable[str] = ()) -> NameIndex:
    """The names that customers of the corpus write; one look over all passages.

    Args:
        corpus: who wrote what.
        products: more names to look for, such as those ordered.
    """
    counted = Counter(name for name in (*(d.product for d in corpus.documents), *products) if name and len(name) >= 3)
    kept = [name for name, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:MOST_PRODUCTS]]
    product_of = {name.lower(): name for name in sorted(kept)}
    return NameIndex(products=_any_of(product_of), product_of=product_of, names=_shared_names(corpus))


def _any_of(product_of: dict[str, str]) -> re.Pattern[str] | None:
    if not product_of:
        return None
    ordered = sorted(product_of, key=lambda name: (-len(name), name))
    parts = (re.escape(n) if HAN.search(n) else rf"(?<!\w){re.escape(n)}(?!\w)" for n in ordered)
    return re.compile("|".join(parts))


def _shared_names(corpus: Corpus) -> frozenset[str]:
    """Names that several people write, and that nearly everybody writes with a capital."""
    capital: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    writers: dict[str, set[str]] = {}
    for passage, text in zip(corpus.passages, corpus.passage_texts, strict=True):
        for name, _, _ in _names_in(text):
            capital[name.lower()] += 1
            mine = writers.setdefault(name, set())
            if len(mine) < LEAST_PEOPLE:
                mine.add(passage.customer_id)
        if writers:
            lower.update(set(_LOWER_WORD.findall(text)))
    return frozenset(
        name
        for name, people in writers.items()
        if len(people) >= LEAST_PEOPLE
        and capital[name.lower()] >= LEAST_CAPITAL_SHARE * (capital[name.lower()] + lower[name.lower()])
    )


def _names_in(text: str) -> Iterator[tuple[str, int, int]]:
    """Capitalised words inside sentences, Latin names in Chinese, and titles in 《》."""
    if HAN.search(text):
        for match in _QUOTED_CHINESE.finditer(text):
            yield match.group(1), match.start(1), match.end(1)
        for match in _LATIN_IN_CHINESE.finditer(text):
            if match.group().lower() not in _NO_NAMES and match.group()[0].isupper():
                yield match.group(), match.start(), match.end()
        return
    found = list(_NAME.finditer(text))
    if found and len(_CAPITAL.findall(text)) > SHOUTING * len(_LETTER.findall(text)):
        return
    for match in found:
        name = match.group().removesuffix("'s").removesuffix("’s")
        first = name.split(" ")[0].lower()
        if first not in _NO_NAMES and len(name) >= 2 and not _ADDRESS_BEFORE.search(text[: match.start()]):
            yield name, match.start(), match.start() + len(name)


def decide_entities(
    index: NameIndex, documents: Sequence[tuple[Document, Sequence[tuple[int, int]]]]
) -> tuple[Tag, ...]:
    """The products and names a customer mentions, products first, ten at most.

    Args:
        index: of the corpus.
        documents: the customer's, each with the offsets of its passages.
    """
    found: dict[tuple[str, str], list[Evidence]] = {}
    for document, spans in documents:
        for start, end in spans:
            for kind, name, begin, stop in _mentions(index, document.text[start:end]):
                found.setdefault((kind, name), []).append(_words(document, start + begin, start + stop))
        if document.product:
            evidence = Evidence(
                kind="table", document_id=document.document_id, column="product", value=document.product
            )
            found.setdefault(("product", document.product), []).append(evidence)
    products = {name.lower() for kind, name in found if kind == "product"}
    ranked = sorted(found, key=lambda key: (key[0] != "product", -len(found[key]), key[1]))
    return tuple(
        Tag(
            value=name,
            confidence=PRODUCT_WEIGHT if kind == "product" else NAME_WEIGHT,
            rule=f"entities: {kind}",
            evidence=tuple(found[kind, name][:3]),
        )
        for kind, name in ranked
        if kind == "product" or name.lower() not in products
    )[:MOST_ENTITIES]


def _mentions(index: NameIndex, text: str) -> Iterator[tuple[str, str, int, int]]:
    lowered = text.lower()
    if index.products is not None and len(lowered) == len(text):
        for match in index.products.finditer(lowered):
            yield "product", index.product_of[match.group()], match.start(), match.end()
    if index.names:
        for name, start, end in _names_in(text):
            if name in index.names:
                yield "name", name, start, end


def _words(document: Document, start: int, end: int) -> Evidence:
    return Evidence(
        kind="words", document_id=document.document_id, start=start, end=end, quote=document.text[start:end]
    )
