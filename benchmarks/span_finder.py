"""The span finder on real text: quotes changed in known ways, the verdict each should get, and the time for 10 MB.

    python -m benchmarks.span_finder verdicts SOURCE... [--quotes 400] [--seed 0]
    python -m benchmarks.span_finder size SOURCE... [--megabytes 10]

`verdicts`: sentences are drawn from the sources, each with the document it stands in and nineteen others as evidence,
and changed: letters, punctuation, full-width forms, traditional characters, a word dropped, a synonym, two neighbouring
words swapped, two sentences stitched, a negation put in or taken out, cut off in front, a number changed, the document
named wrongly, or a sentence from outside of the evidence. For each kind: how many got the verdict they should, how many
are cited where the sentence stands, how many are cited at all; then how often each verdict is right. `size`: seconds to
fold one document of that many megabytes, and for quotes of each kind looked for in it.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from persona_kit.hashing import sha256_text
from persona_kit.progress import Silent
from personas.grounding import Finding, ground_quote, quote_words
from personas.grounding.differences import NOT, tokens
from personas.grounding.folding import fold, fold_document, simplified_characters
from retrieval.documents import Document
from retrieval.reading import ReadOptions, read_documents

NEIGHBOURS = 19
SYNONYM_PAIRS = (
    "use=utilise using=employing want=wish need=require make=create makes=creates show=display get=obtain easy=simple "
    "easier=simpler code=program often=frequently large=sizeable many=numerous way=manner share=distribute "
    "sharing=distributing work=function people=persons also=additionally because=since better=superior good=fine "
    "lack=shortage great=superb nice=pleasant different=various users=clients create=produce allow=permit 味道=口味 "
    "非常=十分 特别=格外 喜欢=喜爱 服务员=店员 感觉=觉得 环境=氛围 朋友=友人 价格=价钱 推荐=推介 不错=挺好 "
    "地方=地点 很多=许多 时候=时间 还是=仍是 好吃=可口 已经=早已 但是=可是 就是=便是"
)
SYNONYMS = dict(pair.split("=") for pair in SYNONYM_PAIRS.split())
NEGATED_EN = re.compile(r"\b(is|are|was|were|would|can|could|should|will|have|has) (?!not)")
NEGATED_ZH = re.compile(r"(?<![不没])(是|能|会|好吃|喜欢|推荐|错过|贵)")
NOT_EN = re.compile(r"\b(?:not|never) |n't\b")
NOT_ZH = re.compile(r"(?<=[很也都就还，。])不(?=[好会能太想是要喜推])")
NUMBER = re.compile(r"\d+|(?<=[等了花点用共])[二两三四五六七八九十](?=[个人元块份次分])")


@dataclass(frozen=True)
class Case:
    """A quote made from a place of a document, and what should become of it."""

    kind: str
    quote: str
    named: Document
    document: Document
    start: int
    end: int
    right: tuple[str, ...]
    """The verdicts that are right."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("command", choices=("verdicts", "size"))
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--quotes", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--megabytes", type=int, default=10)
    given = parser.parse_args()
    documents = read_documents(given.sources, ReadOptions(), progress=Silent()).documents
    if given.command == "verdicts":
        tell_verdicts(documents, given.quotes, random.Random(given.seed))
    else:
        tell_time(documents, given.megabytes, random.Random(given.seed))


def sentences(document: Document) -> Iterator[tuple[int, int]]:
    """Sentences of 8 to 30 words, or clauses of 12 to 60 Chinese characters."""
    for match in re.finditer(r"(?:[^.!?。！？\n~～]|(?<=\d)\.(?=\d))+[.!?。！？]?", document.text):
        start = match.start() + len(match.group()) - len(match.group().lstrip())
        words = quote_words(match.group())
        if 8 <= words <= 30 and match.end() - start <= 200:
            yield start, match.end()


def tell_verdicts(documents: Sequence[Document], quotes: int, chance: random.Random) -> None:
    places = [(document, *span) for document in documents for span in sentences(document)]
    chance.shuffle(places)
    given: dict[str, Counter[str]] = defaultdict(Counter)
    right: Counter[str] = Counter()
    placed: Counter[str] = Counter()
    drawn: Counter[str] = Counter()
    correct: Counter[str] = Counter()
    for document, start, end in places[:quotes]:
        evidence = [document, *chance.sample(documents, min(NEIGHBOURS, len(documents)))]
        if sum(document.text[start:end] in other.text for other in evidence) != 1:
            continue
        for case in changed(document, start, end, evidence, places, chance):
            finding = ground_quote(case.quote, case.named, evidence)
            drawn[case.kind] += 1
            given[case.kind][finding.verdict] += 1
            correct[finding.verdict] += finding.verdict in case.right
            right[case.kind] += finding.verdict in case.right
            placed[case.kind] += stands_there(finding, case)
    print(
        "| kind | quotes | right verdict | cited where it stands | cited | verdicts given |\n|---|---|---|---|---|---|"
    )
    for kind, number in drawn.items():
        cited = sum(given[kind][verdict] for verdict in ("verified", "repaired", "misattributed"))
        told = ", ".join(f"{verdict} {count}" for verdict, count in given[kind].most_common())
        shares = " | ".join(f"{100 * count / number:.1f} %" for count in (right[kind], placed[kind], cited))
        print(f"| {kind} | {number} | {shares} | {told} |")
    print("\n| verdict | given | right |\n|---|---|---|")
    totals = sum(given.values(), Counter[str]())
    for verdict, number in totals.most_common():
        print(f"| {verdict} | {number} | {100 * correct[verdict] / number:.1f} % |")


def stands_there(finding: Finding, case: Case) -> bool:
    """Whether half of the place cited, at least, is the place the quote was made from."""
    citation = finding.citation
    if citation is None or citation.document_id != case.document.document_id:
        return False
    shared = min(citation.end, case.end) - max(citation.start, case.start)
    return 2 * shared >= citation.end - citation.start


def changed(
    document: Document,
    start: int,
    end: int,
    evidence: Sequence[Document],
    places: Sequence[tuple[Document, int, int]],
    chance: random.Random,
) -> Iterator[Case]:
    """The sentence in every way that applies to it."""
    text = document.text[start:end]
    base = Case("as it stands", text, document, document, start, end, ("verified",))
    yield base
    other = chance.choice(evidence[1:])
    if other.document_id != document.document_id:
        yield replace(base, kind="another document named", named=other, right=("misattributed",))
    makers: tuple[tuple[str, Callable[[str, random.Random], str | None], tuple[str, ...]], ...] = (
        ("case, punctuation, blanks", repunctuate, ("verified",)),
        ("full-width", full_width, ("verified",)),
        ("traditional characters", traditional, ("verified",)),
        ("slips of the pen", mistype, ("repaired",)),
        ("a word dropped", drop_word, ("repaired",)),
        ("a synonym", use_synonym, ("repaired",)),
        ("two words swapped", swap_words, ("repaired", "not found")),
        ("a negation put in", put_negation, ("negation-flipped",)),
        ("a negation taken out", take_negation, ("negation-flipped",)),
        ("a negation cut off in front", cut_negation, ("negation-flipped",)),
        ("a number changed", change_number, ("number-changed",)),
    )
    for kind, make, right in makers:
        quote = make(text, chance)
        if quote is not None and quote != text and quote_words(quote) >= 4:
            yield replace(base, kind=kind, quote=quote, right=right)
    far, first, last = chance.choice(places)
    if far not in evidence:
        yield replace(base, kind="from outside of the evidence", quote=far.text[first:last], right=("not found",))
    for other in evidence[1:]:
        span = next(sentences(other), None)
        if span is not None and other.document_id != document.document_id:
            half = other.text[span[0] : span[1]]
            yield replace(base, kind="two stitched", quote=stitch(text, half), right=("stitched",))
            break


def is_chinese(text: str) -> bool:
    return len(re.findall(r"[\u4e00-\u9fff]", text)) * 2 > len(text)


def stitch(one: str, two: str) -> str:
    if is_chinese(one):
        return one[: max(8, len(one) // 2)] + "，" + two[len(two) // 2 :]
    first, second = one.split(), two.split()
    return " ".join(first[: max(5, len(first) // 2)] + second[len(second) // 2 :])


def repunctuate(text: str, chance: random.Random) -> str:
    if is_chinese(text):
        table = str.maketrans({
            "，": ",",
            "。": ".",
            "！": "!",
            "？": "?",
            "：": ":",
            "“": "「",
            "”": "」",
            "（": "(",
            "）": ")",
        })
        return f"“{text.translate(table)}”"
    quoted = text.replace("'", "’").replace('"', "”").replace("-", "—").replace("...", "…")
    return f"“{quoted.replace(' ', '  ', 2).upper()}”"


def full_width(text: str, chance: random.Random) -> str | None:
    wide = "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in text)
    return wide if wide != text else None


def traditional(text: str, chance: random.Random) -> str | None:
    back = {simple: character for character, simple in reversed(simplified_characters().items())}
    return "".join(back.get(character, character) for character in text) if is_chinese(text) else None


def mistype(text: str, chance: random.Random) -> str | None:
    """A letter doubled or two swapped within a word of six letters; of Chinese one character in twenty left out."""
    if is_chinese(text):
        spots = [i for i in range(2, len(text) - 2) if _is_plain(text, i)]
        place = chance.choice(spots) if spots else 0
        return text[:place] + text[place + 1 :] if spots and len(text) >= 20 else None
    words = [match for match in re.finditer(r"[a-z]{6,}", text) if NOT not in {t.text for t in tokens(match.group())}]
    if not words:
        return None
    place = chance.choice(words).start() + chance.randrange(2, 4)
    if chance.random() < 0.5:
        return text[:place] + text[place] + text[place:]
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _is_plain(text: str, place: int) -> bool:
    return bool(re.match(r"[\u4e00-\u9fff]", text[place])) and not re.search(
        r"[不没未无非别勿莫甭零一二两三四五六七八九十百千万亿]", text[place - 2 : place + 3]
    )


def drop_word(text: str, chance: random.Random) -> str | None:
    if is_chinese(text):
        spots = [i for i in range(2, len(text) - 3) if _is_plain(text, i) and _is_plain(text, i + 1)]
        place = chance.choice(spots) if spots else 0
        return text[:place] + text[place + 2 :] if spots and len(text) >= 20 else None
    words = text.split(" ")
    spots = [i for i in range(1, len(words) - 1) if words[i].isalpha() and not _is_telling(words[i])]
    if not spots:
        return None
    place = chance.choice(spots)
    return " ".join(words[:place] + words[place + 1 :])


def _is_telling(word: str) -> bool:
    return any(token.text == NOT or token.number for token in tokens(word.lower()))


def use_synonym(text: str, chance: random.Random) -> str | None:
    found = [word for word in SYNONYMS if (word in text if is_chinese(text) else re.search(rf"\b{word}\b", text))]
    if not found:
        return None
    word = chance.choice(found)
    boundary = "" if is_chinese(text) else r"\b"
    return re.sub(f"{boundary}{word}{boundary}", SYNONYMS[word], text, count=1)


def swap_words(text: str, chance: random.Random) -> str | None:
    words = text.split(" ")
    spots = [i for i in range(1, len(words) - 2) if not _is_telling(words[i]) and not _is_telling(words[i + 1])]
    if is_chinese(text) or not spots:
        return None
    place = chance.choice(spots)
    return " ".join([*words[:place], words[place + 1], words[place], *words[place + 2 :]])


def put_negation(text: str, chance: random.Random) -> str | None:
    if is_chinese(text):
        return NEGATED_ZH.sub(r"不\1", text, count=1) if NEGATED_ZH.search(text) else None
    return NEGATED_EN.sub(r"\1 not ", text, count=1) if NEGATED_EN.search(text) else None


def take_negation(text: str, chance: random.Random) -> str | None:
    pattern = NOT_ZH if is_chinese(text) else NOT_EN
    return pattern.sub("", text, count=1) if pattern.search(text) else None


def cut_negation(text: str, chance: random.Random) -> str | None:
    pattern = NOT_ZH if is_chinese(text) else NOT_EN
    match = pattern.search(text)
    return text[match.end() :].strip() if match else None


def change_number(text: str, chance: random.Random) -> str | None:
    match = NUMBER.search(text)
    if match is None:
        return None
    other = f"{match.group()}0" if match.group().isdecimal() else chance.choice("三四六八".replace(match.group(), ""))
    return text[: match.start()] + other + text[match.end() :]


def tell_time(documents: Sequence[Document], megabytes: int, chance: random.Random) -> None:
    pool = "\n".join(document.text for document in documents).encode()
    data = (pool * (megabytes * 1_000_000 // len(pool) + 1))[: megabytes * 1_000_000]
    found = "The very last words of it all are found here"
    text = data.decode(errors="ignore") + f"\n{found}."
    big = replace(documents[0], text=text, text_sha256=sha256_text(text), turns=())
    sample = [document.text[start:end] for document in documents[-50:] for start, end in sentences(document)]
    print(f"{len(text.encode()):,} bytes, {len(text):,} characters")
    print(f"fold: {timed(lambda: fold(text)):.2f} s")
    fold_document(text)
    print(f"exact, at the end: {timed(lambda: ground_quote(found, big, [])):.3f} s a quote")
    typed = [quote for quote in (mistype(quote, chance) for quote in sample[:10]) if quote]
    print(
        f"near: {timed(lambda: [ground_quote(quote, big, []) for quote in typed]) / max(1, len(typed)):.3f} s a quote"
    )
    invented = "Nobody ever wrote quite these words about purple elephants dancing on Tuesdays"
    print(f"nowhere: {timed(lambda: ground_quote(invented, big, [])):.3f} s a quote")
    for name, quote, hostile in (
        ("10 MB of quote", "a b " * (megabytes * 250_000), big.text),
        ("10 MB of combining marks", "e" + "\u0301" * 900, "e" + "\u0301" * (megabytes * 500_000)),
        ("10 MB of one letter", "a" * 500 + "b" + "a" * 400, "a" * (megabytes * 1_000_000)),
        ("10 MB of zero-width", "a\u200b" * 400, "\u200b" * (megabytes * 330_000)),
    ):
        document = replace(big, text=hostile)
        print(f"{name}: {timed(partial(ground_quote, quote, document, [])):.2f} s")


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
