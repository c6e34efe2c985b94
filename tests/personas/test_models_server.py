"""The `openai:` engine against a real server on loopback: llama-cpp-python's own, with the bundled model."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from persona_kit.errors import ModelError, TruncatedAnswer
from personas.models import Engine, open_engine
from personas.models.bundled import bundled_model_path
from prompts.loader import Message, RenderedPrompt

pytestmark = [pytest.mark.local_model, pytest.mark.slow]


class Mood(BaseModel):
    reason: str = Field(max_length=60)
    mood: Literal["angry", "pleased"]


PROMPT = RenderedPrompt(
    name="mood",
    version="1.0.0",
    variant="small",
    template_sha256="0" * 64,
    messages=(
        Message(role="system", text="You read feedback and answer in JSON."),
        Message(role="user", text="The app crashes every day and nobody answers."),
    ),
)


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(bundled_model_path()), "--host", "127.0.0.1"]
    command += [
        "--port",
        str(port),
        "--n_ctx",
        "2048",
        "--n_threads",
        "1",
        "--n_threads_batch",
        "1",
        "--interrupt_requests",
        "false",
        "--chat_format",
        "chatml",
    ]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            _wait_until_ready(port, process, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()


def _wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _attempt in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
            time.sleep(0.1)
    raise AssertionError("the server did not start: " + log.read_text(encoding="utf-8", errors="replace"))


@pytest.fixture
def engine(server_url: str, tmp_path: Path) -> Iterator[Engine]:
    with open_engine("openai:bundled", base_url=server_url, responses=tmp_path / "responses.sqlite3") as opened:
        yield opened


def test_a_structured_call_gives_a_validated_object_and_the_way_is_remembered(
    engine: Engine, server_url: str, tmp_path: Path
) -> None:
    before = engine.structured_method
    assert before is None
    answer = engine.ask(PROMPT, Mood, seed=1, max_tokens=120)
    assert isinstance(answer.value, Mood)
    assert answer.usage.prompt_tokens > 0
    assert answer.usage.completion_tokens > 0
    # This server answers HTTP 500 to json_schema; tools are held to their schema by a grammar.
    assert engine.structured_method == "function_calling"
    with open_engine("openai:bundled", base_url=server_url, responses=tmp_path / "responses.sqlite3") as again:
        assert again.structured_method == "function_calling"
        assert again.ask(PROMPT, Mood, seed=1, max_tokens=120).usage.reused
        assert again.ledger.total.made == 0


def test_a_cut_answer_is_told_as_such(engine: Engine) -> None:
    with pytest.raises(TruncatedAnswer):
        engine.ask(PROMPT, Mood, seed=1, max_tokens=3)
    # Once more with room for 6, which is not enough either.
    assert engine.ledger.stages[PROMPT.name].failed == 2


def test_a_server_that_is_gone_is_a_retryable_failure_without_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-user")
    with socket.socket() as taken:  # bound but not listening: nobody answers
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with (
            open_engine("openai:any", base_url=url, responses=tmp_path / "r.sqlite3") as engine,
            pytest.raises(ModelError) as failure,
        ):
            engine.ask(PROMPT, Mood, seed=1, max_tokens=50)
    assert failure.value.retryable
    assert "sk-secret-of-the-user" not in failure.value.message
