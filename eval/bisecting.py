"""Which version of a prompt broke a metric: as few versions run as a binary search needs, none of them twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from eval.baselines import Measured, measure
from eval.comparing import MetricComparison, compare_measured
from eval.metrics import kind_of
from eval.running import PromptText, RunRequest, run_request
from persona_kit.errors import UsageError
from persona_kit.progress import Progress


@dataclass(frozen=True)
class Probe:
    """A version that was run, against the first one."""

    source: str
    compared: MetricComparison

    @property
    def is_worse(self) -> bool:
        """Whether the metric is down by its margin; the last version alone shows that it is not by chance."""
        return self.compared.verdict in {"regressed", "suspect"}


@dataclass(frozen=True)
class Bisection:
    """What a bisection found."""

    metric: str
    culprit: str | None
    """Source of the first version that is worse; None where the last one is not significantly worse than the first."""
    probes: Sequence[Probe]


def bisect(
    versions: Sequence[PromptText],
    request: RunRequest,
    *,
    metric: str,
    margin: float,
    progress: Progress | None = None,
) -> Bisection:
    """The first version at which the metric is worse than at the first one.

    Args:
        versions: texts of one prompt, oldest first; the first is known to be good.
        request: which suite and model to run them with.
        metric: what got worse.
        margin: smallest loss that matters.
        progress: told of each run.

    Raises:
        UsageError: for fewer than two versions, or a metric that the suite does not score.
    """
    if len(versions) < 2:
        raise UsageError("there is nothing between the two versions", where="--good and --bad")
    if kind_of(metric) is None:
        raise UsageError(f"there is no metric {metric!r}", where="--metric", mend="see docs/evals.md for their names")

    def run(version: PromptText) -> Measured:
        (done,) = run_request(replace(request, texts=[version]), progress=progress)
        return measure(done.path)

    good = run(versions[0])
    if metric not in good.scores:
        raise UsageError(f"the suite does not score {metric!r}", where="--metric", mend=", ".join(sorted(good.scores)))

    def probe(at: int) -> Probe:
        found = compare_measured(good, run(versions[at]), {metric: margin})
        return Probe(versions[at].source, next(one for one in found.metrics if one.metric == metric))

    return search(probe, len(versions), metric)


def search(probe: Callable[[int], Probe], count: int, metric: str) -> Bisection:
    """A binary search for the first version that is worse, version 0 being good."""
    last = probe(count - 1)
    probes = [last]
    if last.compared.verdict != "regressed":
        return Bisection(metric, None, probes)
    low, high, culprit = 0, count - 1, last
    while high - low > 1:
        middle = (low + high) // 2
        probes.append(probe(middle))
        if probes[-1].is_worse:
            high, culprit = middle, probes[-1]
        else:
            low = middle
    return Bisection(metric, culprit.source, probes)
