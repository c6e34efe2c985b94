"""The command line as a user meets it: in a process of its own, wherever the exit code or the streams matter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import cli
from benchmarks.fault_server import FaultServer
from persona_kit.errors import PersonaKitError
from persona_kit.settings import option_name
from personas.options import GenerateOptions

Personas = Callable[..., subprocess.CompletedProcess[str]]

HEAVY = {"numpy", "scipy", "sklearn", "chromadb", "llama_cpp", "langchain", "langchain_core", "langgraph", "openai"}
HEAVY |= {"pyarrow", "jieba", "wordllama", "sknetwork", "onnxruntime", "torch", "bm25s", "pandas", "tokenizers"}


@pytest.fixture
def personas(tmp_path: Path, repository: Path) -> Personas:
    """Calls the command in an empty folder."""

    def call(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "personas", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(repository)} | environment,
        )

    return call


def _loaded_after(arguments: Sequence[str], repository: Path, tmp_path: Path) -> set[str]:
    source = (
        "import sys, atexit\n"
        "atexit.register(lambda: sys.stderr.write('\\n' + ' '.join(sys.modules)))\n"
        "from persona_kit.start import main\n"
        f"sys.argv = ['personas', *{list(arguments)!r}]\n"
        "main()\n"
    )
    environment = os.environ | {"PYTHONPATH": str(repository)}
    result = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
    )
    assert result.returncode == 0, result.stderr
    return {name.split(".")[0] for name in result.stderr.rsplit("\n", 1)[-1].split()}


@pytest.mark.parametrize("arguments", [["--help"], ["generate", "--help"], ["--version"], ["config", "show"]])
def test_what_needs_no_model_loads_none(arguments: list[str], repository: Path, tmp_path: Path) -> None:
    loaded = _loaded_after(arguments, repository, tmp_path)
    assert "typer" in loaded  # the dump works
    assert loaded & HEAVY == set()


def test_version_goes_to_stdout(personas: Personas) -> None:
    result = personas("--version")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("personas ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate"],
        ["generate", "x.csv", "--no-such-option"],
        ["no-such-command"],
        ["generate", "x.csv", "--seed", "many"],
        ["generate", "x.csv", "--segments", "some"],
        ["generate", "x.csv", "--redact", "none"],
        ["generate", "x.csv", "--output-language", "fr"],
        ["generate", "x.csv", "--min-people", "0"],
        ["generate", "x.csv", "--base-url", "localhost"],
    ],
)
def test_a_mistaken_call_is_exit_2_on_stderr(arguments: list[str], personas: Personas) -> None:
    result = personas(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr


def test_no_command_shows_the_help(personas: Personas) -> None:
    result = personas()
    assert result.returncode == 2
    assert "generate" in result.stdout + result.stderr


def test_a_hosted_engine_refuses_unredacted_text(personas: Personas, tmp_path: Path) -> None:
    result = personas("generate", "x.csv", "--llm", "openai:gpt", "--redact", "off")
    assert result.returncode == 3
    assert "--allow-unredacted" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_hosted_engine_from_the_environment_is_refused(personas: Personas) -> None:
    result = personas("generate", "x.csv", PERSONAS_LLM="openai:gpt")
    assert result.returncode == 2
    assert "PERSONAS_LLM" in result.stderr


def test_a_mistyped_variable_is_told(personas: Personas) -> None:
    assert "PERSONAS_LMM is set" in personas("config", "show", PERSONAS_LMM="extractive").stderr


def test_config_show_tells_each_value_with_its_origin(personas: Personas) -> None:
    result = personas("config", "show", "--json", PERSONAS_LLM="extractive", PERSONAS_HOME="kept")
    report = json.loads(result.stdout)
    rows = {row["name"]: row for row in report["settings"]}
    assert result.returncode == 0
    assert rows["llm"] == {
        "name": "llm",
        "variable": "PERSONAS_LLM",
        "value": "extractive",
        "origin": "environment",
        "source": "PERSONAS_LLM",
    }
    assert (rows["workspace"]["value"], rows["workspace"]["source"]) == ("kept", "PERSONAS_HOME")
    assert (rows["seed"]["value"], rows["seed"]["origin"]) == (0, "default")
    assert report["config_file"].endswith("config.toml")
    assert "llm = extractive" in personas("config", "show", PERSONAS_LLM="extractive").stdout


def test_a_broken_config_file_is_exit_3(personas: Personas) -> None:
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "personas"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("model = 'x'\n", encoding="utf-8")
    result = personas("config", "show")
    assert (result.returncode, result.stdout) == (3, "")
    assert "config.toml holds keys that are not settings: model" in result.stderr


@pytest.mark.parametrize("command", ["show", "verify"])
def test_a_folder_without_results_is_exit_3(command: str, personas: Personas) -> None:
    result = personas(command, "nowhere")
    assert (result.returncode, result.stdout) == (3, "")
    assert "nowhere" in result.stderr


def test_a_bug_is_exit_70_with_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "_resolve", lambda context, console: 1 // 0)
    monkeypatch.setattr(sys, "argv", ["personas", "config", "show"])
    assert cli.run() == 70
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "ZeroDivisionError" in captured.err
    assert "this is a bug" in captured.err


def test_an_expected_failure_is_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(context: object, console: object) -> None:
        raise PersonaKitError("it [bold]broke[/bold]", where="here", mend="glue it")

    monkeypatch.setattr(cli, "_resolve", fail)
    monkeypatch.setattr(sys, "argv", ["personas", "config", "show"])
    assert cli.run() == 3
    assert capfd.readouterr().err == "error: it [bold]broke[/bold]\nwhere: here\nto mend it: glue it\n"


def test_ctrl_c_is_exit_130_with_one_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def interrupt(context: object, console: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_resolve", interrupt)
    monkeypatch.setattr(sys, "argv", ["personas", "config", "show"])
    assert cli.run() == 130
    captured = capfd.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert captured.err.startswith("interrupted")


def test_options_and_settings_are_the_same_list() -> None:
    """Every field of GenerateOptions has its flag, and every flag its field."""
    import typer

    command = typer.main.get_command(cli.app).commands["generate"]  # type: ignore[attr-defined]  # a group
    flags = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    fields = {option_name(name) for name in GenerateOptions.model_fields if name != "stdin"}
    assert flags - {"--json", "--help"} == fields


def test_doctor_reports_as_json(personas: Personas, tmp_path: Path) -> None:
    result = personas("doctor", "--llm", "extractive", "--json")
    checks = {check["name"]: check for check in json.loads(result.stdout)}
    assert result.returncode == 0, result.stderr
    assert checks["engine"]["status"] == "ok"
    assert checks["embedder"]["detail"] == "wordllama gives 256 numbers a passage"
    assert {"python", "packages", "disk", "workspace", "bundled model"} <= set(checks)
    assert list(tmp_path.iterdir()) == []


def test_doctor_tells_its_own_lines_and_no_librarys(personas: Personas) -> None:
    """wordllama turns on the log lines of every package where it is imported as it comes."""
    with FaultServer(
        lambda _messages, schema: json.dumps({
            name: "brass" if name == "material" else "good" for name in schema["properties"]
        })
    ) as server:
        result = personas("doctor", "--llm", "openai:m", "--base-url", server.url)
    assert result.returncode == 0, result.stderr
    assert server.served.requests > 0
    lines = [line for line in result.stderr.splitlines() if not line.startswith(("ok ", "warning ", " "))]
    assert lines == []


def test_doctor_finds_what_is_broken(personas: Personas, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = personas("doctor", "--llm", "llama-cpp:no.gguf", "--embedder", "no-such", "--workspace", "file", "--json")
    broken = {check["name"]: check for check in json.loads(result.stdout) if check["status"] == "broken"}
    assert result.returncode == 3
    assert set(broken) == {"engine", "embedder", "workspace"}
    assert all(check["mend"] for check in broken.values())


def test_standard_input_must_hold_something(personas: Personas) -> None:
    result = personas("generate", "-", "--llm", "extractive")
    assert result.returncode == 3
    assert "standard input is empty" in result.stderr
