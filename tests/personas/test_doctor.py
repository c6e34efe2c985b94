from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

import personas.doctor
from benchmarks.fault_server import FaultServer
from persona_kit.response_store import ResponseStore
from persona_kit.workspace import Workspace
from personas.doctor import COMFORTABLE_BYTES, NEEDED_BYTES, Check, examine
from personas.engine_checks import (
    LARGE_PROMPTS_NEED_TOKENS,
    choice_check,
    measure_speed,
    speed_check,
    structure_check,
    window_check,
)
from personas.engines import choose_engine
from personas.models import Engine
from personas.models.bundled import bundled_model_path
from personas.models.engine import Answer
from personas.models.ledger import Usage
from personas.models.retrying import ONCE
from personas.models.scripted import ScriptedChatModel, ScriptedCompleter
from personas.options import GenerateOptions


def _checks(**options: object) -> dict[str, Check]:
    chosen = GenerateOptions.model_validate({"llm": "extractive"} | options)
    return {check.name: check for check in examine(chosen)}


def test_everything_is_well_here_and_nothing_is_left_behind(tmp_path: Path) -> None:
    checks = _checks(workspace=tmp_path / "new")
    assert [check for check in checks.values() if check.status == "broken"] == []
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_in_use_is_broken(tmp_path: Path) -> None:
    with Workspace.open(tmp_path / "w"):
        check = _checks(workspace=tmp_path / "w")["workspace"]
    assert check.status == "broken"
    assert "in use" in check.detail
    assert _checks(workspace=tmp_path / "w")["workspace"].status == "ok"


@pytest.mark.parametrize(("llm", "status"), [("llama-cpp", "broken"), ("extractive", "warning")])
def test_a_missing_bundled_model_is_broken_only_where_it_is_needed(
    llm: str, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(name: str, package: str | None = None) -> None:
        return None

    monkeypatch.setattr("personas.models.bundled.find_spec", nothing)
    check = _checks(workspace=tmp_path, llm=llm)["bundled model"]
    assert (check.status, "'.[local]'" in check.mend) == (status, True)


def test_a_damaged_bundled_model_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = tmp_path / "model.gguf"
    damaged.write_bytes(b"<html>not found</html>")
    monkeypatch.setattr("personas.models.bundled.bundled_model_path", lambda: damaged)
    check = _checks(workspace=tmp_path / "w")["bundled model"]
    assert (check.status, "is not a GGUF file" in check.detail) == ("warning", True)


@pytest.mark.parametrize(
    ("free", "status"), [(NEEDED_BYTES - 1, "broken"), (NEEDED_BYTES, "warning"), (COMFORTABLE_BYTES, "ok")]
)
def test_a_full_disk_is_found(free: int, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
    assert _checks(workspace=tmp_path)["disk"].status == status


def test_another_python_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 1, "final", 0))
    assert _checks(workspace=tmp_path)["python"].status == "broken"


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personas.doctor, "required_packages", lambda: ["numpy", "no-such-package"])
    check = _checks(workspace=tmp_path)["packages"]
    assert (check.status, check.detail) == ("broken", "no-such-package is not installed")


def test_a_package_that_does_not_load_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_wheel.py").write_text("raise OSError('wrong ELF class')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(personas.doctor, "_COMPILED", ("broken_wheel",))
    check = _checks(workspace=tmp_path)["packages"]
    assert check.status == "broken"
    assert "broken_wheel (OSError: wrong ELF class)" in check.detail


def scripted(text: str, **options: Any) -> Engine:
    def script(messages: Sequence[BaseMessage], schema: Mapping[str, Any]) -> str:
        return text

    return Engine("scripted", ScriptedCompleter(ScriptedChatModel(script=script), **options), retries=ONCE)


BRASS = json.dumps({"material": "brass"})
BLUE = json.dumps({"material": "blue"})


@pytest.mark.parametrize(
    ("text", "hosted", "status", "constrained"),
    [
        (BRASS, True, "ok", True),
        (BRASS, False, "ok", True),
        (BLUE, True, "warning", False),
        (BLUE, False, "broken", False),
    ],
)
def test_an_engine_is_held_to_a_schema_only_where_it_says_what_nobody_asked_for(
    text: str, hosted: bool, status: str, constrained: bool
) -> None:
    check = structure_check(scripted(text, hosted=hosted))
    assert (check.status, check.data["constrained"], bool(check.mend)) == (status, constrained, not constrained)


def test_a_server_asked_in_words_counts_as_unconstrained_though_it_complies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptedCompleter, "structured_method", "prompt")
    check = structure_check(scripted(BRASS, hosted=True))
    assert (check.status, check.data["constrained"]) == ("warning", False)


class Timed(Engine):
    """Reads 200 tokens a second and writes 50."""

    def ask(self, prompt: Any, schema: Any, **_: Any) -> Any:
        written = 7 * len(schema.model_fields)
        usage = Usage(
            prompt_tokens=100, completion_tokens=written, seconds=0.5 + written / 50, cost_usd=None, reused=False
        )
        return Answer(None, usage, "")


def test_the_speed_of_reading_and_of_writing_are_told_apart() -> None:
    speed = measure_speed(Timed("scripted", ScriptedCompleter(ScriptedChatModel(script=lambda *_: ""))))
    assert (speed.prompt_tokens_per_s, speed.answer_tokens_per_s) == (200, 50)
    hosted = measure_speed(Timed("scripted", ScriptedCompleter(ScriptedChatModel(script=lambda *_: ""), hosted=True)))
    assert (hosted.prompt_tokens_per_s, hosted.answer_tokens_per_s) == (None, 50)


def test_a_speed_that_cannot_be_measured_is_a_warning() -> None:
    check = speed_check(scripted("no JSON"))
    assert (check.status, check.detail.startswith("not measured")) == ("warning", True)


@pytest.mark.parametrize(
    ("tokens", "status"), [(LARGE_PROMPTS_NEED_TOKENS - 1, "warning"), (LARGE_PROMPTS_NEED_TOKENS, "ok")]
)
def test_a_window_too_small_for_the_full_size_prompts_is_told(tokens: int, status: str) -> None:
    chat = ScriptedChatModel(script=lambda *_: "", n_ctx=tokens)
    check = window_check(Engine("scripted", ScriptedCompleter(chat, profile="large")))
    assert (check.status, "--context-tokens" in check.mend) == (status, status == "warning")
    assert window_check(Engine("scripted", ScriptedCompleter(chat, profile="small"))).status == "ok"


@pytest.mark.parametrize("llm", ["auto", "extractive", "llama-cpp"])
@pytest.mark.parametrize("bundled", [True, False])
def test_the_engine_is_the_one_a_run_would_choose_and_it_says_why(
    llm: str, bundled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personas.engines._has_bundled_model", lambda: bundled)
    choice, check = choice_check(GenerateOptions(llm=llm))
    expected = choose_engine(llm, "en")
    assert choice == expected
    assert f"{expected.spec}: {expected.reason}" in check.detail
    assert (check.status == "warning") == (llm == "auto" and not bundled)
    assert ("Chinese" in check.detail) == (llm == "auto" and bundled)
    assert choice_check(GenerateOptions(llm=llm, output_language="zh"))[0] == choose_engine(llm, "zh")


def test_another_machine_is_asked_only_where_the_command_line_names_it(tmp_path: Path) -> None:
    """Sockets to other machines raise in tests: a broken check would show one."""
    options = GenerateOptions(
        llm="openai:gpt", embedder="openai:e", base_url="http://models.invalid/v1", workspace=tmp_path / "w"
    )
    checks = {check.name: check for check in examine(options, named=())}
    assert "was not asked" in checks["structured output"].detail
    assert checks["structured output"].mend == "personas doctor --llm openai:gpt"
    assert "was not asked" in checks["embedder"].detail
    assert [check.name for check in checks.values() if check.status == "broken"] == []


def test_a_server_on_this_machine_is_asked_and_what_was_found_out_is_remembered(tmp_path: Path) -> None:
    """The way it gives structured answers is remembered where there is a workspace; answers never are."""

    def script(messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> str:
        properties: Mapping[str, Any] = schema["properties"]
        return BRASS if "material" in properties else json.dumps(dict.fromkeys(properties, "good"))

    path = tmp_path / "w" / "responses.sqlite3"
    ResponseStore(path).close()
    with FaultServer(script) as server:
        for requests in (4, 3):  # the first time one more finds out how to ask
            server.served.requests = 0
            checks = _checks(workspace=tmp_path / "w", llm="openai:m", base_url=server.url)
            assert checks["structured output"].data == {
                "constrained": True,
                "method": "json_schema",
                "seconds": checks["structured output"].data["seconds"],
            }
            assert checks["speed"].status == "ok"
            assert "memory" not in checks
            assert server.served.requests == requests
    with ResponseStore(path) as store:
        assert store.count(kind="answer") == 0
        assert store.count(kind="fact") >= 1


def test_an_engine_that_cannot_be_reached_is_one_broken_check(tmp_path: Path) -> None:
    checks = _checks(workspace=tmp_path / "w", llm="openai:m", base_url="http://127.0.0.1:9/v1")
    assert [check.name for check in checks.values() if check.status == "broken"] == ["engine"]


def test_what_is_missing_comes_with_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec

    def without(name: str, package: str | None = None) -> Any:
        return None if name in {"openpyxl", "mlxtend", "gensim", "huggingface_hub"} else find(name, package)

    monkeypatch.setattr("importlib.util.find_spec", without)
    checks = _checks(workspace=tmp_path)
    assert checks["extra files"].status == "warning"
    assert "'.[files]'" in checks["extra files"].mend
    assert "'.[rules]'" in checks["extra rules"].mend
    assert "for --embedder gensim:PATH: pip install '.[gensim]'" in checks["optional"].detail
    assert "for --llm llama-cpp:OWNER/REPO/FILE.gguf: pip install huggingface-hub" in checks["optional"].detail


@pytest.mark.local_model
def test_the_bundled_model_is_looked_at_from_every_side(tmp_path: Path) -> None:
    if importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("the extra `local` is not installed")
    checks = _checks(workspace=tmp_path / "w", llm="llama-cpp", threads=1)
    assert [check for check in checks.values() if check.status != "ok"] == []
    assert checks["structured output"].data["constrained"] is True
    assert checks["structured output"].data["method"] == "grammar"
    assert checks["context window"].data == {"context_tokens": 4096}
    assert checks["languages"].data == {"languages": "en"}
    assert checks["prompts"].data == {"profile": "small"}
    assert checks["memory"].data["model_bytes"] == bundled_model_path().stat().st_size
    assert checks["speed"].data["prompt_tokens"] == 259
    assert not (tmp_path / "w").exists()
