"""The made-up corpora, built once a session with real parts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

import personas.engines
from personas.evidence import EvidenceBase
from personas.models import Engine
from personas.models.scripted import ScriptedChatModel, ScriptedCompleter
from personas.options import GenerateOptions
from retrieval.indexing import BackgroundIndexing, write_part
from tests.personas.corpora import chinese_people, corpus_of, documents_of, english_people, evidence_of
from tests.personas.diffed import compared

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSER_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(autouse=True)
def _chroma_in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test's own runs index is written by this process: one of its own takes seconds to import Chroma.

    Fixtures of a module and whole commands keep theirs; so do tests/retrieval/test_indexing.py and what lies outside
    of this folder.
    """
    opened: list[Path] = []

    def wait(indexing: BackgroundIndexing) -> dict[str, int]:
        if not indexing.made:
            opened.append(indexing.chroma_path)
            counts = [write_part(indexing.chroma_path, part)[1:] for part in indexing.parts]
            indexing.made.update(indexed=sum(added for added, _ in counts), removed=sum(gone for _, gone in counts))
        return indexing.made

    monkeypatch.setattr(BackgroundIndexing, "start", lambda indexing: None)
    monkeypatch.setattr(BackgroundIndexing, "wait", wait)
    yield
    for path in opened:
        _close_chroma(path)


def _close_chroma(path: Path) -> None:
    """Ends the threads and closes the files that Chroma keeps for a folder as long as the process lives."""
    from chromadb.api.shared_system_client import SharedSystemClient

    while str(path) in SharedSystemClient._identifier_to_system:
        SharedSystemClient._release_system(str(path))


@pytest.fixture(scope="session")
def english_base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvidenceBase]:
    """The evidence of 42 people in three kinds, embedded by wordllama."""
    with corpus_of(documents_of(english_people()), tmp_path_factory.mktemp("english")) as corpus:
        yield evidence_of(corpus)


@pytest.fixture(scope="session")
def chinese_base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvidenceBase]:
    """The evidence of 24 people in two kinds, embedded by LSA."""
    with corpus_of(documents_of(chinese_people()), tmp_path_factory.mktemp("chinese")) as corpus:
        yield evidence_of(corpus)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window; skipped where there is none. Its driver keeps an event loop as long as it runs."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def trace_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Callable[[], None]]]:
    """Call it with an address, and the environment asks for tracing to there; what it gives posts what waits.

    LangSmith remembers what it read from the environment, and its client: both are forgotten before and after.
    """
    from langsmith import run_trees, utils

    def forget() -> None:
        utils.get_env_var.cache_clear()  # type: ignore[attr-defined]  # a cached function that is typed as overloads
        monkeypatch.setattr(run_trees, "_CLIENT", None)

    def flush() -> None:
        if run_trees._CLIENT is not None:
            run_trees._CLIENT.flush()

    def turn_on(url: str) -> Callable[[], None]:
        for variable in ("LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
            monkeypatch.setenv(variable, url)
        for variable in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
            monkeypatch.setenv(variable, "true")
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_not_a_real_key")
        forget()
        return flush

    yield turn_on
    forget()


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of `tests.personas.diffed.compared`."""
    return compared(tmp_path_factory.mktemp("compared"))


@pytest.fixture
def copied_run(runs: Path, tmp_path: Path) -> Path:
    """`before`, free to be changed."""
    return Path(shutil.copytree(runs / "before", tmp_path / "copy"))


@pytest.fixture
def scripted_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScriptedChatModel]:
    """Puts a script in place of the engine that `--llm scripted` opens."""

    def install(
        script: Callable[[Sequence[Any], Mapping[str, Any]], str], profile: Literal["small", "large"] = "large"
    ) -> ScriptedChatModel:
        chat = ScriptedChatModel(script=script)

        @contextmanager
        def opened(spec: str, options: GenerateOptions, *, responses: Path, governor: None = None) -> Iterator[Engine]:
            yield Engine("scripted", ScriptedCompleter(chat, profile=profile))

        monkeypatch.setattr(personas.engines, "open_chosen", opened)
        return chat

    return install
