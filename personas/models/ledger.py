"""What a run spent on models, stage by stage."""

from __future__ import annotations

import threading

from persona_kit.records import Record

PREPARING = "structured output"
"""The stage of the requests that find out how a server gives structured answers."""


class Usage(Record):
    """What one answer cost."""

    prompt_tokens: int
    completion_tokens: int
    seconds: float
    """Time inside the model call; 0 where the answer came from the store."""
    cost_usd: float | None
    """None where the price is not known."""
    reused: bool
    """Whether the answer came from the store; the token counts are then those of the call that made it."""


class Totals(Record):
    """Calls and what they cost; tokens and seconds count calls that were made, failed ones included."""

    made: int = 0
    """Calls answered by the model."""
    reused: int = 0
    """Answers taken from the store."""
    failed: int = 0
    """Calls that gave no usable answer."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    cost_usd: float | None = None
    """None where no call had a known price."""

    def __add__(self, other: Totals) -> Totals:
        costs = [cost for cost in (self.cost_usd, other.cost_usd) if cost is not None]
        return Totals(
            made=self.made + other.made,
            reused=self.reused + other.reused,
            failed=self.failed + other.failed,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            seconds=self.seconds + other.seconds,
            cost_usd=sum(costs) if costs else None,
        )


class Ledger:
    """Counts calls as they happen, from any thread; a stage is the name of the prompt asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stages: dict[str, Totals] = {}

    def answered(self, stage: str, usage: Usage) -> None:
        """An answer was given, by the model or the store."""
        self._add(stage, Totals(reused=1) if usage.reused else Totals(made=1) + _spent(usage))

    def failed(self, stage: str, usage: Usage) -> None:
        """A call gave no usable answer; what it used is counted."""
        self._add(stage, Totals(failed=1) + _spent(usage))

    @property
    def stages(self) -> dict[str, Totals]:
        """Totals per stage, stages in the order of their names."""
        with self._lock:
            return dict(sorted(self._stages.items()))

    @property
    def total(self) -> Totals:
        """Totals over all stages."""
        return sum(self.stages.values(), Totals())

    def _add(self, stage: str, more: Totals) -> None:
        with self._lock:
            self._stages[stage] = self._stages.get(stage, Totals()) + more


def _spent(usage: Usage) -> Totals:
    return Totals(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        seconds=usage.seconds,
        cost_usd=usage.cost_usd,
    )
