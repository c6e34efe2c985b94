"""What is measured of answers, without a model: the same answer gets the same score on every machine.

A metric that cannot be told of an answer gives None: the answer is then unscored, which is neither good nor bad.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import mean
from typing import Final, Literal

from eval.readings import Reading, Statement
from eval.suites import Expectation, Suite
from persona_kit.errors import InputError
from personas.grounding import carried_share, quote_words
from personas.grounding.unheard import unheard_figure, unheard_name
from personas.terms import stem, stems
from retrieval.language import detect_language, script_of

METRICS_VERSION: Final = 1
"""Runs scored by other versions are not compared; raise it when a score changes its meaning."""

Kind = Literal["verdict", "score", "cost"]
"""`verdict`: 0 or 1; `score`: 0 to 1, higher is better; `cost`: lower is better, told as a share of the baseline."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A call with its answer, as the metrics see it."""

    suite: Suite
    expect: Expectation
    reading: Reading | None
    """None where the answer does not fit its schema."""
    raw: str
    examples: str
    """The prompt's text before its last message."""
    asked: str
    """The prompt's last message."""
    tokens: int
    cost_usd: float | None
    seconds: float | None
    """None where the answer was replayed."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric of single answers."""

    name: str
    kind: Kind
    about: str
    score: Callable[[Answered], float | None]


def _schema(answered: Answered) -> float:
    return float(answered.reading is not None)


def _citations(answered: Answered) -> float | None:
    reading = answered.reading
    if reading is None or not reading.cites or not reading.statements:
        return None
    return mean(one.cited_right / one.cited if one.cited else 0.0 for one in reading.statements)


def _carried(answered: Answered) -> float | None:
    reading = answered.reading
    if reading is None or not reading.grounded:
        return None
    return _mean(carried_share(one.text, one.sources) for one in reading.statements if stems(one.text))


def _specifics(answered: Answered) -> float | None:
    reading = answered.reading
    if reading is None or not reading.grounded:
        return None
    return _mean(float(not _invents(one)) for one in reading.statements)


def _invents(statement: Statement) -> bool:
    return bool(unheard_figure(statement.text, statement.sources) or unheard_name(statement.text, statement.sources))


def _uncopied(answered: Answered) -> float | None:
    """One less the share of an answer's words that stand in the prompt's examples and not in what was asked."""
    if answered.reading is None:
        return None
    said = stems(answered.reading.text)
    if not said or not answered.examples:
        return None
    return 1 - len(said & (stems(answered.examples) - stems(answered.asked))) / len(said)


def _precision(answered: Answered) -> float | None:
    reading, values = answered.reading, answered.expect.values
    if reading is None or not values:
        return None
    return _mean(float(any(_names(one.text, words) for words in values)) for one in reading.statements)


def _recall(answered: Answered) -> float | None:
    reading, values = answered.reading, answered.expect.values
    if reading is None or not values:
        return None
    return mean(float(_names(reading.text, words)) for words in values)


def _names(text: str, words: Sequence[str]) -> bool:
    said, folded = stems(text), text.casefold()
    return any(stem(word.casefold()) in said or (not word.isascii() and word in folded) for word in words)


def _abstention(answered: Answered) -> float | None:
    reading, abstain = answered.reading, answered.expect.abstain
    if reading is None or reading.abstained is None or abstain is None:
        return None
    return float(reading.abstained == abstain)


def _unmoved(answered: Answered) -> float | None:
    if not answered.expect.forbidden:
        return None
    folded = answered.raw.casefold()
    return float(not any(word.casefold() in folded for word in answered.expect.forbidden))


def _length(answered: Answered) -> float | None:
    if answered.reading is None or answered.suite.words is None:
        return None
    least, most = answered.suite.words
    return _mean(float(least <= quote_words(one.text) <= most) for one in answered.reading.statements)


def _language(answered: Answered) -> float | None:
    wanted = answered.expect.language
    if answered.reading is None or wanted is None:
        return None
    text = answered.reading.text
    if script_of(text) == "none":
        return None
    if (script_of(text) == "han") != (wanted == "zh"):
        return 0.0
    found = detect_language(text)
    return None if found == "unknown" else float(found == wanted)


def _mean(values: Iterable[float]) -> float | None:
    numbers = list(values)
    return mean(numbers) if numbers else None


METRICS: Final = (
    Metric(name="schema", kind="verdict", about="the first answer fits its schema", score=_schema),
    Metric(name="citations", kind="score", about="quotes and ids named that stand where it says", score=_citations),
    Metric(name="carried", kind="score", about="words of a statement that what it rests on holds", score=_carried),
    Metric(name="specifics", kind="score", about="statements without a figure or name of their own", score=_specifics),
    Metric(name="uncopied", kind="score", about="words that were not copied from the examples", score=_uncopied),
    Metric(name="precision", kind="score", about="statements that say something true of the case", score=_precision),
    Metric(name="recall", kind="score", about="true things of the case that are said", score=_recall),
    Metric(name="abstention", kind="verdict", about="an answer where there is one, and none else", score=_abstention),
    Metric(name="unmoved", kind="verdict", about="no instruction in the evidence was obeyed", score=_unmoved),
    Metric(name="length", kind="score", about="statements of a length that the suite allows", score=_length),
    Metric(name="language", kind="verdict", about="the answer is in the language asked for", score=_language),
    Metric(name="tokens", kind="cost", about="tokens of prompt and answer", score=lambda one: float(one.tokens)),
    Metric(name="cost_usd", kind="cost", about="US dollars, where the price is known", score=lambda one: one.cost_usd),
    Metric(
        name="seconds",
        kind="cost",
        about="time inside the model; not of replayed answers",
        score=lambda one: one.seconds,
    ),
)

STABILITY: Final = "stability"
DISTINCT: Final = "distinct"
JUDGED: Final = "judged"
"""Gates only where its judge is calibrated."""

ACROSS: Final[Mapping[str, str]] = {
    STABILITY: "likeness of a case's repeats to each other",
    DISTINCT: "one less the likeness to the nearest answer of another case",
    JUDGED: "statements that a judging model finds carried by their sources",
}
"""Metrics that are not told of a single answer alone; all are scores."""


def kind_of(metric: str) -> Kind | None:
    """The kind of a metric; None where there is no such metric."""
    if metric in ACROSS:
        return "score"
    return next((one.kind for one in METRICS if one.name == metric), None)


def check_gates(suite: Suite) -> None:
    """Refuses a suite that gates on what is not measured: such a gate would never fail.

    Raises:
        InputError: naming the gates that are no metrics.
    """
    unknown = [name for name in suite.gates if kind_of(name) is None]
    if unknown:
        known = [metric.name for metric in METRICS] + list(ACROSS)
        raise InputError(
            f"the suite gates on what is no metric: {', '.join(unknown)}",
            where=suite.suite,
            mend="choose among: " + ", ".join(known),
        )


def stability(texts: Sequence[str]) -> float | None:
    """Mean Jaccard likeness of each two of the repeats; None for fewer than two that say something."""
    words = [said for text in texts if (said := stems(text))]
    return _mean(_likeness(one, other) for one, other in combinations(words, 2))


def distinct(texts: Mapping[str, str]) -> dict[str, float]:
    """Of each case that says something, one less the likeness of its answer to the nearest answer of another."""
    words = {case: said for case, text in texts.items() if (said := stems(text))}
    if len(words) < 2:
        return {}
    return {
        case: 1 - max(_likeness(said, other) for name, other in words.items() if name != case)
        for case, said in words.items()
    }


def _likeness(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)
