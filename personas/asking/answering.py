"""From a question to an answer: the segment's own documents are read, and what does not stand in them is not said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from persona_kit.errors import UsageError
from persona_kit.progress import Progress, Silent
from personas.asking.finding import find_spoken
from personas.asking.floor import Draft, Turn, compose, look_up
from personas.asking.lexicon import HAN
from personas.asking.questions import take_apart
from personas.asking.records import AnswerSentence, PersonaAnswer, Voice
from personas.asking.segment_texts import RunTexts, open_texts
from personas.asking.wording import BY_WORDS, ELSEWHERE, OTHER_LANGUAGE, say
from personas.attributes import load_schema
from personas.options import GenerateOptions
from personas.showing import find_persona, load_persona_set
from personas.verifying import load_manifest

EXTRACTIVE = "extractive"
LONGEST_QUESTION = 2_000
"""Characters; what is longer is a text, not a question."""


def ask(
    out: Path,
    persona: str,
    question: str,
    *,
    voice: Voice = "plain",
    options: GenerateOptions | None = None,
    workspace: Path | None = None,
    sources: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> PersonaAnswer:
    """What the persona's segment says to the question, from its documents only; or that nobody spoke about that.

    Args:
        out: the folder that `generate` wrote.
        persona: id or name.
        question: in English or Chinese.
        voice: `plain`, or `in-voice`: as the persona would say it.
        options: which model answers (`llm`, `base_url`); none where None, or where it is `auto`.
        workspace: the run's workspace; what its manifest names where None.
        sources: where the sources are now, if neither workspace nor sources are where they were.
        progress: told of the reading.

    Raises:
        UsageError: when there is no such persona, or the question is none.
        InputError: when the run, or what it read, cannot be read.
        PrivacyError: when a model on another machine would see text that was not redacted.
        ModelError: never: where a model fails, the answer is made without it and says so.
    """
    _check(question)
    chosen = options or GenerateOptions()
    persona_set = load_persona_set(out)
    asked_of = find_persona(persona_set, persona)
    texts = open_texts(out, workspace=workspace, sources=sources, progress=progress or Silent())
    manifest = load_manifest(out)
    schema = load_schema(manifest["options"].get("schema_ref"))
    asked = take_apart(_without(question, asked_of.name), schema)
    documents = texts.of(asked_of.segment_id)
    found = look_up(asked, asked_of, documents, schema)
    turn = Turn(question=question, asked=asked, persona=asked_of, documents=documents, found=found, voice=voice)
    # None is chosen for the user: the bundled one is too small to read several people's words and answer.
    if not chosen.names_a_model:
        return _by_floor(turn, texts)
    return _by_model(turn, texts, chosen.redacted_as(manifest["options"].get("redact", "standard")))


def _by_floor(turn: Turn, texts: RunTexts, *notes: str) -> PersonaAnswer:
    """The answer without a model."""
    draft = compose(turn.found, voice=turn.voice, asked=turn.asked, members=turn.members)
    return _answer(turn, texts, draft, notes=notes)


def _by_model(turn: Turn, texts: RunTexts, options: GenerateOptions) -> PersonaAnswer:
    """The model's sentences as far as they stand in the evidence; the floor's where it has none."""
    from personas.asking.model_answer import ModelReader, evidence_for
    from personas.engines import open_for_answer

    evidence = evidence_for(turn)
    if not evidence:
        return _by_floor(turn, texts, "nothing in the segment comes near to the question: no model was asked")
    with open_for_answer(options, texts.workspace) as engine:
        reader = ModelReader(engine, seed=options.seed)
        read = reader.read(turn, evidence)
    if read.draft is None:
        return _by_floor(turn, texts, *read.notes)
    answer = _answer(turn, texts, read.draft, notes=read.notes, is_denied=not read.draft.sentences)
    return answer.model_copy(update={"author": "llm", "model": reader.model, "prompts": reader.prompts})


def _answer(
    turn: Turn, texts: RunTexts, draft: Draft, *, notes: Sequence[str] = (), is_denied: bool = False
) -> PersonaAnswer:
    answered = bool(draft.sentences)
    elsewhere = None if answered or is_denied else _people_elsewhere(turn, texts)
    sentences = tuple(draft.sentences) if answered else _abstention(turn, elsewhere)
    return PersonaAnswer(
        question=turn.question,
        persona_id=turn.persona.persona_id,
        name=turn.persona.name,
        segment_id=turn.persona.segment_id,
        language=turn.asked.language,
        voice=turn.voice,
        answered=answered,
        sentences=sentences,
        citations=tuple(draft.citations),
        people=turn.found.people if answered else 0,
        members=turn.members,
        people_elsewhere=elsewhere,
        author=EXTRACTIVE,
        notes=(*notes, *(() if answered or is_denied else _cautions(turn))),
    )


def _abstention(turn: Turn, elsewhere: int | None) -> tuple[AnswerSentence, ...]:
    """That nobody here spoke of it, and how many did elsewhere."""
    key = "nobody" if turn.asked.statement is None or turn.asked.topics else "unstated"
    lines = [say(key, turn.voice, turn.asked.language)]
    if elsewhere:
        lines.append(ELSEWHERE[turn.asked.language].format(people=elsewhere))
    return tuple(AnswerSentence(text=line, origin="extractive") for line in lines)


def _people_elsewhere(turn: Turn, texts: RunTexts) -> int | None:
    """People outside of the segment who spoke of the topic; None where the question has none."""
    if not turn.asked.topics:
        return None
    spoken = find_spoken(texts.outside(turn.persona.segment_id), turn.asked.topics)
    return len({one.document.customer_id for one in spoken})


def _cautions(turn: Turn) -> tuple[str, ...]:
    """What to know of an answer that nobody spoke of it: it went by words, maybe by those of another language."""
    language = turn.asked.language
    chinese = sum(bool(HAN.search(document.text)) for document in turn.documents)
    written = "zh" if 2 * chinese > len(turn.documents) else "en"
    by_words = (BY_WORDS[language],) if turn.asked.topics else ()
    return by_words if written == language else (*by_words, OTHER_LANGUAGE[language])


def _without(question: str, name: str) -> str:
    """The question without the persona's name, which is no topic."""
    return re.sub(re.escape(name), " ", question, flags=re.IGNORECASE) if name.strip() else question


def _check(question: str) -> None:
    if not question.strip() or len(question) > LONGEST_QUESTION:
        raise UsageError(
            "there is no question" if not question.strip() else "the question is a text",
            where=question[:80],
            mend=f"ask one question of at most {LONGEST_QUESTION:,} characters, in quotation marks",
        )
