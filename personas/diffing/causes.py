"""What differs between two runs by what their manifests and lists of documents say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from personas.diffing.opening import OpenedSet
from personas.diffing.records import Cause, CauseKind, DocumentShift
from personas.outputs import NOT_OF_THE_RESULT

_KINDS: dict[str, CauseKind] = {
    **dict.fromkeys(("text", "customer", "id", "time", "rating", "product", "redact"), "reading"),
    **dict.fromkeys(("customers", "orders", "events"), "tables"),
    **dict.fromkeys(("segments", "segment_by", "algorithm", "text_features", "features", "seed"), "grouping"),
    **dict.fromkeys(
        ("base_url", "candidates", "context_tokens", "reproducible", "min_people", "schema_ref", "narrative"), "writing"
    ),
    "output_language": "language",
}
"""What an option of a run decides; one that is not listed here is `other`."""

_TOLD_ELSEWHERE = NOT_OF_THE_RESULT | {"title", "profiles", "allow_unredacted", "llm", "embedder"}
"""Options that change no persona, and those whose outcome the manifest tells in a key of its own."""

CONTENT = "content"
"""What differs of the tables where their names are the same."""


def compare_documents(a: OpenedSet, b: OpenedSet, *, of: Iterable[str] | None = None) -> DocumentShift | None:
    """Which documents are in both runs, in one, or read otherwise; None where either has no list of documents.

    Args:
        a: the set before.
        b: the set after.
        of: only the documents of these customers; None counts all.
    """
    if a.documents is None or b.documents is None:
        return None
    if of is None:
        mine, theirs = set(a.documents), set(b.documents)
    else:
        people = tuple(of)
        mine = {document for one in people for document in a.written_by.get(one, ())}
        theirs = {document for one in people for document in b.written_by.get(one, ())}
    both = mine & theirs
    reworded = sum(a.documents[key].text_sha256 != b.documents[key].text_sha256 for key in both)
    sources = Counter(b.documents[key].source for key in theirs - mine)
    ranked = sorted(sources.items(), key=lambda item: (-item[1], item[0]))
    return DocumentShift(
        kept=len(both) - reworded,
        new=len(theirs - mine),
        gone=len(mine - theirs),
        reworded=reworded,
        sources=dict(ranked),
    )


def find_causes(a: OpenedSet, b: OpenedSet, documents: DocumentShift | None) -> tuple[Cause, ...] | None:
    """What differs between the runs; None where either set was given without its manifest."""
    if a.manifest is None or b.manifest is None:
        return None
    one, other = a.manifest, b.manifest
    causes: list[Cause] = []
    if documents is not None and documents.differs:
        count_a, count_b = documents.kept + documents.reworded + documents.gone, documents.kept + documents.reworded
        causes.append(
            Cause(kind="documents", what="documents", before=str(count_a), after=str(count_b + documents.new))
        )
    elif one["inputs"] != other["inputs"]:
        names = sorted(set(one["inputs"].items()) ^ set(other["inputs"].items()))
        causes.append(Cause(kind="files", what=", ".join(dict.fromkeys(name for name, _ in names))))
    causes += _option_causes(one["options"], other["options"])
    causes += _differing("engine", one["engine"], other["engine"])
    causes += _differing("prompt", one["prompts"], other["prompts"])
    causes += _differing("embedder", {"embedder": one["embedder"]}, {"embedder": other["embedder"]})
    causes += _differing("version", {"tool_version": one["tool_version"]}, {"tool_version": other["tool_version"]})
    if a.personas.language != b.personas.language and not any(cause.kind == "language" for cause in causes):
        causes.append(Cause(kind="language", what="language", before=a.personas.language, after=b.personas.language))
    if not causes and one["run_key"] != other["run_key"] and _same_places(one, other):
        # The key holds the bytes of the tables and of the schema too, which the manifest does not list.
        causes.append(Cause(kind="tables", what=CONTENT))
    return tuple(causes)


def _option_causes(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Cause]:
    names = sorted((one.keys() | other.keys()) - _TOLD_ELSEWHERE)
    return [
        Cause(kind=_KINDS.get(name, "other"), what=name, before=_shown(one.get(name)), after=_shown(other.get(name)))
        for name in names
        if one.get(name) != other.get(name)
    ]


def _differing(kind: CauseKind, one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Cause]:
    names = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    return [Cause(kind=kind, what=name, before=_shown(one.get(name)), after=_shown(other.get(name))) for name in names]


def _same_places(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether only content can have changed the key: options like the title are in it too."""
    ignored = NOT_OF_THE_RESULT
    left = {name: value for name, value in one["options"].items() if name not in ignored}
    right = {name: value for name, value in other["options"].items() if name not in ignored}
    return left == right


def _shown(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
