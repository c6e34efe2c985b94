"""What the lsa embedder learnt from the run's documents, small enough to lie beside the results.

Its axes are 40,000 n-grams times 100 numbers at the most: 16 MB as float32. Each n-gram's row is kept as whole numbers
of -127 to 127 times a scale of its own, which moves a passage's cosines in the third decimal (docs/assigning.md).
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from persona_kit.records import Record
from personas.assigning.arrays import StoredArray
from personas.assigning.familiarity import MeasuredLsa
from retrieval.embedders.lsa import LsaEmbedder

STEPS = 127


class LsaState(Record):
    """A fitted `LsaEmbedder`."""

    fingerprint: str
    settings: dict[str, Any]
    ngrams: tuple[str, ...]
    idf: StoredArray
    scales: StoredArray
    """``(n-grams,)`` what a step of each row of the axes is worth."""
    dimension: int
    steps: str
    """Base64 of the zlib-packed int8 axes, ``(n-grams, dimension)``."""


def pack_lsa(embedder: LsaEmbedder) -> LsaState:
    """The embedder as it is stored."""
    with np.load(io.BytesIO(embedder.to_bytes()), allow_pickle=False) as archive:
        head = json.loads(archive["header"].tobytes())
        idf, axes = archive["idf"], archive["axes"]
    scales = np.abs(axes).max(axis=1, initial=0.0) / STEPS
    steps = np.rint(axes / np.maximum(scales, 1e-30)[:, None]).astype(np.int8)
    return LsaState(
        fingerprint=head["fingerprint"],
        settings=head["settings"],
        ngrams=tuple(head["ngrams"]),
        idf=StoredArray.of(idf),
        scales=StoredArray.of(scales),
        dimension=int(axes.shape[1]),
        steps=base64.b64encode(zlib.compress(steps.tobytes(), 9)).decode("ascii"),
    )


def unpack_lsa(state: LsaState) -> MeasuredLsa:
    """The embedder that was stored.

    Raises:
        ValueError: when the numbers do not fit together.
    """
    axes = _steps(state).astype(np.float32) * state.scales.array()[:, None]
    return MeasuredLsa(
        fingerprint=state.fingerprint,
        settings=state.settings,
        ngrams=list(state.ngrams),
        idf=state.idf.array(),
        axes=axes,
    )


def _steps(state: LsaState) -> NDArray[np.int8]:
    try:
        content = zlib.decompress(base64.b64decode(state.steps, validate=True))
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"the axes of the lsa embedder are damaged: {error}") from error
    return np.frombuffer(content, dtype=np.int8).reshape(len(state.ngrams), state.dimension)
