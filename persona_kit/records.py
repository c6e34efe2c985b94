"""The base of every stored record: frozen, and unknown keys are refused."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen Pydantic model that forbids unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")
