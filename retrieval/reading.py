"""Documents from files: load -> clean -> redact, with everything that was not read accounted for."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from sys import intern
from typing import Literal

from persona_kit.errors import InputError, PersonaKitError
from persona_kit.hashing import sha256_text
from persona_kit.progress import Progress
from persona_kit.records import Record
from retrieval.bursts import count_once, find_bursts, tell_burst
from retrieval.cleaning import find_fault, same_words_key
from retrieval.documents import Document, Quarantined
from retrieval.hostile import find_instructions, find_spread
from retrieval.hostile.characters import SMUGGLED
from retrieval.hostile.instructions import FLAG_KINDS
from retrieval.language import detect_language
from retrieval.loading.columns import column_names, guess_columns, missing_column, tell_columns
from retrieval.loading.drafts import Draft, draft_table, draft_text, realign
from retrieval.loading.files import SourceFile, list_files, read_bytes
from retrieval.loading.formats import Parsed, parse_file
from retrieval.loading.tables import RawTable
from retrieval.redaction import Redacted, public_id, redact, redact_scalar

FlagPolicy = Literal["withhold", "use"]
"""`withhold`: they are counted, and neither quoted nor shown to a model; `use`: they are used like any other."""

TOLD_WITHHELD = "they are counted, and neither quoted nor shown to a model"

EXCERPT_CHARS = 200
_OPTION_OF = {
    "text": "--text",
    "customer": "--customer",
    "id": "--id",
    "time": "--time",
    "rating": "--rating",
    "product": "--product",
}


class ReadOptions(Record):
    """What the user says of the input; None leaves it to the guess."""

    text: str | None = None
    """Column of the text; several, parted by commas, make one document a cell."""
    customer: str | None = None
    id: str | None = None
    time: str | None = None
    rating: str | None = None
    product: str | None = None
    redact: Literal["off", "standard", "strict"] = "standard"
    flagged: FlagPolicy = "withhold"
    """What becomes of documents that speak to a machine, and of posts that repeat one of a burst."""
    exclude: tuple[str, ...] = ()
    """Paths that are no documents, such as the customer table lying in the same folder."""

    @property
    def columns(self) -> dict[str, str]:
        """The columns chosen, by part."""
        return {part: name for part in _OPTION_OF if (name := getattr(self, part))}


@dataclass(frozen=True)
class Reading:
    """What was read; every input is a document or quarantined."""

    documents: tuple[Document, ...]
    quarantined: tuple[Quarantined, ...]
    inputs: int
    redactions: dict[str, int]
    """Replacements per kind of personal data."""
    columns: tuple[str, ...]
    """How each table and text was read, one sentence each."""
    files: dict[str, str]
    """Source name -> SHA-256 of the file's bytes; "-" for stdin."""
    bursts: tuple[str, ...]
    hidden: dict[str, int] = field(default_factory=dict)
    """Characters that no reader sees and that were taken out, by kind."""
    flagged: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Ids of documents that speak to a machine, by `FlagKind`; whatever the policy."""
    repeated: int = 0
    """Posts that repeat one of a burst by another customer; whatever the policy."""


@dataclass
class _Loaded:
    """What the load stage found."""

    drafts: list[Draft] = field(default_factory=list)
    tables: list[tuple[SourceFile, RawTable]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)


def read_documents(
    sources: Sequence[str], options: ReadOptions, *, progress: Progress, stdin: bytes | None = None
) -> Reading:
    """The documents of files, folders and stdin ("-"), cleaned and redacted, in the order of the sorted files.

    A file that cannot be read is quarantined as a whole where others can; alone, it is an error.

    Raises:
        InputError: when a source is missing, a column named is in no table, or no document is left.
        EnvironmentProblem: when a format's reader is not installed.
    """
    files = list_files(sources, exclude=options.exclude, progress=progress)
    progress.start("load", len(files))
    loaded = _load(files, options, progress, stdin)
    progress.finish("load")
    if not loaded.drafts:
        raise _nothing_found(loaded, files)
    progress.start("clean", len(loaded.drafts))
    reading = _clean(loaded, options, progress)
    progress.finish("clean")
    assert len(reading.documents) + len(reading.quarantined) == reading.inputs
    if not reading.documents:
        raise _nothing_left(reading)
    return reading


# --- load ---------------------------------------------------------------------------------------------------------


def _load(files: Sequence[SourceFile], options: ReadOptions, progress: Progress, stdin: bytes | None) -> _Loaded:
    loaded = _Loaded()
    parsed: list[tuple[SourceFile, Parsed]] = []
    failed: list[tuple[SourceFile, InputError]] = []
    for file in files:
        try:
            data = read_bytes(file, stdin=stdin)
            loaded.files[file.source] = hashlib.sha256(data).hexdigest()
            parsed.append((file, parse_file(file, data)))
        except InputError as error:
            failed.append((file, error))
        progress.step("load")
    if not parsed and failed:
        raise _all_failed(failed)
    _check_chosen(parsed, options)
    for file, found in parsed:
        _draft_file(loaded, file, found, options, progress)
    for file, why in failed:
        progress.warn(f"{file.source} was not read: {why.what}")
        loaded.drafts.append(Draft(file.label, file.label, file.source, fault=("unreadable", why.what)))
    return loaded


def _all_failed(failed: Sequence[tuple[SourceFile, InputError]]) -> PersonaKitError:
    error = failed[0][1]
    if len(failed) == 1:
        return error
    return InputError(
        f"none of the {len(failed)} files can be read; the first: {error.what}", where=error.where, mend=error.mend
    )


def _check_chosen(parsed: Sequence[tuple[SourceFile, Parsed]], options: ReadOptions) -> None:
    tables = {file.source: found.table.columns for file, found in parsed if found.table is not None}
    for part, wanted in options.columns.items():
        if not any(column_names(wanted, columns) for columns in tables.values()):
            if not tables:
                raise InputError(
                    f"there is no column {wanted!r} ({_OPTION_OF[part]}): no source is a table",
                    where=", ".join(file.source for file, _ in parsed[:5]),
                    mend=f"leave {_OPTION_OF[part]} out, or give a table such as CSV",
                )
            raise missing_column(_OPTION_OF[part], wanted, tables)


def _draft_file(loaded: _Loaded, file: SourceFile, found: Parsed, options: ReadOptions, progress: Progress) -> None:
    for note in found.notes:
        loaded.told.append(f"{file.source}: {note}")
        progress.note(f"{file.source}: {note}")
    if found.table is None:
        rows = found.lines
        if rows is None:
            loaded.drafts.append(draft_text(file, found.text, front=found.front))
        else:
            filled = [line for line in rows if line.strip()]
            loaded.drafts.extend(draft_text(file, line, front={}, row=n) for n, line in enumerate(filled, start=1))
        return
    columns = guess_columns(found.table, chosen=options.columns)
    if found.table.ragged:
        # With the cells back in their columns the other parts show what they are.
        realign(found.table, columns)
        columns = guess_columns(found.table, chosen=options.columns)
    if not columns.text and not columns.turns:
        loaded.tables.append((file, found.table))
        progress.note(f"{file.source}: a table without customer text, not read as documents")
        loaded.told.append(f"{file.source}: no column of customer text, not read as documents")
        return
    drafts, scale = draft_table(file, found.table, columns)
    told = tell_columns(file.source, columns) + (f"; {scale}" if scale else "")
    loaded.told.append(told)
    progress.note(told)
    for note in found.table.notes:
        progress.warn(f"{file.source}: {note}")
        loaded.told.append(f"{file.source}: {note}")
    if found.table.bad_rows:
        progress.warn(f"{file.source}: {len(found.table.bad_rows):,} rows cannot be read; they stand in the quarantine")
    loaded.drafts.extend(drafts)


def _nothing_found(loaded: _Loaded, files: Sequence[SourceFile]) -> InputError:
    if loaded.tables:
        where = "; ".join(f"{file.source}: {', '.join(map(repr, table.columns))}" for file, table in loaded.tables[:5])
        if not any(table.rows for _, table in loaded.tables):
            return InputError("the table holds no rows", where=where, mend="give a table with at least one row")
        return InputError("no column holds customer text", where=where, mend="name the column of the text with --text")
    where = ", ".join(file.source for file in files[:5])
    return InputError("no documents were found", where=where, mend="give files that hold what customers wrote")


def _nothing_left(reading: Reading) -> InputError:
    reasons = Counter(
        f"{entry.reason} ({entry.detail})" if entry.detail else entry.reason for entry in reading.quarantined
    )
    first = "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common(3))
    return InputError(
        f"none of the {reading.inputs:,} inputs is a document: {first}",
        where=", ".join(reading.files),
        mend="split what is too long; of a table, check that the column of the text was read (--text) and holds words",
    )


# --- clean and redact ---------------------------------------------------------------------------------------------


def _clean(loaded: _Loaded, options: ReadOptions, progress: Progress) -> Reading:
    counts: Counter[str] = Counter()
    hidden: Counter[str] = Counter()
    documents: list[Document] = []
    quarantined: list[Quarantined] = []
    for draft in loaded.drafts:
        hidden.update(draft.hidden)
        done = _redact_draft(draft, options, counts)
        fault = draft.fault or _fault_after(draft, done)
        if fault is not None:
            quarantined.append(_quarantine(draft, done.text, *fault))
        else:
            documents.append(_document(draft, done))
        progress.step("clean")
    kept, merged = _merge_duplicates(documents)
    kept = _flag_spread(_part_ids(kept, progress))
    bursts = find_bursts(kept)
    told = tuple(tell_burst(burst, kept) for burst in bursts)
    if told:
        more = f" (and {len(told) - 1:,} more such groups)" if len(told) > 1 else ""
        progress.warn(f"{told[0]}{more}")
    marked = count_once(kept, bursts)
    flagged: dict[str, tuple[str, ...]] = {
        kind: ids for kind in FLAG_KINDS if (ids := tuple(d.document_id for d in kept if kind in d.flagged))
    }
    _warn_of_flagged(kept, options.flagged, progress)
    if options.flagged == "use":
        documents_kept = tuple(replace(document, flagged=()) if document.flagged else document for document in kept)
    else:
        documents_kept = marked
    return Reading(
        documents=documents_kept,
        quarantined=(*quarantined, *merged),
        inputs=len(loaded.drafts),
        redactions=dict(sorted(counts.items())),
        columns=tuple(loaded.told),
        files=loaded.files,
        bursts=told,
        hidden=dict(sorted(hidden.items())),
        flagged=flagged,
        repeated=sum(bool(document.repeats) for document in marked),
    )


def _flag_spread(documents: list[Document]) -> list[Document]:
    """The documents, parts of an instruction that none of them holds alone flagged."""
    for at in find_spread(documents):
        if not documents[at].flagged:
            documents[at] = replace(documents[at], flagged=("split instruction",))
    return documents


def _warn_of_flagged(documents: Sequence[Document], policy: FlagPolicy, progress: Progress) -> None:
    flagged = [document for document in documents if document.flagged]
    if flagged:
        ids = ", ".join(document.document_id for document in flagged[:5]) + (", ..." if len(flagged) > 5 else "")
        progress.warn(
            f"{len(flagged):,} documents speak to a machine and not to a reader ({ids}): "
            + ("they are used like any other" if policy == "use" else TOLD_WITHHELD)
        )


def _redact_draft(draft: Draft, options: ReadOptions, counts: Counter[str]) -> Redacted:
    """Redacts all that a draft says, its ids and metadata too; counts what was replaced in text and metadata."""
    level = options.redact
    # Of a fault only the excerpt is kept.
    done = redact(draft.text[: 10 * EXCERPT_CHARS] if draft.fault else draft.text, level=level)
    counts.update(done.counts)
    if level == "off":
        return done
    draft.document_id = public_id(draft.document_id, level=level)
    draft.customer_id = public_id(draft.customer_id, level=level)
    draft.question = redact(draft.question, level=level).text if draft.question else ""
    draft.product = redact(draft.product, level=level).text if draft.product else draft.product
    for name, value in draft.metadata.items():
        clean, found = redact_scalar(value, level=level)
        if found:
            draft.metadata[name] = clean  # type: ignore[assignment]  # redact_scalar gives back a scalar
            counts.update(found)
    return done


def _fault_after(draft: Draft, done: Redacted) -> tuple[str, str] | None:
    """A text of nothing but personal data has no words left."""
    if not done.counts:
        return None
    own = "\n".join(done.text[start:end] for start, end in _moved(draft, done)) if draft.turns else done.text
    return find_fault(own)


def _moved(draft: Draft, done: Redacted) -> tuple[tuple[int, int], ...]:
    return tuple((done.move(start), done.move(end, is_end=True)) for start, end in draft.turns)


def _quarantine(draft: Draft, text: str, reason: str, detail: str) -> Quarantined:
    return Quarantined.model_validate({
        "document_id": draft.document_id,
        "source": draft.source,
        "reason": reason,
        "detail": detail,
        "excerpt": _excerpt(text),
    })


def _excerpt(text: str) -> str:
    """The beginning of a text that is not processed; nothing of one that speaks to a machine."""
    return "" if find_instructions(text[: 10 * EXCERPT_CHARS]) else text[:EXCERPT_CHARS]


def _document(draft: Draft, done: Redacted) -> Document:
    own = "\n".join(done.text[start:end] for start, end in _moved(draft, done)) if draft.turns else done.text
    return Document(
        document_id=draft.document_id,
        # Of what many documents share, one string is enough.
        customer_id=intern(draft.customer_id),
        text=done.text,
        source=draft.source,
        kind=intern(draft.kind),
        question=intern(draft.question),
        language=detect_language(own),
        created_at=draft.created_at,
        rating=draft.rating,
        product=intern(draft.product) if draft.product is not None else None,
        turns=_moved(draft, done),
        metadata=draft.metadata,
        text_sha256=sha256_text(done.text),
        flagged=_flags_of(draft, done),
    )


def _flags_of(draft: Draft, done: Redacted) -> tuple[str, ...]:
    """Why the document is not to be relied on; what stands beside its text counts as well."""
    beside = "\n".join(part for part in (draft.question, draft.product, draft.kind) if part)
    found: list[str] = list(find_instructions(done.text))
    found += find_instructions(beside) if beside else ()
    found += ["hidden text"] if any(draft.hidden[kind] >= least for kind, least in SMUGGLED.items()) else []
    return tuple(dict.fromkeys(found))


def _merge_duplicates(documents: Sequence[Document]) -> tuple[list[Document], list[Quarantined]]:
    """One document for the same words of the same customer in answer to the same question; the first one stays."""
    first: dict[tuple[str, str, str], int] = {}
    kept: list[Document] = []
    merged: dict[int, list[str]] = {}
    quarantined = []
    for document in documents:
        words = same_words_key(document.text) or document.text
        key = (document.customer_id, same_words_key(document.question), words)
        place = first.setdefault(key, len(kept))
        if place == len(kept):
            kept.append(document)
            continue
        merged.setdefault(place, []).append(document.document_id)
        quarantined.append(
            Quarantined(
                document_id=document.document_id,
                source=document.source,
                reason="duplicate of same customer",
                detail=f"the same words as {kept[place].document_id}",
                excerpt=_excerpt(document.text),
            )
        )
    for place, ids in merged.items():
        kept[place] = replace(kept[place], merged_ids=tuple(ids))
    return kept, quarantined


def _part_ids(documents: list[Document], progress: Progress) -> list[Document]:
    """Gives the second document of an id the id ``id#2``, so that both stay."""
    taken = {document.document_id for document in documents}
    seen: Counter[str] = Counter()
    renamed: list[str] = []
    parted = []
    for document in documents:
        name = document.document_id
        seen[name] += 1
        if seen[name] > 1:
            while (fresh := f"{name}#{seen[name]}") in taken:
                seen[name] += 1
            taken.add(fresh)
            renamed.append(fresh)
            document = replace(document, document_id=fresh)
        parted.append(document)
    if renamed:
        more = f" and {len(renamed) - 10:,} more" if len(renamed) > 10 else ""
        progress.warn(
            f"ids used more than once with different texts; both were kept, "
            f"the later ones as {', '.join(renamed[:10])}{more}"
        )
    return parted
