"""The domain: segments to claims to narrative to report.

``from personas import generate`` is the Python entry. Names are resolved when first used, so that importing a part of
the room (the command line imports its options) does not import numpy and the rest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personas.asynchronous import generate_async
    from personas.options import GenerateOptions
    from personas.persona_set import PersonaSet
    from personas.pipeline import RunResult, generate
    from personas.records import Claim, Persona
    from personas.verifying import Verification, verify

__all__ = [
    "Claim",
    "GenerateOptions",
    "Persona",
    "PersonaSet",
    "RunResult",
    "Verification",
    "generate",
    "generate_async",
    "verify",
]

_HOME = {
    "Claim": "personas.records",
    "GenerateOptions": "personas.options",
    "Persona": "personas.records",
    "PersonaSet": "personas.persona_set",
    "RunResult": "personas.pipeline",
    "Verification": "personas.verifying",
    "generate": "personas.pipeline",
    "generate_async": "personas.asynchronous",
    "verify": "personas.verifying",
}


def __getattr__(name: str) -> Any:
    """The public name, imported on first use.

    Raises:
        AttributeError: when there is no such name.
    """
    if name not in _HOME:
        raise AttributeError(f"module 'personas' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
