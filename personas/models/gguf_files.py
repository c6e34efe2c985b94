"""Which file a local engine's name means: the bundled model, a path, or a file of a Hugging Face repository."""

from __future__ import annotations

from pathlib import Path

from persona_kit.errors import EnvironmentProblem
from personas.models.bundled import bundled_model_path

MAGIC = b"GGUF"
"""What every such file begins with."""


def gguf_path(name: str) -> Path:
    """The model file named after `llama-cpp:`; the bundled one for an empty name.

    `OWNER/REPO/FILE.gguf` is taken from the Hugging Face cache, or downloaded into it when it is not there yet: naming
    a repository asks for that. A path that exists comes first.

    Raises:
        EnvironmentProblem: when there is no such file and it cannot be had, or it is no GGUF: told before any work.
    """
    if not name:
        return bundled_model_path()
    path = Path(name).expanduser()
    if path.is_file():
        _check_magic(path, name)
        return path
    owner, _, rest = name.partition("/")
    repository, _, file = rest.partition("/")
    if not (owner and repository and file) or owner in {".", "..", "~"}:
        raise EnvironmentProblem(
            "there is no such model file",
            where=name,
            mend="write llama-cpp:PATH.gguf, or llama-cpp:OWNER/REPO/FILE.gguf for a file on Hugging Face",
        )
    path = _hub_file(f"{owner}/{repository}", file)
    _check_magic(path, name)
    return path


def _check_magic(path: Path, name: str) -> None:
    try:
        with path.open("rb") as file:
            begins = file.read(len(MAGIC))
    except OSError as error:
        raise EnvironmentProblem(
            f"the model file cannot be read: {error.strerror or error}",
            where=name,
            mend="check the path after llama-cpp: and who may read the file",
        ) from error
    if begins != MAGIC:
        raise EnvironmentProblem(
            "the model file is empty" if not begins else "this is not a GGUF file",
            where=name,
            mend="download it again, or name another file; models in other formats must be converted to GGUF first",
        )


def _hub_file(repository: str, file: str) -> Path:
    where = f"{repository}/{file}"
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise EnvironmentProblem(
            "model files from Hugging Face need huggingface-hub, which is not installed",
            where=where,
            mend="pip install huggingface-hub, or download the file and write llama-cpp:PATH",
        ) from error
    try:
        return Path(hf_hub_download(repository, file))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise EnvironmentProblem(
            f"the model file is not on this machine and cannot be downloaded: {type(error).__name__}",
            where=where,
            mend="check the name and the network, or download the file and write llama-cpp:PATH",
        ) from error
