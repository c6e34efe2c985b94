"""How a run was made, as rows of name and value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from personas.persona_set import PersonaSet
from personas.records import DataQuality
from personas.reporting.finding_wording import FindingWords
from personas.reporting.record_wording import name_of, say
from personas.reporting.report_wording import Words
from personas.reporting.segmentation_view import name_representation, tell_grouping
from personas.reporting.visible import visible

Rows = tuple[tuple[str, str], ...]
MOST_FILES = 12
MOST_BURSTS = 20
LIMITS = ("limit_found", "limit_silence", "limit_length", "limit_interval", "limit_counts", "limit_sample")


@dataclass(frozen=True)
class Making:
    """The page on how it was made: three tables of rows, and lists."""

    data: Rows
    columns: tuple[str, ...]
    bursts: tuple[str, ...]
    flagged: tuple[str, ...]
    """On documents that speak to a machine; empty where there are none."""
    grouping: Rows
    engine: Rows
    limits: tuple[str, ...]
    warnings: tuple[str, ...]


def tell_making(persona_set: PersonaSet, manifest: Mapping[str, Any], words: Words) -> Making:
    """Everything the page says of how the run was made."""
    data = persona_set.data
    return Making(
        data=_data_rows(persona_set, words),
        columns=tuple(visible(line) for line in _column_lines(persona_set, words)),
        bursts=_burst_lines(data, words),
        flagged=_flagged_lines(data, words),
        grouping=_grouping_rows(persona_set, words),
        engine=_engine_rows(persona_set, manifest, words),
        limits=tuple(words(key) for key in (*LIMITS, "limit_persona")),
        warnings=tuple(visible(say(line, words.language)) for line in persona_set.warnings),
    )


def _burst_lines(data: DataQuality, words: Words) -> tuple[str, ...]:
    """The largest groups of near-identical posts; a large corpus has thousands of small ones."""
    shown = [visible(say(line, words.language)) for line in data.bursts[:MOST_BURSTS]]
    left = len(data.bursts) - len(shown)
    if data.repeated:
        told = "bursts_once" if data.flagged_policy == "withhold" else "bursts_used"
        shown.insert(0, words(told, count=words.number(data.repeated)))
    return (*shown, *([words("more_bursts", count=words.number(left))] if left else []))


def _flagged_lines(data: DataQuality, words: Words) -> tuple[str, ...]:
    """How many documents speak to a machine, which, and what became of them; never their words."""
    if not data.flagged_documents:
        return ()
    more = data.flagged_documents - len(data.flagged_examples)
    ids = words("sep").join([visible(one) for one in data.flagged_examples] + ([f"+{more}"] if more else []))
    counts = {"documents": words.number(data.flagged_documents), "people": words.number(data.flagged_people)}
    return (
        words("flagged_count", **counts),
        words(f"flagged_{data.flagged_policy}"),
        words("flagged_kinds", kinds=_tally(data.flagged, words)),
        words("flagged_examples", ids=ids),
    )


def _column_lines(persona_set: PersonaSet, words: Words) -> list[str]:
    """How the files were read; the orders tell that themselves in both languages."""
    orders = persona_set.behaviour
    told = dict(zip(orders.notes, orders.notes_zh, strict=False)) if orders and words.language == "zh" else {}
    return [told.get(line) or say(line, words.language) for line in persona_set.data.columns]


def _data_rows(persona_set: PersonaSet, words: Words) -> Rows:
    data = persona_set.data
    kept_aside = words.number(data.quarantined)
    if data.merged:
        kept_aside += f" ({words.number(data.merged)} {words('merged')})"
    rows = [
        (words("inputs"), words.number(data.inputs)),
        (words("kept"), words.number(data.documents)),
        (words("quarantined"), kept_aside),
        (words("reasons"), _tally(data.reasons, words)),
        (words("customers"), words.number(data.customers)),
        (words("passages"), words.number(data.passages)),
        (words("words_written"), words.number(data.words)),
        (words("languages"), _tally(data.languages, words)),
        (words("kinds"), _tally(data.kinds, words)),
        (words("sources_files"), _tally(data.sources, words)),
        (
            words("redactions", level=visible(name_of(data.redact_level, words.language))),
            _tally(data.redactions, words) or words("none"),
        ),
    ]
    if data.hidden:
        rows.append((words("hidden"), _tally(data.hidden, words)))
    if data.customers_in_table:
        joined = words("joined", joined=words.number(data.customers_joined), all=words.number(data.customers_in_table))
        rows.append((words("table_joined"), joined))
    return tuple((name, value) for name, value in rows if value)


def _tally(counts: Mapping[str, int], words: Words) -> str:
    """Counts by name, the largest first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    told = [
        f"{visible(words.known(name_of(name, words.language)))} {words.number(count)}"
        for name, count in ordered[:MOST_FILES]
    ]
    more = len(ordered) - MOST_FILES
    return words("sep").join([*told, f"+{more}"] if more > 0 else told)


def _grouping_rows(persona_set: PersonaSet, words: Words) -> Rows:
    report = persona_set.segmentation
    findings = FindingWords(words.language)
    rows = (
        (words("representation"), name_representation(report.representation, findings)),
        (words("why"), tell_grouping(persona_set, findings)),
        (words("stability"), words("stability_value", value=f"{report.stability:.2f}")),
        (words("length"), words("length_value", share=words.percent(report.length_explains))),
        (words("embedder"), visible(report.embedder)),
        (words("themes"), words.number(report.themes)),
    )
    return tuple((name, value) for name, value in rows if value)


def _engine_rows(persona_set: PersonaSet, manifest: Mapping[str, Any], words: Words) -> Rows:
    provenance = persona_set.personas[0].provenance if persona_set.personas else None
    engine = _mapping(manifest, "engine")
    author = engine.get("author") or (provenance.author if provenance else "")
    model = engine.get("model") or (provenance.model if provenance else "")
    prompts = {name: digest for persona in persona_set.personas for name, digest in persona.provenance.prompts.items()}
    calls, tokens, timings = (_mapping(manifest, key) for key in ("model_calls", "tokens", "timings_s"))
    rows = [(words("author"), visible(author)), (words("model"), visible(model or words("no_model")))]
    if prompts:
        told = words("sep").join(f"{visible(name)} ({digest[:12]})" for name, digest in sorted(prompts.items()))
        rows.append((words("prompts"), told))
    if calls:
        counts = {key: calls.get(key, 0) for key in ("made", "reused", "failed")}
        rows.append((words("calls"), words("calls_value", **counts)))
    if any(tokens.values()):
        spent = {key: words.number(tokens.get(key, 0)) for key in ("prompt", "completion")}
        rows.append((words("tokens"), words("tokens_value", **spent)))
    if timings:
        told = words("sep").join(
            f"{visible(name_of(stage, words.language))} {seconds:.1f}" for stage, seconds in timings.items()
        )
        rows.append((words("timings"), told))
    for key, name in (("seed", "seed"), ("tool_version", "tool"), ("run_key", "run_key")):
        if manifest.get(key) is not None:
            rows.append((words(name), visible(manifest[key])))
    return tuple(rows)


def _mapping(manifest: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = manifest.get(key)
    return value if isinstance(value, Mapping) else {}
