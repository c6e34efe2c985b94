"""Flags of the commands under `eval` and `prompts`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Suites = Annotated[
    list[str] | None, typer.Argument(metavar="[SUITE]...", help="Suites by name, or YAML files. Default: all.")
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder that eval run wrote.")]
RunFolders = Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders that eval run wrote.")]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model", metavar="SPEC", help="As --llm of generate; may be given several times. Default: llama-cpp."
    ),
]
PromptTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--prompt",
        metavar="NAME=FILE|NAME@REV",
        help="Text to run in place of the shipped one, a file or a git revision; may be given several times. Only the "
        "suites of these prompts are run.",
    ),
]
Replay = Annotated[bool, typer.Option("--replay", help="Answer from recordings alone; a call without one fails.")]
RecordCalls = Annotated[bool, typer.Option("--record", help="Ask the model and keep its answers for --replay.")]
Repeats = Annotated[int | None, typer.Option(metavar="N", min=1, help="Answers to each case. Default: the suite's.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Only cases with one of these tags.")]
Cases = Annotated[
    list[str] | None, typer.Option("--case", metavar="GLOB", help="Only cases whose id fits one of these.")
]
Failing = Annotated[Path | None, typer.Option(metavar="RUN", help="Only cases that failed a verdict in this run.")]
Errors = Annotated[Path | None, typer.Option(metavar="RUN", help="Only cases with a call that failed in this run.")]
Seed = Annotated[int, typer.Option(metavar="N", help="Seed that each call's own is made of.")]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Where runs go, a folder each; the same command again goes on.")]
Home = Annotated[
    Path | None,
    typer.Option(
        "--evals", metavar="DIR", help="Folder with suites/, recordings/ and baselines/. Default: what ships."
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Address of a server that speaks OpenAI's protocol, for openai: models."),
]
Threads = Annotated[
    int | None, typer.Option(metavar="N", help="Threads of a local model. Default: the physical cores.")
]
BudgetTokens = Annotated[int | None, typer.Option(metavar="N", help="Spend at most so many tokens on all suites.")]
BudgetUsd = Annotated[float | None, typer.Option(metavar="X", help="Spend at most so many US dollars on all suites.")]
Price = Annotated[
    str | None, typer.Option(metavar="PROMPT/COMPLETION", help="US dollars per million tokens, where not known.")
]
NoCompare = Annotated[bool, typer.Option("--no-compare", help="Do not compare with the blessed baseline.")]
FailOn = Annotated[
    str, typer.Option(metavar="regressed|suspect", help="Verdict of a gate from which the exit code is 1.")
]
ArmName = Annotated[str | None, typer.Option("--arm", metavar="NAME", help="Which of a run's prompts and models.")]
Against = Annotated[
    Path | None, typer.Option(metavar="RUN", help="Run to compare with. Default: the blessed baseline.")
]
AcrossModels = Annotated[bool, typer.Option("--across-models", help="The models may differ: they are compared.")]
ForceUnlike = Annotated[bool, typer.Option("--force", help="Compare unlike runs all the same, and say what differs.")]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Page with prompts and answers side by side.")]
Junit = Annotated[Path | None, typer.Option(metavar="FILE", help="JUnit XML for CI.")]
Markdown = Annotated[Path | None, typer.Option(metavar="FILE", help="Tables for a pull request.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]
PromptName = Annotated[str, typer.Argument(metavar="NAME.VARIANT", help="A prompt, such as claim.small.")]
PromptNames = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME.VARIANT]...", help="Prompts, or .j2 files. Default: all.")
]
SuiteName = Annotated[str | None, typer.Option(metavar="NAME", help="Suite to run. Default: that of the prompt.")]
Metric = Annotated[str, typer.Option(metavar="NAME", help="The metric that got worse.")]
Good = Annotated[str, typer.Option(metavar="REV|FILE", help="A version that was good.")]
Bad = Annotated[str, typer.Option(metavar="REV|FILE", help="A later version that is bad.")]
Between = Annotated[
    list[str] | None,
    typer.Option(
        "--version", metavar="FILE", help="A version between them, where --good and --bad are files; in order."
    ),
]
Judge = Annotated[
    str | None,
    typer.Option("--model", metavar="SPEC", help="Who judges, best of another family. As --llm. Default: llama-cpp."),
]
LabelSheet = Annotated[
    Path | None, typer.Option("--labels", metavar="FILE", help="CSV to write for people to label, for eval calibrate.")
]
KeepCalibration = Annotated[
    bool,
    typer.Option("--keep", help="Keep it with the baselines: what this judge says then gates where a suite says so."),
]
Labels = Annotated[Path, typer.Argument(metavar="LABELS.csv", help="Columns human and judge, a line a judgement.")]
