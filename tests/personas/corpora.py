"""Small made-up corpora with planted kinds of people: what is planted must come out again."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from persona_kit.hashing import sha256_text
from persona_kit.progress import Silent
from persona_kit.workspace import Workspace
from personas.attributes import load_schema
from personas.evidence import EvidenceBase
from personas.facets import build_facets, tag_passages
from personas.options import GenerateOptions
from personas.sentiment import score_sentiments
from personas.themes import find_themes
from retrieval.corpus import Corpus, build_corpus
from retrieval.documents import Document, Language, Rating

CONNECTING = (
    "The machine loses the wifi connection every {time} and the app cannot find it.",
    "Pairing the phone over bluetooth failed again {time}, the app shows a connection error.",
    "After the firmware update the app crashes whenever I connect to the wifi.",
    "I have to restart the router {time} before the app connects to the machine.",
    "The app says offline although the wifi in my kitchen works fine.",
    "Bluetooth pairing is a nightmare, the phone drops the connection {time}.",
    "Please fix the app, it will not connect to a wifi router with two bands.",
    "The wifi setup in the app is confusing and the connection breaks {time}.",
    "My phone shows the machine offline and the app asks me to pair it again.",
    "I wish the app kept the bluetooth connection when the phone is locked.",
    "The firmware update got stuck and the app never connected {time}.",
    "Support told me to reset the wifi, but the app still cannot connect.",
    "Scheduling a brew from the app fails {time} because the wifi connection is gone.",
    "The app should reconnect to the wifi by itself after a power cut.",
)
CRAFTING = (
    "I grind the beans finer {time} and the espresso shot comes out with thick crema.",
    "The burr grinder gives an even grind and the espresso tastes sweet.",
    "I love dialling in a new roast, the shot pulls in thirty seconds {time}.",
    "Steaming milk for latte art works great, the foam is silky {time}.",
    "The portafilter basket fits eighteen grams of beans for a double shot.",
    "I weigh every espresso shot and adjust the grind of the beans {time}.",
    "The crema on this espresso is excellent with a light roast from the local roastery.",
    "I would love a pressure gauge to see how the espresso shot extracts.",
    "Milk foam for a flat white is perfect, the steam wand is strong {time}.",
    "I experiment with grind size and brew temperature for each roast {time}.",
    "The tamper is heavy and the puck of ground beans comes out dry.",
    "A finer burr setting for the grinder would be great for light roast beans.",
    "I pull two espresso shots {time} and the taste of the beans is superb.",
    "The steam wand froths milk quickly and the espresso stays hot.",
)
SAVING = (
    "The subscription price went up {time} and the capsules are too expensive.",
    "I cancelled the capsule subscription because the monthly cost is not worth it.",
    "Capsules cost twice as much as in the supermarket, please offer a discount {time}.",
    "A cheaper bundle of capsules would be nice for families that watch their money.",
    "I asked for a refund of the subscription {time} and it was charged again.",
    "The delivery fee makes every order of capsules overpriced {time}.",
    "I would pay less if the subscription offered a coupon for large orders.",
    "The yearly plan is expensive and cancelling the subscription takes too long.",
    "I switched to cheap capsules from another shop to save money {time}.",
    "There should be a discount for customers who order capsules {time}.",
    "They raised the price of the subscription without telling me {time}.",
    "My family cannot afford these capsules at the new price.",
    "The invoice for the subscription was wrong {time} and I want my money back.",
    "Value for money is poor, the capsules cost more than fresh coffee.",
)
TIMES = ("every morning", "every week", "last month", "twice a week", "on weekends", "again", "since March")

QUEUEING = (
    "排队排了很久，{time}等位都要一个小时。",
    "周末等位的人太多，服务员也不管排队的顺序。",
    "取号以后排队{time}还是要等很久，希望能提前预约。",
    "服务员态度差，排队的时候没人理我们。",
    "等位等得太慢，希望增加线上取号和预约。",
    "门口排队太挤，服务员{time}都忙不过来。",
    "预约了还要排队等位，服务真的太慢。",
    "叫号系统坏了，排队的人都很生气{time}。",
)
TASTING = (
    "牛肉火锅的味道很棒，汤底很香{time}。",
    "毛肚和牛肉都很新鲜，火锅味道正宗。",
    "汤底够辣，牛肉很嫩，{time}都点这个锅。",
    "蘸料味道不错，毛肚脆，火锅很好吃。",
    "羊肉和牛肉新鲜，汤底味道很香{time}。",
    "火锅的辣味正宗，喜欢这里的毛肚。",
    "菜品新鲜，牛肉份量足，汤底好喝{time}。",
    "最喜欢麻辣汤底，配上毛肚味道完美。",
)
CHINESE_TIMES = ("每周", "每次", "上个月", "周末", "晚上", "每天")


@dataclass(frozen=True)
class Voice:
    """A made-up person: the kind they were planted as, and what they wrote."""

    customer_id: str
    kind: str
    texts: tuple[str, ...]
    language: Language


def english_people(per_kind: int = 14) -> list[Voice]:
    """``3 * per_kind`` people of three kinds, two texts each."""
    kinds = {"connecting": CONNECTING, "crafting": CRAFTING, "saving": SAVING}
    return [_voice(kind, number, says, TIMES, "en", " ") for kind, says in kinds.items() for number in range(per_kind)]


def chinese_people(per_kind: int = 12) -> list[Voice]:
    """``2 * per_kind`` people of two kinds, two texts each."""
    kinds = {"queueing": QUEUEING, "tasting": TASTING}
    return [
        _voice(kind, number, says, CHINESE_TIMES, "zh", "")
        for kind, says in kinds.items()
        for number in range(per_kind)
    ]


def _voice(
    kind: str, number: int, says: Sequence[str], times: Sequence[str], language: Language, between: str
) -> Voice:
    def line(step: int) -> str:
        return says[(number + step) % len(says)].format(time=times[(number * 3 + step) % len(times)])

    texts = (between.join((line(0), line(5))), between.join((line(3), line(10) if language == "en" else line(6))))
    return Voice(f"{kind}-{number:02d}", kind, texts, language)


def make_document(
    document_id: str,
    text: str,
    *,
    customer: str = "someone",
    language: Language = "en",
    question: str = "",
    rating: float | None = None,
    turns: tuple[tuple[int, int], ...] = (),
) -> Document:
    """A document with its text of record, as loading makes it."""
    return Document(
        document_id=document_id,
        customer_id=customer,
        text=text,
        source="made-up.csv",
        language=language,
        question=question,
        rating=None if rating is None else Rating(value=rating, raw=1 + 4 * rating, scale=(1.0, 5.0)),
        turns=turns,
        text_sha256=sha256_text(text),
    )


def documents_of(voices: Sequence[Voice]) -> tuple[Document, ...]:
    """What the voices wrote, a document a text."""
    return tuple(
        make_document(f"{voice.customer_id}-{number}", text, customer=voice.customer_id, language=voice.language)
        for voice in voices
        for number, text in enumerate(voice.texts, start=1)
    )


def write_table(path: Path, voices: Sequence[Voice]) -> Path:
    """A CSV of reviews: id, customer_id, review."""
    rows = [(d.document_id, d.customer_id, d.text) for d in documents_of(voices)]
    return write_rows(path, ("id", "customer_id", "review"), rows)


def write_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    """A CSV with these rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


@dataclass(frozen=True)
class _Read:
    documents: tuple[Document, ...]


@contextmanager
def corpus_of(documents: Sequence[Document], folder: Path, *, embedder: str = "auto") -> Iterator[Corpus]:
    """The documents split, embedded and indexed in a real workspace, as a run does it."""
    with Workspace.open(folder) as workspace:
        yield build_corpus(
            _Read(tuple(documents)), embedder=embedder, workspace=workspace, progress=Silent(), max_chars=200
        )


def evidence_of(corpus: Corpus, *, seed: int = 0) -> EvidenceBase:
    """The corpus arranged by themes and attributes, as a run does it."""
    themes = find_themes(corpus, seed=seed)
    tags = tag_passages(corpus, load_schema(None), score_sentiments(corpus.passage_texts))
    return EvidenceBase(corpus, themes, build_facets(themes, tags), tags)


def run_options(folder: Path, **changes: object) -> GenerateOptions:
    """Options of a run without a model that keeps everything within the folder."""
    given = {"out": folder / "out", "workspace": folder / "workspace", "llm": "extractive", **changes}
    return GenerateOptions.model_validate(given)
