"""From a customer's message to a draft: whose persona they belong to, what is known, and nothing beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from persona_kit.errors import UsageError
from persona_kit.progress import Progress, Silent
from personas.actions.tone import NEUTRAL_TONE, hear_tone
from personas.asking.segment_texts import RunTexts, open_texts
from personas.options import GenerateOptions
from personas.replying.customers import Addressee, find_addressee
from personas.replying.evidence import find_evidence
from personas.replying.floor import Turn, compose, message_language
from personas.replying.promises import asked_for
from personas.replying.records import ReplyDraft
from personas.replying.wording import NOTES
from personas.showing import load_persona_set
from personas.verifying import load_manifest
from retrieval.redaction import redact

LONGEST_MESSAGE: Final = 8_000
"""Characters; longer texts are documents, not messages."""


def reply(
    out: Path,
    message: str,
    customer: str,
    *,
    options: GenerateOptions | None = None,
    workspace: Path | None = None,
    sources: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> ReplyDraft:
    """A draft of an answer in the tone of the customer's persona, which promises nothing that nobody has decided.

    A customer whom the run does not know, or of whose segment no persona was written, gets a draft in a neutral tone
    without evidence, and the notes say so. The message is redacted as the run was before anything else is done with it.

    Args:
        out: the folder that `generate` wrote.
        message: what the customer wrote.
        customer: their id.
        options: which model words it (`llm`, `base_url`); none where None, or where it is `auto`.
        workspace: the run's workspace; what its manifest names where None.
        sources: where the sources are now, if neither workspace nor sources are where they were.
        progress: told of the reading.

    Raises:
        UsageError: when there is no message, or it is too long to be one.
        InputError: when the run, or what it read, cannot be read.
        PrivacyError: when a model on another machine would see text that was not redacted.
    """
    _check(message)
    chosen = options or GenerateOptions()
    manifest = load_manifest(out)
    level = manifest["options"].get("redact", "standard")
    chosen = chosen.redacted_as(level)
    persona_set = load_persona_set(out)
    texts = open_texts(out, workspace=workspace, sources=sources, progress=progress or Silent())
    addressee = find_addressee(customer, texts.segment_of, persona_set, redact=level)
    turn = _turn(redact(message.strip(), level=level).text, addressee, texts)
    draft = _draft(turn, addressee)
    # What is sent to a customer is worded by a model only where one was named.
    return _by_model(turn, draft, texts, chosen) if chosen.names_a_model else draft


def _turn(message: str, addressee: Addressee, texts: RunTexts) -> Turn:
    own = [document for document in texts.documents if document.customer_id == addressee.customer_id]
    persona = addressee.persona
    segment = texts.of(persona.segment_id) if persona is not None else ()
    return Turn(
        message=message,
        language=message_language(message),
        tone=hear_tone(segment) if persona is not None else NEUTRAL_TONE,
        asked=asked_for(message),
        evidence=find_evidence(message, persona, own, segment, texts.documents),
    )


def _draft(turn: Turn, addressee: Addressee) -> ReplyDraft:
    """The draft without a model."""
    persona = addressee.persona
    notes = () if addressee.status == "known" else (NOTES[addressee.status].format(customer=addressee.customer_id),)
    return ReplyDraft(
        message=turn.message,
        customer_id=addressee.customer_id,
        status=addressee.status,
        persona_id="" if persona is None else persona.persona_id,
        name="" if persona is None else persona.name,
        language=turn.language,
        tone=turn.tone,
        lines=compose(turn),
        citations=turn.evidence.earlier,
        claims=turn.evidence.claims,
        asked=turn.asked,
        author="extractive",
        notes=notes,
    )


def _by_model(turn: Turn, draft: ReplyDraft, texts: RunTexts, options: GenerateOptions) -> ReplyDraft:
    """The draft with a model's sentences, as far as they hold."""
    from personas.engines import open_for_answer
    from personas.replying.model_draft import ModelDrafter

    with open_for_answer(options, texts.workspace) as engine:
        drafter = ModelDrafter(engine, seed=options.seed)
        drafted = drafter.draft(turn)
    notes = (*draft.notes, *drafted.notes)
    if drafted.lines is None:
        return draft.model_copy(update={"notes": notes})
    made = {"author": "llm", "model": drafter.model, "prompts": drafter.prompts}
    return draft.model_copy(update={"lines": drafted.lines, "notes": notes, **made})


def _check(message: str) -> None:
    if not message.strip() or len(message) > LONGEST_MESSAGE:
        raise UsageError(
            "there is no message" if not message.strip() else "the message is too long to be one",
            where=message[:80],
            mend=f"give what the customer wrote, at most {LONGEST_MESSAGE:,} characters, in quotation marks, or - to "
            "read it from standard input",
        )
