"""The commands under `personas prompts`: parse, call, print."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from eval import command_options as given
from persona_kit.streams import echo_data
from persona_kit.terminal import stderr_console

if TYPE_CHECKING:
    from prompts.loader import Prompt

EXIT_FOUND = 1

app = typer.Typer(help="Shows, checks and compares the versioned prompts.", no_args_is_help=True)


@app.command("list")
def prompts_list(as_json: given.AsJson = False) -> None:
    """List every prompt with its version, what it takes and what it answers with."""
    from eval.prompt_checks import shipped_prompts

    prompts = shipped_prompts()
    if as_json:
        rows = [prompt.front.model_dump() | {"contract_sha256": prompt.contract_sha256} for prompt in prompts]
        echo_data(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for prompt in prompts:
        inputs = ", ".join(f"{name}: {kind}" for name, kind in prompt.front.inputs.items())
        echo_data(f"{prompt.name} {prompt.front.version} ({inputs}) -> {prompt.front.output}")


@app.command("show")
def prompts_show(
    name: given.PromptName,
    render: Annotated[bool, typer.Option("--render", help="The messages as a model gets them.")] = False,
    case: Annotated[
        str | None, typer.Option(metavar="CASE", help="Case whose inputs are rendered. Default: the suite's first.")
    ] = None,
    evals: given.Home = None,
    as_json: given.AsJson = False,
) -> None:
    """Show a prompt's template, or the messages that a case of its suite makes of it."""
    from eval.prompt_checks import find_prompt, render_case
    from eval.suites import HOME

    prompt = find_prompt(name)
    if not (render or case):
        echo_data(json.dumps(prompt.front.model_dump(), indent=2) if as_json else prompt.source.rstrip("\n"))
        return
    rendered = render_case(prompt, case, evals or HOME)
    if as_json:
        echo_data(rendered.model_dump_json(indent=2))
        return
    for message in rendered.messages:
        echo_data(f"[[{message.role}]]\n{message.text}\n")


@app.command("lint")
def prompts_lint(
    names: given.PromptNames = None,
    model: Annotated[
        str | None, typer.Option(metavar="SPEC", help="Check that all cases fit this model's context window, too.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Put new versions in the record of texts; known ones stay as they are.")
    ] = False,
    evals: given.Home = None,
    as_json: given.AsJson = False,
) -> None:
    """Check the templates: versions, inputs, outputs, fences, lengths; exit 1 when one breaks a rule."""
    from eval.prompt_checks import lint_prompts, record_shipped
    from eval.suites import HOME

    console = stderr_console()
    for added in record_shipped() if record else ():
        console.print(Text(f"recorded: {added}"))
    findings = lint_prompts(names or (), model=model, home=evals or HOME)
    if as_json:
        echo_data(json.dumps([finding.model_dump() for finding in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            echo_data(f"{finding.prompt}: {finding.rule}: {finding.message}")
    console.print(Text(f"{len(findings)} findings" if findings else "every template keeps the rules"))
    if findings:
        raise typer.Exit(EXIT_FOUND)


@app.command("diff")
def prompts_diff(
    name: given.PromptName,
    against: Annotated[str, typer.Option(metavar="REV|FILE", help="Git revision or file to compare with.")] = "HEAD",
) -> None:
    """Show how a prompt's text differs from an earlier one: parts that it includes in their place."""
    from eval.prompt_checks import find_prompt
    from eval.running import prompt_text

    prompt = find_prompt(name)
    before = prompt_text(f"{name}={against}" if Path(against).suffix == ".j2" else f"{name}@{against}").prompt
    lines = difflib.unified_diff(
        _lines(before), _lines(prompt), f"{name} {before.front.version}", f"{name} {prompt.front.version}", lineterm=""
    )
    echo_data("\n".join(lines) or f"{name} is the same as at {against}")


def _lines(prompt: Prompt) -> list[str]:
    front, body = prompt.front, prompt.body
    head = [f"output: {front.output}", *(f"input {key}: {kind}" for key, kind in sorted(front.inputs.items()))]
    return [*head, *body.splitlines()]
