"""The model's answer over numbered evidence: what it quotes is looked up, what it says must stand in what it quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from persona_kit.errors import ModelError
from persona_kit.hashing import stable_seed
from personas.asking.finding import LOOSELY_COVERED, find_spoken
from personas.asking.floor import Draft, Turn
from personas.asking.lexicon import HAN
from personas.asking.records import AnswerSentence
from personas.attributes import LANGUAGE_NAMES
from personas.authors.answers import EvidenceAnswer, QuotedSentence
from personas.grounding import LEAST_QUOTE_WORDS, carried_share, ground_quote, quote_words
from personas.grounding.unheard import unheard_figure, unheard_name
from personas.models import Engine
from personas.output_checks import find_unsafe
from prompts.loader import load_prompt
from retrieval.documents import Citation, Document

EVIDENCE_SHOWN = 24
MOST_SENTENCES = 6
MOST_TOKENS = 900

LEAST_CARRIED = 0.3
"""Share of a sentence's content words that the quotes it names must hold: it may put them in other words, as a
persona's tagline may."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A piece a model is shown."""

    text: str
    document: Document


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What is left of a model's answer."""

    draft: Draft | None
    """Without sentences where it found no answer; None where nothing it said can be used."""
    notes: tuple[str, ...] = ()


def evidence_for(turn: Turn) -> list[Evidence]:
    """What comes near to the question, nearest first, one piece a person: more than words alone would answer with."""
    by_id = {document.document_id: document for document in turn.documents}
    topics = turn.asked.topics or (turn.asked.spoken_for,)
    loose = [] if turn.asked.statement else find_spoken(turn.documents, topics, least=LOOSELY_COVERED)
    pieces = {one.document.customer_id: Evidence(text=one.around, document=one.document) for one in reversed(loose)}
    shown = [
        *(Evidence(text=one.around, document=one.document) for one in turn.found.spoken),
        *(
            Evidence(text=citation.quote, document=by_id[citation.document_id])
            for claim in turn.found.claims
            for citation in claim.citations
            if citation.document_id in by_id
        ),
        *reversed(pieces.values()),
    ]
    kept = {(piece.document.document_id, piece.text): piece for piece in shown if quote_words(piece.text) > 1}
    return list(kept.values())[:EVIDENCE_SHOWN]


class ModelReader:
    """Asks a model to answer from evidence, and keeps of its answer what the evidence holds.

    Args:
        engine: the model.
        seed: of the run.
    """

    def __init__(self, engine: Engine, *, seed: int) -> None:
        self._engine = engine
        self._seed = seed
        self.prompts: dict[str, str] = {}
        """Prompt name with version -> SHA-256 of its template."""

    @property
    def model(self) -> str:
        """Identity of the model."""
        return self._engine.identity

    def read(self, turn: Turn, evidence: Sequence[Evidence]) -> Reading:
        """The model's sentences that hold."""
        language = turn.asked.language
        if self._engine.profile == "small" or language not in self._engine.languages:
            return Reading(draft=None, notes=("this model is not asked: it is too small, or not of this language",))
        try:
            answer = self._ask(turn, evidence)
        except ModelError as error:
            return Reading(draft=None, notes=(f"the model failed: {error.what}",))
        if not answer.answerable:
            return Reading(draft=Draft())
        draft = Draft()
        notes = []
        for sentence in answer.sentences[:MOST_SENTENCES]:
            fault = _take_up(sentence, evidence, draft)
            if fault:
                notes.append(f"dropped {sentence.text[:80]!r}: {fault}")
        if not draft.sentences:
            return Reading(draft=None, notes=(*notes, "nothing the model said stands in the evidence"))
        return Reading(draft=draft, notes=tuple(notes))

    def _ask(self, turn: Turn, evidence: Sequence[Evidence]) -> EvidenceAnswer:
        prompt = load_prompt("answer").render({
            "question": turn.question,
            "in_voice": turn.voice == "in-voice",
            "evidence": [{"number": number, "text": piece.text} for number, piece in enumerate(evidence, start=1)],
            "most": MOST_SENTENCES,
            "language": LANGUAGE_NAMES[turn.asked.language],
        })
        self.prompts[f"{prompt.name}.{prompt.variant}@{prompt.version}"] = prompt.template_sha256
        seed = stable_seed(self._seed, turn.persona.segment_id, turn.question)
        return self._engine.ask(prompt, EvidenceAnswer, seed=seed, max_tokens=MOST_TOKENS).value


def _take_up(sentence: QuotedSentence, evidence: Sequence[Evidence], draft: Draft) -> str:
    """Adds the sentence to the draft, or says what is wrong with it."""
    documents = [piece.document for piece in evidence]
    citations: list[Citation] = []
    for quote in sentence.quotes:
        named = documents[quote.n - 1] if 0 < quote.n <= len(documents) else None
        citation = ground_quote(quote.quote, named, documents).citation
        if citation is not None and quote_words(citation.quote) >= LEAST_QUOTE_WORDS:
            citations.append(citation)
    text = " ".join(sentence.text.split())
    fault = check_answer_sentence(text, [citation.quote for citation in citations])
    if not fault:
        places = tuple(dict.fromkeys(draft.place(citation) for citation in citations))
        draft.sentences.append(AnswerSentence(text=text, citations=places, origin="llm"))
    return fault


def check_answer_sentence(text: str, quotes: Sequence[str]) -> str:
    """What the quotes do not hold of the sentence; empty where they hold it."""
    if not text or not quotes:
        return "none of its quotes stands in the evidence"
    if unsafe := find_unsafe(text):
        return f"it {unsafe}"
    if figure := unheard_figure(text, quotes):
        return f"a figure that no quote holds: {figure}"
    if name := unheard_name(text, quotes):
        return f"a name that no quote holds: {name}"
    # Words of two scripts cannot be compared; the quotes stand beside the sentence.
    if bool(HAN.search(text)) == bool(HAN.search(" ".join(quotes))) and carried_share(text, quotes) < LEAST_CARRIED:
        return "says something else than its quotes"
    return ""
