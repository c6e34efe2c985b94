"""A persona set built by hand, with customers whose words try to break the page."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

from personas.persona_set import PersonaSet
from personas.records import (
    Basis,
    Characteristic,
    Claim,
    DataQuality,
    Interval,
    MapPoint,
    Persona,
    Provenance,
    Segment,
    SegmentQuality,
    Sentence,
    Theme,
)
from retrieval.documents import Citation, Document, Rating
from tests.personas.findings_example import (
    behaviour_of,
    explanation_of,
    priorities_of,
    segmentation_of,
    trends_of,
    values_of,
)
from tests.personas.scored_example import corrections_of, scores_of

LONG_WORD = "w" * 10_000
HOSTILE = (
    "</script><script>alert(1)</script> breaks out of everything here",
    'the machine is "><img src=x onerror=alert(1)> leaking again today',
    "[click me](javascript:alert(1)) `code` | pipe * star _ under # head < tag",
    "it reads \u202eright to left\u202c from here on they say",
    "see http://evil.example/x and www.evil.example and @somebody for a refund",
    f"no space anywhere {LONG_WORD} in this word",
)
TOPICS = (
    "the grinder jams on dark beans",
    "delivery came two days late",
    "the app loses the connection",
    "price is fair",
)
ZH_TOPICS = ("咖啡机漏水，客服没有回应", "配送太慢，等了三天", "味道很好，每天早上都喝", "价格合适，会再买")


@dataclass(frozen=True)
class Example:
    """A persona set and everything `render_html` wants beside it."""

    persona_set: PersonaSet
    arguments: dict[str, Any]

    @property
    def quotes(self) -> list[str]:
        return [
            citation.quote
            for persona in self.persona_set.personas
            for claim in persona.claims
            for citation in (*claim.citations, *claim.counter_citations)
        ]


def english_example() -> Example:
    """Four personas, one of them a tendency, 120 people, some with too little text."""
    return _Builder(
        "en",
        sizes=(44, 30, 18, 12),
        quiet=13,
        outliers=3,
        names=("The Early Brewer", "The Waiting Parent", "The Button Presser", "The Price Watcher"),
        topics=TOPICS,
        hostile=HOSTILE,
    ).build()


def chinese_example() -> Example:
    """Two personas in Chinese."""
    return _Builder(
        "zh", sizes=(14, 9), quiet=2, outliers=0, names=("等不及的上班族", "讲究的咖啡客"), topics=ZH_TOPICS, hostile=()
    ).build()


class _Builder:
    def __init__(
        self,
        language: Any,
        *,
        sizes: tuple[int, ...],
        quiet: int,
        outliers: int,
        names: tuple[str, ...],
        topics: tuple[str, ...],
        hostile: tuple[str, ...],
    ) -> None:
        self.language, self.sizes, self.names, self.topics, self.hostile = language, sizes, names, topics, hostile
        self.rest = {"outliers": outliers, "too little text": quiet}
        self.documents: dict[str, Document] = {}
        self.people = sum(sizes) + quiet + outliers

    def build(self) -> Example:
        personas = tuple(self._persona(at) for at in range(len(self.sizes)))
        themes = self._themes()
        segments = self._segments()
        ids = [f"s{at}" for at in range(len(self.sizes))]
        persona_set = PersonaSet(
            title="What people say of <Brewline>" if self.language == "en" else "咖啡用户画像",
            language=self.language,
            personas=personas,
            segments=segments,
            themes=themes,
            data=self._data(),
            segmentation=segmentation_of(len(self.sizes), len(themes)),
            sizes={segment.segment_id: len(segment.customer_ids) for segment in segments},
            warnings=("customers.csv: 2 people of the table wrote nothing",) if self.language == "en" else (),
            explanation=explanation_of(ids),
            trends=trends_of(ids),
            behaviour=behaviour_of(),
            values=values_of(dict(zip(ids, self.sizes, strict=True))),
            priorities=priorities_of(ids),
            scorecard=scores_of(of_set=True),
            corrections=corrections_of(personas[0].persona_id),
        )
        shares = {
            f"s{s}": {t.theme_id: self._share(s, k) for k, t in enumerate(themes)} for s in range(len(self.sizes))
        }
        lifts = {f"s{s}": {t.theme_id: self._lift(s, k) for k, t in enumerate(themes)} for s in range(len(self.sizes))}
        arguments = {
            "map_points": self._points(segments),
            "documents": self.documents,
            "theme_shares": shares,
            "segment_lifts": lifts,
            "theme_quotes": self._theme_quotes(themes),
            "segment_terms": dict.fromkeys(ids, ("steam", "wand", "milk")),
            "manifest": {
                "tool_version": "0.1.0",
                "run_key": "ab" * 32,
                "engine": {"author": "llm", "model": "SmolLM2-360M-Instruct"},
                "seed": 7,
                "model_calls": {"made": 31, "reused": 4, "failed": 0},
                "tokens": {"prompt": 20_500, "completion": 3_100},
                "timings_s": {"read": 0.4, "index": 2.1, "personas": 61.2},
            },
        }
        return Example(persona_set=persona_set, arguments=arguments)

    @staticmethod
    def _share(segment: int, theme: int) -> float:
        return 0.4 if theme % 4 == segment else 0.05 + 0.01 * theme

    @staticmethod
    def _lift(segment: int, theme: int) -> float | None:
        if theme % 4 == segment:
            return None if theme == 41 else 2.2 + theme / 20
        return (0.2, 0.6, 1.0, 1.3)[(segment + theme) % 4]

    def _themes(self) -> tuple[Theme, ...]:
        return tuple(
            Theme(
                theme_id=f"t{k}",
                label=self.topics[k % 4] + f" {k}",
                terms=("steam", "wand", "milk"),
                language=self.language,
                passage_ids=(),
                people=90 - k,
                quality=0.6,
            )
            for k in range(44)
        )

    def _theme_quotes(self, themes: tuple[Theme, ...]) -> dict[str, tuple[Citation, ...]]:
        """Two quotes a theme, the first theme's first one hostile."""
        quotes = {}
        for k, theme in enumerate(themes[:40]):
            first = self.hostile[0] if self.hostile and k == 0 else f"{theme.label}!"
            quotes[theme.theme_id] = tuple(
                self._citation(f"theme-{k}-{n}", f"kt{k}{n}", quote)
                for n, quote in enumerate((first, self._words(k, n=4)))
            )
        return quotes

    def _segments(self) -> tuple[Segment, ...]:
        made: list[Segment] = []
        next_id = 0
        for at, size in enumerate(self.sizes):
            ids = tuple(f"k{n:03d}" for n in range(next_id, next_id + size))
            next_id += size
            quality = SegmentQuality(stability=0.45 if at == 3 else 0.92 - 0.05 * at, separation=0.4)
            made.append(self._segment(f"s{at}", "segment", ids, quality))
        for kind, size in self.rest.items():
            if size:
                ids = tuple(f"k{n:03d}" for n in range(next_id, next_id + size))
                next_id += size
                made.append(self._segment(kind.replace(" ", "-"), kind, ids, None))
        return tuple(made)

    @staticmethod
    def _segment(segment_id: str, kind: Any, ids: tuple[str, ...], quality: SegmentQuality | None) -> Segment:
        return Segment(
            segment_id=segment_id, kind=kind, customer_ids=ids, memberships=(0.5,) * len(ids), quality=quality
        )

    def _points(self, segments: tuple[Segment, ...]) -> list[MapPoint]:
        points = []
        for at, segment in enumerate(segments):
            for n, customer_id in enumerate(segment.customer_ids):
                angle, radius = n * 2.4, 0.16 * math.sqrt(n / max(len(segment.customer_ids), 1))
                x = 0.5 + 0.3 * math.cos(at * 1.2) + radius * math.cos(angle)
                y = 0.5 + 0.3 * math.sin(at * 1.2) + radius * math.sin(angle)
                points.append(MapPoint(customer_id=customer_id, x=x, y=y, segment_id=segment.segment_id))
        return points

    def _citation(self, document_id: str, customer_id: str, quote: str) -> Citation:
        """A document around the quote, and the citation of it."""
        before = "Hello there. " if self.language == "en" else "你好。"
        after = " That is all I have to say about it." if self.language == "en" else "就这些。"
        text = before + quote + after
        self.documents[document_id] = Document(
            document_id=document_id,
            customer_id=customer_id,
            text=text,
            source="reviews.csv",
            kind="review",
            question="What should we make better?" if document_id.endswith("0") else "",
            language=self.language,
            created_at="2024-03-05T10:00:00",
            rating=Rating(value=0.25, raw=2, scale=(1, 5)),
            text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        )
        start = len(before)
        return Citation(
            document_id=document_id,
            customer_id=customer_id,
            start=start,
            end=start + len(quote),
            quote=quote,
            verdict="verified",
        )

    def _claim(self, at: int, number: int) -> Claim:
        size, others = self.sizes[at], self.people - self.sizes[at]
        people = max(2, round(size * (0.62 - 0.05 * number)))
        attribute = ("pain_points", "needs", "behaviours", "satisfaction", "price_sensitivity", "made_up_key")[
            number % 6
        ]
        hostile = self.hostile[number % len(self.hostile)] if self.hostile and at == 0 else ""
        quotes = tuple(
            self._citation(
                f"r-{at}-{number}-{n}", f"k{at}{number}{n}", hostile if hostile and n == 0 else self._words(number, n)
            )
            for n in range(3)
        )
        share, elsewhere = people / size, (0.04 * number) if number != 2 else 0.0
        status: Any = {7: "anecdotal", 8: "contested"}.get(number, "supported")
        ratio = None if number == 2 else (8.0, 3.1, 0.0, 1.9, 1.4, 1.2, 0.6, 1.5, 1.0)[number % 9]
        basis = Basis(file="customers.csv", column="city", value="Graz & <Umgebung>") if number == 6 else None
        return Claim(
            claim_id=f"c{number + 1}",
            attribute=attribute,
            value=hostile[:60] if hostile and number == 1 else self.topics[number % 4] + f" ({number})",
            status=status,
            people=people,
            people_elsewhere=round(elsewhere * others),
            share=share,
            share_elsewhere=elsewhere,
            interval=Interval(low=max(0.0, share - 0.13), high=min(1.0, share + 0.13)),
            lift=ratio,
            adjusted_lift=ratio,
            citations=() if basis else quotes,
            counter_citations=(self._citation(f"n-{at}", f"kn{at}", self._words(number, 9)),) if number == 8 else (),
            basis=basis,
            origin="data" if basis else ("llm" if number % 2 else "extractive"),
            note=self._note(number, status),
        )

    @staticmethod
    def _note(number: int, status: str) -> str:
        """Why the model did not word what is in customers' words, and why a claim is contested."""
        against = "2 people say the contrary: “fine”" if status == "contested" else ""
        unworded = "no answer of the model was carried by its quotes" if number in (0, 2, 4, 8) else ""
        return "; ".join(filter(None, (unworded, against)))

    def _words(self, number: int, n: int) -> str:
        tail = f", said for the {n + 1}th time this week" if self.language == "en" else f"，这是第{n + 1}次了"
        return self.topics[(number + n) % 4] + tail

    def _persona(self, at: int) -> Persona:
        claims = tuple(self._claim(at, number) for number in range(9))
        size = self.sizes[at]
        said = "They run into it before anything else" if self.language == "en" else "他们最先遇到的就是这个问题"
        return Persona(
            persona_id=f"p{at + 1}",
            name=self.names[at],
            tagline="Wants the first cup to work." if self.language == "en" else "第一杯就要好喝。",
            segment_id=f"s{at}",
            language=self.language,
            people=size,
            share=size / self.people,
            standing="tendency" if at == 3 else "persona",
            claims=claims,
            narrative=tuple(
                Sentence(text=f"{said} ({n}).", claim_ids=(f"c{n}", f"c{n + 4}"), origin="llm") for n in range(1, 5)
            ),
            quotes=tuple(claim.citations[0] for claim in claims if claim.citations)[:6],
            characteristics=(
                Characteristic(
                    column="home_city",
                    value="Graz",
                    share=0.41,
                    share_elsewhere=0.12,
                    people=round(0.41 * size),
                    people_elsewhere=9,
                    known=size,
                    ratio=3.4,
                    interval=Interval(low=0.3, high=0.52),
                ),
            ),
            not_stated=("channels", "interests", "another_key"),
            cautions=("They wrote more than others (median 64 words against 31).",),
            terms=("grinder", "beans", "morning") if self.language == "en" else ("咖啡机", "早上"),
            scorecard=scores_of(),
            provenance=Provenance(
                author="llm",
                model="SmolLM2-360M-Instruct",
                prompts={"extract@1": "cd" * 32},
                fallbacks=("goals: no usable answer",) if at == 0 else (),
            ),
        )

    def _data(self) -> DataQuality:
        return DataQuality(
            inputs=430,
            documents=412,
            quarantined=18,
            merged=6,
            customers=self.people - 2,
            passages=903,
            words=15_300,
            languages={"en": 402, "unknown": 10} if self.language == "en" else {"zh": 412},
            sources={"reviews.csv": 412},
            kinds={"review": 412},
            reasons={"empty": 12, "duplicate of same customer": 6},
            redactions={"email": 4, "phone": 2},
            columns=("reviews.csv: text from 'body' (longest text), customer from 'user_id'",),
            bursts=("4 people posted nearly the same words on 2024-03-05",),
            first_date="2024-01-02",
            last_date="2024-06-30",
            customers_in_table=self.people,
            customers_joined=self.people - 2,
        )
