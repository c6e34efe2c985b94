"""The same task for several engines: what is counted is what the engine did, and one engine's failure is a row."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer.testing

import cli
from benchmarks.fault_server import Fault, FaultServer
from persona_kit.errors import UsageError
from personas.attributes import load_schema
from personas.comparing import Score, _options_for, compare, comparison_lines, load_tasks
from personas.grounding import LEAST_QUOTE_WORDS, quote_words
from personas.options import GenerateOptions
from personas.terms import stems

Quoting = Callable[[str], str]
_EVIDENCE = re.compile(r'<evidence n="(\d+)">(.*?)</evidence>')


def reader(quoted: Quoting = lambda text: text) -> Callable[[Sequence[Mapping[str, str]], Mapping[str, Any]], str]:
    """A script that finds every known answer and quotes what holds it, after `quoted` has changed it."""

    def script(messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> str:
        if "material" in schema["properties"]:
            return json.dumps({"material": "linen"})
        shown = [(int(number), text) for number, text in _EVIDENCE.findall(str(messages[-1]["content"]))]
        (task,) = (task for task in load_tasks() if shown[0][1] in task.texts)
        claims = []
        for words in task.knows:
            number, text = next((n, text) for n, text in shown if stems(text) & set().union(*map(stems, words)))
            claims.append({"quotes": [{"n": number, "quote": quoted(text)}], "value": text.rstrip(".。")})
        return json.dumps({"attributes": [{"attribute": task.attribute, "claims": claims}]}, ensure_ascii=False)

    return script


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(reader()) as opened:
        yield opened


def scores_of(tmp_path: Path, *specs: str, **options: Any) -> list[Score]:
    return compare(specs, GenerateOptions(workspace=tmp_path / "w", **options))


def test_the_task_can_be_solved() -> None:
    tasks = load_tasks()
    texts = [text for task in tasks for text in task.texts]
    assert len(texts) == len(set(texts))
    assert {task.language for task in tasks} == {"en", "zh"}
    for task in tasks:
        assert load_schema(None).has(task.attribute)
        assert all(quote_words(text) >= LEAST_QUOTE_WORDS for text in task.texts)
        for words in task.knows:
            found = [text for text in task.texts if stems(text) & set().union(*map(stems, words))]
            assert len(found) >= 3, words
    for language in ("en", "zh"):
        kinds = [len(task.knows) for task in tasks if task.language == language]
        assert {0, 1, 2} == set(kinds)


def test_a_perfect_reader_is_perfect(server: FaultServer, tmp_path: Path) -> None:
    for score in scores_of(tmp_path, f"openai:m@{server.url}"):
        assert (score.status, score.constrained) == ("asked", True)
        assert (score.valid, score.grounded, score.right) == (1, 1, 1)
        assert (score.claims, score.verified, score.repaired, score.dropped) == (6, 6, 0, 0)
        assert score.prompt_tokens > 0
        assert score.completion_tokens > 0
        assert score.cost_usd is None
    # Twelve questions, one that proves the schema, one that finds out how to ask; nothing twice.
    assert server.served.requests == 14


@pytest.mark.parametrize(
    ("quoted", "counted"),
    [
        (lambda text: text.upper(), (6, 0, 0, 1)),
        (lambda text: text[:9] + "q" + text[10:], (0, 6, 0, 1)),
        (lambda text: "Nobody ever wrote these words here, 谁也没有写过这句话", (0, 0, 6, 0)),
        (lambda text: "", (0, 0, 6, 0)),
    ],
    ids=["another case", "a typo", "made up", "nothing"],
)
def test_quotes_are_told_apart(quoted: Quoting, counted: tuple[int, int, int, int], tmp_path: Path) -> None:
    with FaultServer(reader(quoted)) as server:
        score = scores_of(tmp_path, f"openai:m@{server.url}")[0]
    assert [score.verified, score.repaired, score.dropped, score.grounded] == list(counted)
    assert score.valid == 1
    # With no claim that holds, only the question without an answer is answered rightly.
    assert score.right == (1 if counted[3] else pytest.approx(1 / 7))


def test_an_answer_that_does_not_fit_is_not_asked_for_again_and_a_busy_server_is(tmp_path: Path) -> None:
    plan: list[Fault | None] = [None, None, "wrong schema", "truncated", "refusal", "429", "503", "dropped"]
    with FaultServer(reader(), plan=plan) as server:
        english, chinese = scores_of(tmp_path, f"openai:m@{server.url}", call_timeout=20.0)
        requests = server.served.requests
    assert english.valid == 0.5
    assert english.claims == english.verified
    assert chinese.valid == 1
    assert requests == 14 + 3


def test_extractive_is_the_floor(tmp_path: Path) -> None:
    english, chinese = scores_of(tmp_path, "extractive")
    for score in (english, chinese):
        assert (score.valid, score.constrained, score.grounded) == (None, None, 1)
        assert (score.prompt_tokens, score.cost_usd, score.dropped) == (0, 0, 0)
        assert score.right is not None
        assert score.right >= 0.5
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    "spec", ["nonsense", "llama-cpp:no.gguf", "openai:m@http://127.0.0.1:9/v1", "mistral@http://x"]
)
def test_an_engine_that_cannot_be_opened_is_a_row(spec: str, tmp_path: Path) -> None:
    scores = scores_of(tmp_path, spec, "extractive")
    assert [score.status for score in scores] == ["failed", "failed", "asked", "asked"]
    assert all(score.note for score in scores[:2])
    lines = comparison_lines(scores)
    assert any(line.startswith(f"{spec}, en: ") for line in lines)
    assert any(line.startswith("extractive  zh ") for line in lines)


def test_prices_and_addresses_stay_with_their_engine() -> None:
    options = GenerateOptions(llm="openai:a", base_url="http://127.0.0.1:1/v1", price="1/2")
    own = _options_for("openai:a", None, options)
    assert (own.base_url, own.price) == ("http://127.0.0.1:1/v1", "1/2")
    other = _options_for("openai:b", "http://127.0.0.1:2/v1", options)
    assert (other.base_url, other.price) == ("http://127.0.0.1:2/v1", None)
    assert _options_for("llama-cpp", None, options).base_url is None
    with pytest.raises(UsageError, match="openai: engines only"):
        _options_for("llama-cpp", "http://127.0.0.1:2/v1", options)


def test_the_command_prints_a_table_or_json(server: FaultServer, tmp_path: Path) -> None:
    call = ["doctor", "--compare", "extractive", "--compare", f"openai:m@{server.url}", "--workspace", str(tmp_path)]
    runner = typer.testing.CliRunner()
    table = runner.invoke(cli.app, call)
    assert table.exit_code == 0
    heads = table.stdout.splitlines()[0].split()
    assert heads[:6] == ["engine", "language", "held", "valid", "grounded", "right"]
    assert sum("100%" in line for line in table.stdout.splitlines()) == 4
    report = json.loads(runner.invoke(cli.app, [*call, "--json"]).stdout)
    assert [(row["engine"].split("@")[0], row["language"]) for row in report] == [
        ("extractive", "en"),
        ("extractive", "zh"),
        ("openai:m", "en"),
        ("openai:m", "zh"),
    ]
    assert Score.model_validate(report[2]).right == 1


def test_the_command_fails_where_no_engine_could_be_asked(tmp_path: Path) -> None:
    result = typer.testing.CliRunner().invoke(
        cli.app, ["doctor", "--compare", "nonsense", "--workspace", str(tmp_path)]
    )
    assert result.exit_code == cli.EXIT_BROKEN
    assert "nonsense, en: there is no engine" in result.stdout


@pytest.mark.local_model
@pytest.mark.slow
def test_the_bundled_model_is_compared_in_its_language_only(tmp_path: Path) -> None:
    english, chinese = scores_of(tmp_path, "llama-cpp", threads=1)
    assert (english.status, chinese.status) == ("asked", "not asked")
    assert (english.constrained, english.valid, english.cost_usd) == (True, 1, 0)
    assert english.grounded is not None
    assert english.claims <= english.questions
