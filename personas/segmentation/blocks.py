"""What is known of people beside their words, as points that can stand beside those of their words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from persona_kit.errors import UsageError
from personas.explaining import FeatureTable
from personas.segmentation.people import Points, unit_rows

TEXT = "text"
BLOCKS = (TEXT, "table", "behaviour", "feelings")
"""What they wrote, what they are, what they did, how they feel."""

SOURCES = {
    "table": "give a table with --customers, or leave it out of --features",
    "behaviour": "give --orders or --events, or leave it out of --features",
    "feelings": "nobody's words show a feeling: leave it out of --features",
}
"""What makes each block known."""


@dataclass(frozen=True)
class Block:
    """One kind of knowledge, a row for each person; nothing is negative, so that it can be factorised."""

    name: str
    points: Points


def parse_weights(text: str | None) -> dict[str, float] | None:
    """The weights of ``text=1,table=0.5``; None for `auto`. Blocks that are not named get 0.

    Raises:
        UsageError: when a name or a number is not one, or everything is 0.
    """
    if text is None or text.strip() in {"", "auto"}:
        return None
    weights = dict.fromkeys(BLOCKS, 0.0)
    for part in text.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if name not in weights:
            raise UsageError(
                f"there is no block of features {name!r}", where="--features", mend=f"choose of {', '.join(BLOCKS)}"
            )
        try:
            weights[name] = float(number or 1)
        except ValueError:
            weights[name] = -1.0
        if not 0 <= weights[name] <= 10:
            raise UsageError(
                f"{number!r} is no weight", where=f"--features {name}", mend="write it like text=1,table=0.5"
            )
    if not any(weights.values()):
        raise UsageError("every weight is 0", where="--features", mend="write it like text=1,table=0.5")
    return weights


def other_blocks(features: FeatureTable | None) -> list[Block]:
    """The table, behaviour and feelings of a feature table; blocks of which nothing is known are left out."""
    if features is None:
        return []
    blocks = []
    for name in BLOCKS[1:]:
        columns = [at for at, column in enumerate(features.columns) if column.block == name]
        if columns:
            points = unit_rows(np.hstack([_coded(features.values[:, at]) for at in columns]).astype(np.float32))
            if points.any():
                blocks.append(Block(name, points))
    return blocks


def check_known(weights: Mapping[str, float] | None, blocks: list[Block]) -> None:
    """Refuses a weight for what is not known of anybody.

    Raises:
        UsageError: names the block and what would make it known.
    """
    known = {TEXT, *(block.name for block in blocks)}
    for name in [name for name, weight in (weights or {}).items() if weight > 0 and name not in known]:
        raise UsageError(
            f"nothing is known of people that would be {name!r}", where=f"--features {name}", mend=SOURCES[name]
        )


def _coded(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """``(people, 2)``: how high the value ranks among the people, and how low; zeros where it is not known.

    Ranks, because money and counts have long tails; both directions, because nothing may be negative.
    """
    coded = np.zeros((len(values), 2))
    known = np.isfinite(values)
    if known.any():
        different, place, counts = np.unique(values[known], return_inverse=True, return_counts=True)
        middle = (np.cumsum(counts) - counts / 2) / counts.sum() if len(different) > 2 else np.arange(len(different))
        rank = middle[place]
        coded[known] = np.stack([rank, 1 - rank], axis=1)
    return coded


def beside(text: Points, blocks: list[Block], weights: Mapping[str, float]) -> Points:
    """The blocks side by side, each scaled by the root of its weight, so that a weight is one of a cosine's terms."""
    parts = [np.sqrt(weights.get(TEXT, 1.0)) * text]
    parts += [np.sqrt(weights[block.name]) * block.points for block in blocks if weights.get(block.name, 0.0) > 0]
    return unit_rows(np.hstack(parts).astype(np.float32)) if len(parts) > 1 else unit_rows(parts[0])
