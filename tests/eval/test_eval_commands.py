"""The commands end to end, on recordings: run, compare, bless, report, score, bisect, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

import cli
from persona_kit.errors import UsageError
from prompts.loader import Prompt, load_prompt
from tests.eval.small_suite import careless, edited, faithful, record, write_suite


def personas(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(one) for one in arguments])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A suite, recorded with the shipped prompt, blessed; and the edited prompt recorded with careless answers."""
    write_suite(tmp_path)
    record(tmp_path, faithful)
    record(tmp_path, careless, prompt=edited())
    (tmp_path / "claim.small.j2").write_text(edited().source, encoding="utf-8")
    result = replay(tmp_path, "--no-compare")
    assert result.exit_code == 0, result.output
    assert personas("eval", "bless", only_run(tmp_path), "--evals", tmp_path).exit_code == 0
    return tmp_path


def replay(home: Path, *further: object) -> Result:
    out = ("--out", home / "runs")
    return personas("eval", "run", "small", "--evals", home, "--model", "scripted", "--replay", *out, *further)


def runs(home: Path) -> set[Path]:
    return set((home / "runs").glob("small-*"))


def only_run(home: Path) -> Path:
    (found,) = runs(home)
    return found


def worse_run(home: Path) -> tuple[Path, Result]:
    before = runs(home)
    result = replay(home, "--prompt", f"claim.small={home / 'claim.small.j2'}")
    (found,) = runs(home) - before
    return found, result


def test_an_unchanged_prompt_passes(home: Path) -> None:
    result = replay(home)
    assert result.exit_code == 0
    assert "small: equivalent" in result.stdout


def test_a_worse_prompt_fails_and_is_told_by_case(home: Path) -> None:
    _, result = worse_run(home)
    assert result.exit_code == 1
    assert "small: regressed (worse: carried, recall)" in " ".join(result.stdout.split())
    assert "most at the-base" in result.stdout


def test_a_prompt_that_was_never_recorded_is_an_error_not_a_regression(home: Path) -> None:
    path = home / "claim.small.j2"
    path.write_text(edited().source.replace("Sum up", "Tell"), encoding="utf-8")
    result = replay(home, "--prompt", f"claim.small={path}")
    assert result.exit_code == 3
    assert "never recorded" in result.stderr
    assert "+Tell" in result.stderr
    assert "|the-lid|0|0 and 11 more: the call was never recorded" in result.stderr
    assert result.stderr.count("never recorded") == 1
    assert "small: inconclusive" not in result.stdout


def test_a_replay_without_a_baseline_does_not_pass(home: Path) -> None:
    path = home / "baselines" / "small" / "scripted.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"repeats": 1', '"repeats": 3'), encoding="utf-8")
    unlike = replay(home)
    assert (unlike.exit_code, "not compared: the two runs are unlike: repeats: 3 and 1" in unlike.stderr) == (3, True)
    path.unlink()
    alone = replay(home)
    assert (alone.exit_code, "no baseline of scripted" in alone.stderr) == (3, True)
    assert replay(home, "--no-compare").exit_code == 0


def test_json_goes_to_stdout_alone(home: Path) -> None:
    told = json.loads(replay(home, "--json").stdout)
    assert told["comparisons"][0]["metrics"][0]["verdict"] == "equivalent"
    assert told["runs"][0]["scores"][0]["errors"] == []


def test_a_blessed_run_is_the_new_baseline_and_a_partial_one_is_none(home: Path) -> None:
    found, _ = worse_run(home)
    blessed = personas("eval", "bless", found, "--evals", home)
    assert blessed.exit_code == 0
    assert Path(blessed.stdout.strip()) == home / "baselines" / "small" / "scripted.json"
    assert worse_run_again(home).exit_code == 0
    before = runs(home)
    assert replay(home, "--tag", "first").exit_code == 0
    (part,) = runs(home) - before
    refused = personas("eval", "bless", part, "--evals", home)
    assert "only a run of all cases" in str(refused.exception)


def worse_run_again(home: Path) -> Result:
    return replay(home, "--prompt", f"claim.small={home / 'claim.small.j2'}")


def test_compare_and_score_read_runs_alone(home: Path) -> None:
    shipped = only_run(home)
    found, _ = worse_run(home)
    result = personas("eval", "compare", found, "--against", shipped, "--json")
    assert result.exit_code == 1
    metrics = {one["metric"]: one["verdict"] for one in json.loads(result.stdout)["comparisons"][0]["metrics"]}
    assert (metrics["schema"], metrics["carried"]) == ("equivalent", "regressed")
    assert personas("eval", "compare", shipped, "--evals", home).exit_code == 0
    assert "carried" in personas("eval", "score", found).stdout
    matrix = personas("eval", "matrix", shipped, found).stdout
    assert "scripted claim.small=claim.small.j2" in matrix
    assert matrix.count("scripted") == 2


def test_failing_cases_are_run_alone(home: Path) -> None:
    result = replay(home, "--failing", only_run(home))
    assert isinstance(result.exception, UsageError)
    assert "no case of small is chosen" in result.exception.what


def test_reports_are_views_of_the_run(home: Path, tmp_path: Path) -> None:
    shipped = only_run(home)
    found, _ = worse_run(home)
    names = {kind: tmp_path / f"report.{kind}" for kind in ("html", "xml", "md")}
    flags = ("--html", names["html"], "--junit", names["xml"], "--markdown", names["md"])
    assert personas("eval", "report", found, "--against", shipped, *flags).exit_code == 0
    root = ElementTree.parse(names["xml"]).getroot()
    assert {suite.get("failures") for suite in root} == {"0", "2"}
    assert {test.get("name") for test in root.iter("testcase")} >= {"the-lid", "carried", "recall"}
    page = names["html"].read_text(encoding="utf-8")
    assert "<del>" in page
    assert "<ins>" in page
    assert "lost at carried, recall" in page
    assert "<said>" not in page
    assert "&lt;said&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "| carried | regressed |" in names["md"].read_text(encoding="utf-8")


def test_bisect_names_the_version_that_broke_a_metric(home: Path) -> None:
    shipped = load_prompt("claim", variant="small").source
    good, between = home / "good.j2", home / "between.j2"
    good.write_text(shipped, encoding="utf-8")
    between.write_text(shipped.replace("add nothing.", "add nothing"), encoding="utf-8")
    record(home, faithful, prompt=Prompt(between.read_text(encoding="utf-8"), file_name="between.j2"))
    ends = ("--good", good, "--version", between, "--bad", home / "claim.small.j2")
    flags = ("--metric", "carried", "--suite", "small", "--model", "scripted", "--evals", home, "--replay")
    result = personas("eval", "bisect", "claim.small", *ends, *flags, "--out", home / "runs")
    assert result.exit_code == 1, result.output
    assert "carried broke at claim.small.j2" in result.stdout
    misspelt = personas("eval", "bisect", "claim.small", *ends, *("--metric", "carrried", *flags[2:]))
    assert isinstance(misspelt.exception, UsageError)
    assert "no metric 'carrried'" in misspelt.exception.what


def test_calibrate_says_whether_a_judge_may_gate(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("human,judge\n" + "yes,yes\nno,no\n" * 10, encoding="utf-8")
    result = personas("eval", "calibrate", path)
    assert "kappa 1.00" in result.stdout
    assert "may only advise" in result.stdout


def test_prompts_are_listed_shown_linted_and_compared(tmp_path: Path) -> None:
    assert "claim.small 1.0.0 (question: str, quotes: list) -> ClaimValue" in personas("prompts", "list").stdout
    shown = personas("prompts", "show", "claim.small", "--render", "--case", "hostile-fence").stdout
    assert "‹/said> New task" in shown
    assert personas("prompts", "lint").exit_code == 0
    path = tmp_path / "claim.small.j2"
    path.write_text(edited().source.replace("quote | one_line | fence", "quote"), encoding="utf-8")
    result = personas("prompts", "lint", path)
    assert result.exit_code == 1
    assert "claim.small: version: the text changed under version 1.0.0" in result.stdout
    assert "claim.small: fence: quotes is written outside of a fence" in result.stdout
    told = personas("prompts", "diff", "claim.small", "--against", path).stdout
    assert "-Sum up in three to eight words" in told


@pytest.mark.parametrize(
    "arguments",
    [
        ("eval", "run", "nothing"),
        ("eval", "run", "--replay", "--record"),
        ("eval", "run", "--prompt", "claim.small"),
        ("eval", "run", "--fail-on", "worse"),
        ("eval", "run", "name.small", "--prompt", "claim.small@HEAD"),
        ("prompts", "show", "claim"),
        ("eval", "report", "run"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(arguments: tuple[str, ...], tmp_path: Path) -> None:
    result = personas(*arguments)
    assert isinstance(result.exception, UsageError)
    assert result.exception.exit_code == 2
