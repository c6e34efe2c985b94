"""Simulated corpora that several tests look at, each made once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from personas.simulation import Simulation, SimulationOptions, simulate


@lru_cache(maxsize=32)
def make(world: str = "e-bikes", language: str = "en", seed: int = 1, **options: Any) -> Simulation:
    return simulate(SimulationOptions.model_validate({"seed": seed, "world": world, "language": language, **options}))


def text_of(row: Mapping[str, Any]) -> str:
    return str(row["text"]) if "text" in row else "\n".join(turn["text"] for turn in row["turns"])
