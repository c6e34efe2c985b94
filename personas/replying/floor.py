"""The draft without a model: their own words, what the evidence holds, and a gap where a person has to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from personas.actions.tone import Tone
from personas.attributes import OutputLanguage
from personas.replying.evidence import Evidence
from personas.replying.promises import asked_for
from personas.replying.records import ReplyClaim, ReplyLine
from personas.replying.wording import (
    AND,
    ASKED,
    CLOSING,
    COMMA,
    EARLIER,
    GREETING,
    OPENING,
    OTHERS,
    THINGS,
    TO_FILL_IN,
)
from personas.sentiment import HAN, score_sentiment
from retrieval.splitting import sentence_spans

LONGEST_SAID: Final = 160
"""Characters of the customer's own sentence that the opening repeats."""

FELT: Final = 0.2
"""Feeling of a message from which it is pleased or, below zero, displeased."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A message to be answered, and what is known."""

    message: str
    language: OutputLanguage
    tone: Tone
    asked: tuple[str, ...]
    evidence: Evidence

    @property
    def mood(self) -> str:
        """`bad`, `plain` or `good`: of the message; who asks for a remedy is not pleased."""
        score = score_sentiment(self.message)
        if score <= -FELT or set(self.asked) & {"refund", "replacement", "repair", "compensation"}:
            return "bad"
        return "good" if score >= FELT and not self.asked else "plain"


def message_language(message: str) -> OutputLanguage:
    """The language to answer in."""
    return "zh" if HAN.search(message) else "en"


def compose(turn: Turn) -> tuple[ReplyLine, ...]:
    """The lines of a draft; people who write little are answered with little."""
    at = int(turn.language == "zh")
    lines = [ReplyLine(kind="greeting", text=GREETING[turn.tone.manner][at]), opening(turn)]
    lines += middle(turn)
    lines += ending(turn)
    return tuple(lines)


def opening(turn: Turn) -> ReplyLine:
    """The line that takes up what the customer says."""
    text = OPENING[turn.mood][turn.language == "zh"].format(said=telling_sentence(turn.message, turn.mood))
    return ReplyLine(kind="opening", text=text)


def middle(turn: Turn) -> list[ReplyLine]:
    """What they said before, and that others say so too."""
    at = int(turn.language == "zh")
    lines = []
    if turn.evidence.earlier:
        said = " ".join(turn.evidence.earlier[0].quote.split())
        text = EARLIER["bad" if turn.mood == "bad" else "plain"][at].format(said=said)
        lines.append(ReplyLine(kind="earlier", text=text, citations=(1,)))
    about = tuple(claim.claim_id for claim in turn.evidence.claims if _agrees(claim, turn.mood))
    if (about or turn.evidence.others) and turn.tone.length != "short":
        lines.append(ReplyLine(kind="others", text=OTHERS[turn.mood][at], claim_ids=about))
    return lines


def _agrees(claim: ReplyClaim, mood: str) -> bool:
    """Whether a claim about the message says the same: who complains is not told that others like it."""
    return claim.about == "message" and (claim.attribute == "satisfaction") == (mood == "good")


def ending(turn: Turn) -> list[ReplyLine]:
    """What is asked and cannot be promised, the gap for a person, and the close."""
    at = int(turn.language == "zh")
    things = _listed([THINGS[key][at] for key in turn.asked], at)
    lines = [ReplyLine(kind="asked", text=ASKED[at].format(things=things))] if turn.asked else []
    gap = TO_FILL_IN["asked" if turn.asked else "bad" if turn.mood == "bad" else "plain"][at].format(things=things)
    lines.append(ReplyLine(kind="to fill in", text=gap))
    if turn.tone.length != "short" or turn.tone.manner == "formal":
        lines.append(ReplyLine(kind="closing", text=CLOSING[turn.tone.manner][at]))
    return lines


def telling_sentence(message: str, mood: str) -> str:
    """The sentence that feels most as the message does; what it tells comes before what it asks for. Cut where long."""
    sentences = [" ".join(message[start:end].split()) for start, end in sentence_spans(message)]
    sentences = [sentence for sentence in sentences if sentence] or [" ".join(message.split())]
    stating = [one for one in sentences if not one.endswith(("?", "？")) and not asked_for(one)] or sentences
    sign = {"bad": -1, "good": 1}.get(mood, 0)
    best = max(stating, key=lambda sentence: (max(sign * score_sentiment(sentence), 0.0), -stating.index(sentence)))
    if len(best) <= LONGEST_SAID:
        return best
    cut = best[:LONGEST_SAID].rsplit(" ", 1)[0] if " " in best[:LONGEST_SAID] else best[:LONGEST_SAID]
    return f"{cut} …"


def _listed(things: Sequence[str], at: int) -> str:
    if len(things) < 2:
        return "".join(things)
    return COMMA[at].join(things[:-1]) + AND[at] + things[-1]
