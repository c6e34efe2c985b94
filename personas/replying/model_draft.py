"""The model's sentences for a draft, of which only those stay that promise nothing and stand in what it was shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from persona_kit.errors import ModelError
from persona_kit.hashing import stable_seed
from personas.actions.wording import TONES, of_language
from personas.attributes import LANGUAGE_NAMES
from personas.grounding import carried_share
from personas.models import Engine
from personas.narrating.figures import NUMBER, NUMBER_WORDS
from personas.narrative import PROPER_NAME
from personas.output_checks import find_unsafe
from personas.replying.floor import Turn, ending, middle, opening
from personas.replying.promises import asked_for, find_promise, find_stray
from personas.replying.records import ReplyLine
from personas.replying.wording import GREETING, NOTES
from personas.sentiment import HAN
from personas.terms import stem, stems
from prompts.loader import RenderedPrompt, load_prompt
from retrieval.splitting import sentence_spans

MOST_SENTENCES: Final = 4
MOST_TOKENS: Final = 400
SMALL_TOKENS: Final = 60
CANDIDATES: Final = 4
"""Openings a small model may give; the one that the message carries best wins."""

CANDIDATE_TEMPERATURE: Final = 0.7

LEAST_CARRIED: Final = 0.3
"""Share of a sentence's content words that the message and the evidence it names must hold, as of `personas.asking`."""

LONGEST_RUN: Final = 5
"""Words in a row of somebody else that are not to be repeated to the customer."""

COURTESY: Final = frozenset(
    stem(word) for word in ("sorry", "thank", "thanks", "telling", "hear", "read", "writing", "glad")
)
"""Words that an opening may add to the customer's own."""

LONGEST_OPENING: Final = 240
_WORD: Final = re.compile(r"[\u3400-\u9fff]|[A-Za-z0-9']+")


class _ModelAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReplySentence(_ModelAnswer):
    """The numbers of the evidence first, then the sentence that rests on it."""

    evidence: list[int]
    text: str


class ReplyAnswer(_ModelAnswer):
    """The sentences between the greeting and what a person has to decide."""

    sentences: list[ReplySentence]


class ReplyOpening(_ModelAnswer):
    """One sentence that takes up what the customer wrote."""

    sentence: str = Field(max_length=LONGEST_OPENING)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What a model is shown beside the message."""

    text: str
    claim_id: str = ""
    """Of a claim: others' words."""
    place: int = 0
    """Of the customer's own earlier words, the place of the citation, counted from 1."""


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """What is left of a model's sentences; None where nothing is."""

    lines: tuple[ReplyLine, ...] | None
    notes: tuple[str, ...] = ()


def pieces_of(turn: Turn) -> list[Piece]:
    """The evidence that a model may use: the customer's own earlier words, then the claims about the message."""
    own = [Piece(text=c.quote, place=at) for at, c in enumerate(turn.evidence.earlier, start=1)]
    claims = [one for one in turn.evidence.claims if one.about == "message"]
    return own + [Piece(text=one.value, claim_id=one.claim_id) for one in claims]


class ModelDrafter:
    """Asks a model for the sentences of a draft, and keeps what holds.

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

    def draft(self, turn: Turn) -> Drafted:
        """The lines of the draft; what a person has to decide is never the model's."""
        if turn.language not in self._engine.languages:
            return Drafted(lines=None, notes=(NOTES["model language"],))
        try:
            said, notes = self._small(turn) if self._engine.profile == "small" else self._large(turn)
        except ModelError as error:
            return Drafted(lines=None, notes=(NOTES["model failed"].format(why=error.what),))
        if not said:
            return Drafted(lines=None, notes=(*notes, NOTES["nothing left"]))
        greeting = GREETING[turn.tone.manner][turn.language == "zh"]
        lines = (ReplyLine(kind="greeting", text=greeting), *said, *ending(turn))
        return Drafted(lines=lines, notes=tuple(notes))

    def _large(self, turn: Turn) -> tuple[list[ReplyLine], list[str]]:
        pieces = pieces_of(turn)
        prompt = load_prompt("reply").render({
            "message": turn.message,
            "evidence": [_shown(number, piece) for number, piece in enumerate(pieces, start=1)],
            "tone": _tone_words(turn),
            "most": MOST_SENTENCES,
            "language": LANGUAGE_NAMES[turn.language],
        })
        answer = self._engine.ask(
            prompt, ReplyAnswer, seed=self._seed_of(turn, prompt, 0), max_tokens=MOST_TOKENS
        ).value
        lines: list[ReplyLine] = []
        notes = []
        for sentence in answer.sentences[:MOST_SENTENCES]:
            named = [pieces[n - 1] for n in dict.fromkeys(sentence.evidence) if 0 < n <= len(pieces)]
            text = " ".join(sentence.text.split())
            if fault := check_reply_sentence(text, turn.message, named):
                notes.append(NOTES["dropped"].format(text=text[:80], why=fault))
            else:
                lines.append(_line(text, named))
        return lines, notes

    def _small(self, turn: Turn) -> tuple[list[ReplyLine], list[str]]:
        """One opening of several that a small model gives, and the floor's other lines."""
        prompt = load_prompt("reply", variant="small").render({"message": turn.message})
        best: tuple[float, str] | None = None
        notes = []
        for repeat in range(CANDIDATES):
            temperature = CANDIDATE_TEMPERATURE if repeat else 0.0
            try:
                seed = self._seed_of(turn, prompt, repeat)
                answer = self._engine.ask(
                    prompt, ReplyOpening, seed=seed, max_tokens=SMALL_TOKENS, temperature=temperature, repeat=repeat
                )
            except ModelError:
                continue
            text = " ".join(answer.value.sentence.split())
            fault = check_reply_sentence(text, turn.message, []) or _check_opening(text, turn.message)
            carried = carried_share(text, [turn.message])
            if fault:
                notes.append(NOTES["dropped"].format(text=text[:80], why=fault))
            elif best is None or carried > best[0]:
                best = (carried, text)
        if best is None:
            return [], notes
        first = opening(turn).model_copy(update={"text": best[1], "origin": "llm"})
        return [first, *middle(turn)], notes

    def _seed_of(self, turn: Turn, prompt: RenderedPrompt, repeat: int) -> int:
        self.prompts[f"{prompt.name}.{prompt.variant}@{prompt.version}"] = prompt.template_sha256
        return stable_seed(self._seed, turn.message, prompt.name, repeat)


def check_reply_sentence(text: str, message: str, named: Sequence[Piece]) -> str:
    """What is wrong with a sentence of a model; empty where it promises nothing and what it says was said.

    Args:
        text: the sentence.
        message: what the customer wrote.
        named: the evidence it says it rests on.
    """
    held = [message, *(piece.text for piece in named)]
    source, folded = " ".join(held), " ".join(held).casefold()
    if not text:
        return "it is empty"
    if unsafe := find_unsafe(text):
        return f"it {unsafe}"
    if promise := find_promise(text, message):
        return f"it commits the company: {promise!r}"
    own = " ".join([message, *(piece.text for piece in named if piece.place)])
    if stray := find_stray(text, own):
        return f"it does something else than to take up what was said: {stray!r}"
    if strange := sorted(set(NUMBER.findall(text)) - set(NUMBER.findall(source))):
        return f"numbers that nothing holds: {', '.join(strange)}"
    if [found for found in NUMBER_WORDS.finditer(text) if found.group().casefold() not in folded]:
        return "a number in words that nothing holds"
    first = next(iter(_WORD.findall(text)), "")
    # A name at the beginning looks like any first word: one that says something must have been said.
    opening_names = [first] if first[:1].isupper() and stems(first) - COURTESY - stems(source) else []
    if names := sorted(n for n in (*PROPER_NAME.findall(text), *opening_names) if n.casefold() not in folded):
        return f"names that nothing holds: {', '.join(names)}"
    if any(piece.claim_id and _repeats(text, piece.text, message) for piece in named):
        return "it repeats another customer's words"
    if bool(HAN.search(text)) != bool(HAN.search(message)):
        return "it is in another language than the message"
    if carried_share(text, held) < LEAST_CARRIED:
        return "it says what neither the message nor its evidence says"
    return ""


def _check_opening(text: str, message: str) -> str:
    """What is wrong with a small model's opening, which may twist what it repeats: its words are the customer's."""
    if len(list(sentence_spans(text))) > 1:
        return "it is more than a sentence"
    if asked_for(text):
        return "it speaks of what is asked for"
    if not {stem(word) for word in _WORD.findall(text.casefold())} & COURTESY:
        return "it only repeats the message"
    strange = stems(text) - stems(message) - COURTESY
    return f"words that the message does not hold: {', '.join(sorted(strange))}" if strange else ""


def _repeats(text: str, theirs: str, message: str) -> bool:
    """Whether the text holds a run of somebody else's words that the customer did not write."""
    mine, own, other = (_WORD.findall(one.casefold()) for one in (text, message, theirs))
    runs = {tuple(other[at : at + LONGEST_RUN]) for at in range(len(other) - LONGEST_RUN + 1)}
    runs -= {tuple(own[at : at + LONGEST_RUN]) for at in range(len(own) - LONGEST_RUN + 1)}
    return any(tuple(mine[at : at + LONGEST_RUN]) in runs for at in range(len(mine) - LONGEST_RUN + 1))


def _line(text: str, named: Sequence[Piece]) -> ReplyLine:
    line = ReplyLine(kind="opening", text=text, origin="llm")
    places = tuple(piece.place for piece in named if piece.place)
    claims = tuple(piece.claim_id for piece in named if piece.claim_id)
    kind = "others" if claims else "earlier" if places else "opening"
    return line.model_copy(update={"kind": kind, "citations": places, "claim_ids": claims})


def _shown(number: int, piece: Piece) -> dict[str, object]:
    return {
        "number": number,
        "who": "other customers" if piece.claim_id else "this customer, earlier",
        "text": piece.text,
    }


def _tone_words(turn: Turn) -> str:
    keys = (("manner", turn.tone.manner), ("length", turn.tone.length), ("feeling", turn.tone.feeling))
    return ", ".join(of_language(TONES[key], "en") for key in keys)
