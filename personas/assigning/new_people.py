"""`personas assign`: new customers into the segments of a finished run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from persona_kit.errors import InputError, UsageError
from persona_kit.progress import Progress, Silent
from persona_kit.records import Record
from personas.assigning.opening import FinishedRun, open_run, open_space
from personas.assigning.placing import NO_SPACE, Placing, Said
from personas.assigning.records import AssignedCustomer, Assignment, SegmentModel
from personas.assigning.scripts import is_latin
from personas.assigning.wording import note, reason
from personas.options import GenerateOptions
from retrieval.documents import Document
from retrieval.embedders import Embedder
from retrieval.reading import Reading, ReadOptions, read_documents
from retrieval.splitting import split_document
from retrieval.words import count_words

PEOPLE_AT_A_TIME = 500
"""People whose passages are embedded together: enough to keep an embedder busy, few enough for any memory."""


class AssignOptions(Record):
    """What the user says of the new documents; None takes what the run was told, an empty column name guesses."""

    text: str | None = None
    customer: str | None = None
    id: str | None = None
    time: str | None = None
    redact: Literal["off", "standard", "strict"] | None = None
    base_url: str | None = None
    """Where an `openai:MODEL` embedder's server listens."""
    allow_unredacted: bool = False
    exclude: tuple[str, ...] = ()
    """Paths that are no documents."""
    stdin: bytes | None = Field(default=None, repr=False)


def assign(
    new_sources: Sequence[str], to: Path, *, options: AssignOptions | None = None, progress: Progress | None = None
) -> Assignment:
    """Where each customer of the new documents belongs among the segments of a finished run.

    Nothing is written, and neither the run's workspace nor its documents are needed. Nobody's answer depends on the
    others that are asked about.

    Args:
        new_sources: files and folders; ``-`` reads ``options.stdin``.
        to: the folder that `generate` or `segment` wrote.
        options: how to read the new documents; as the run read its own where None.
        progress: told of the stages, of columns guessed and of warnings; silent where None.

    Raises:
        UsageError: when no source is named.
        InputError: when the folder holds no run of this version, or the new documents cannot be read.
        EnvironmentProblem: when the run's embedder is not installed here, or makes other vectors.
        PrivacyError: when text that was not redacted would go to another machine.
        ModelError: when the embedder fails.
    """
    if not new_sources:
        raise UsageError("no new documents are named", mend="name the files or folders that hold them, or - for stdin")
    options, progress = options or AssignOptions(), progress or Silent()
    run = open_run(to)
    base_url = options.base_url or run.model.base_url
    _check_privacy(run.model, options, base_url)
    reading = _read(new_sources, run.model, options, progress)
    people, used = place_documents(run, reading.documents, base_url=base_url, progress=progress)
    notes = _notes(run, reading, options, used)
    for line in notes:
        progress.note(line)
    return Assignment(
        run=run.key,
        calibrated=all(run.model.spaces[at].calibration is not None for at in used),
        notes=notes,
        documents=len(reading.documents),
        quarantined=len(reading.quarantined),
        people=people,
    )


def place_documents(
    run: FinishedRun, documents: Sequence[Document], *, base_url: str | None = None, progress: Progress | None = None
) -> tuple[tuple[AssignedCustomer, ...], set[int]]:
    """Where everybody who wrote one of the documents belongs, by customer id, and the model's spaces that were used.

    Raises:
        EnvironmentProblem: when the run's embedder is not installed here, or makes other vectors.
        ModelError: when the embedder fails.
    """
    progress = progress or Silent()
    desk = _Desk(run, base_url)
    said = _by_customer(documents)
    progress.start("assign", len(said))
    people: list[AssignedCustomer] = []
    for customers in _parts(sorted(said)):
        people += desk.answer({customer: said[customer] for customer in customers})
        progress.step("assign", len(customers))
    progress.finish("assign")
    return tuple(people), desk.used


def _check_privacy(model: SegmentModel, options: AssignOptions, base_url: str | None) -> None:
    for space in model.spaces:
        # Refuses what a run would refuse.
        GenerateOptions(
            embedder=space.embedder,
            base_url=base_url,
            redact=options.redact or model.redact,
            allow_unredacted=options.allow_unredacted,
            llm="extractive",
        )


def _read(new_sources: Sequence[str], model: SegmentModel, options: AssignOptions, progress: Progress) -> Reading:
    given = {part: getattr(options, part) for part in ("text", "customer", "id", "time")}
    # Ids and dates of documents place nobody, so a run's columns of them need not be there again.
    inherited = {
        part: model.columns[part] for part in ("text", "customer") if given[part] is None and part in model.columns
    }
    columns = inherited | {part: name for part, name in given.items() if name}
    level = {"redact": options.redact or model.redact, "exclude": options.exclude}
    told = ReadOptions.model_validate(columns | level)
    try:
        return read_documents(new_sources, told, progress=progress, stdin=options.stdin)
    except InputError as error:
        if not any(repr(name) in error.what for name in inherited.values()):
            raise
        named = " and ".join(f"--{part} {name}" for part, name in inherited.items())
        raise InputError(
            f"{error.what}; the run was told {named}",
            where=error.where,
            mend=" or ".join(f"name the new column with --{part}" for part in inherited)
            + ", or leave it to be guessed with an empty name",
        ) from error


def _by_customer(documents: Sequence[Document]) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = {}
    for document in documents:
        found.setdefault(document.customer_id, []).append(document)
    return found


def _parts(customers: Sequence[str]) -> Iterator[Sequence[str]]:
    return (customers[start : start + PEOPLE_AT_A_TIME] for start in range(0, len(customers), PEOPLE_AT_A_TIME))


@dataclass
class _Desk:
    """Answers where people belong, and opens embedders as they are needed."""

    run: FinishedRun
    base_url: str | None
    used: set[int] = field(default_factory=set)
    """Spaces that somebody was placed in."""
    _embedders: dict[int, Embedder] = field(default_factory=dict)

    def answer(self, said: dict[str, list[Document]]) -> list[AssignedCustomer]:
        """The people in the order they come in."""
        heard = self._hear(said)
        return [self._tell(customer, documents, heard[customer]) for customer, documents in said.items()]

    def _hear(self, said: dict[str, list[Document]]) -> dict[str, list[Said]]:
        texts: dict[int, list[tuple[str, str]]] = {}
        for customer, documents in said.items():
            for document in documents:
                place = self._space_of(document)
                for passage in split_document(document, max_chars=self.run.model.max_chars):
                    texts.setdefault(place, []).append((customer, document.text[passage.start : passage.end]))
        heard: dict[str, list[Said]] = {customer: [] for customer in said}
        for place, pairs in sorted(texts.items()):
            for (customer, _), one in zip(pairs, self._embed(place, [text for _, text in pairs]), strict=True):
                heard[customer].append(one)
        return heard

    def _embed(self, place: int, texts: list[str]) -> list[Said]:
        if place == NO_SPACE:
            return [Said(NO_SPACE, text, np.zeros(0, dtype=np.float32), 0.0) for text in texts]
        if place not in self._embedders:
            self._embedders[place] = open_space(self.run.model.spaces[place], base_url=self.base_url)
        return self.run.ruler.hear(place, texts, self._embedders[place])

    def _space_of(self, document: Document) -> int:
        scripts = [space.script for space in self.run.model.spaces]
        if "any" in scripts:
            return scripts.index("any")
        verdict = is_latin(document)
        latin = self.run.model.latin_majority if verdict is None else verdict
        wanted = "latin" if latin else "other"
        return scripts.index(wanted) if wanted in scripts else NO_SPACE

    def _tell(self, customer: str, documents: list[Document], said: list[Said]) -> AssignedCustomer:
        placing = self.run.ruler.place(said)
        none = bool(placing.far)
        persona_id, name = self.run.personas.get(placing.segment, ("", ""))
        if not none:
            self.used |= {
                at
                for at, space in enumerate(self.run.model.spaces)
                if any(one.space == at for one in said) and space.segments
            }
        return AssignedCustomer(
            customer_id=customer,
            segment_id="" if none else placing.segment,
            persona_id="" if none else persona_id,
            persona_name="" if none else name,
            confidence=None if none else round(placing.confidence, 3),
            none_of_these=none,
            reason=self._why(placing),
            nearest_segment_id=placing.segment,
            documents=len(documents),
            words=sum(count_words(one.text) for one in said),
        )

    def _why(self, placing: Placing) -> str:
        if not placing.far:
            return ""
        return reason(
            placing.far,
            self.run.language,
            words=int(placing.value),
            needed=int(placing.least),
            value=placing.value,
            least=placing.least,
            column=self.run.model.grouped_by,
        )


def _notes(run: FinishedRun, reading: Reading, options: AssignOptions, spaces: set[int]) -> tuple[str, ...]:
    language, model = run.language, run.model
    used = [model.spaces[at] for at in sorted(spaces)]
    found = []
    if reading.quarantined:
        found.append(note("set aside", language, count=len(reading.quarantined), inputs=reading.inputs))
    if options.redact not in {None, model.redact}:
        found.append(note("other redaction", language, now=options.redact, then=model.redact))
    if model.by_column:
        found += [note("by column", language, column=model.grouped_by, share=s.replaced_unseen) for s in used]
    if any(len(space.segments) == 1 for space in used):
        found.append(note("one segment", language))
    elif any(space.calibration is None for space in used):
        found.append(note("not calibrated", language))
    return tuple(dict.fromkeys(found))
