"""Arrays inside a JSON file."""

from __future__ import annotations

import base64
import binascii

import numpy as np
from numpy.typing import NDArray

from persona_kit.records import Record


class StoredArray(Record):
    """An array of float32, as text."""

    shape: tuple[int, ...]
    data: str
    """Base64 of the little-endian numbers, last axis fastest."""

    @classmethod
    def of(cls, array: NDArray[np.floating]) -> StoredArray:
        """The array as it is stored."""
        content = np.ascontiguousarray(array, dtype="<f4").tobytes()
        return cls(shape=tuple(array.shape), data=base64.b64encode(content).decode("ascii"))

    def array(self) -> NDArray[np.float32]:
        """The stored numbers.

        Raises:
            ValueError: when the text does not hold as many numbers as the shape says, or one is not finite.
        """
        try:
            flat = np.frombuffer(base64.b64decode(self.data, validate=True), dtype="<f4")
        except binascii.Error as error:
            raise ValueError(f"the numbers of an array are damaged: {error}") from error
        if not np.isfinite(flat).all():
            raise ValueError("an array holds a number that is none")
        return flat.reshape(self.shape).astype(np.float32)
