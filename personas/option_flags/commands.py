"""Flags and arguments of the commands that make no run: simulate, show, verify, diff, doctor, batch, cache."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ResultFolder = Annotated[
    Path, typer.Argument(metavar="[OUT]", help="Folder that generate wrote.", show_default="personas-out")
]
PersonaId = Annotated[
    str | None,
    typer.Argument(
        metavar="[PERSONA_ID]",
        help="One persona in full, by id or name; an overview without it. Alone, of the folder personas-out.",
    ),
]
ShowTrace = Annotated[
    bool,
    typer.Option("--trace", help="How the personas came about: what was searched for, kept and dropped, and why."),
]
PersonaName = Annotated[str, typer.Argument(metavar="PERSONA", help="Id or name of the persona to ask.")]
QuestionText = Annotated[str, typer.Argument(metavar="QUESTION", help="One question, in quotation marks.")]
InVoice = Annotated[
    bool, typer.Option("--in-voice/--plain", help="Answer as the persona would say it, or plainly. Default: plainly.")
]
AsPrompt = Annotated[
    bool,
    typer.Option("--as-prompt", help="One persona as a system prompt for another assistant, with its limits stated."),
]
MovedSources = Annotated[
    list[str] | None,
    typer.Option(metavar="SOURCE", help="Where the sources are now, if they moved; may be given several times."),
]
MessageText = Annotated[
    str, typer.Argument(metavar="TEXT", help="What the customer wrote, in quotation marks; - is standard input.")
]
ForCustomer = Annotated[str, typer.Option("--customer", metavar="ID", help="Whose message it is.")]
Before = Annotated[Path, typer.Argument(metavar="A", help="Folder that generate wrote before, or its personas.json.")]
After = Annotated[Path, typer.Argument(metavar="B", help="The one to compare with it, written after.")]
PeopleFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="CSV file to write: where everybody was in A and is in B.")
]
DiffLanguage = Annotated[str, typer.Option(metavar="auto|en|zh", help="Language of the text; auto is that of B.")]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit 1 when anything differs.")]
Compare = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SPEC",
        help="Give this engine a small task with known answers instead, and tell how it does; may be given several "
        "times. As --llm; openai:MODEL@http://HOST:PORT/v1 names a server of its own.",
    ),
]
Jobs = Annotated[Path, typer.Argument(metavar="JOBS.toml", help="Which runs: [defaults], [limits] and a [[job]] each.")]
Only = Annotated[list[str] | None, typer.Option(metavar="NAME", help="Run this job alone; may be given several times.")]
ForceJobs = Annotated[
    bool, typer.Option("--force", help="Run jobs that are done too, and write over results of other runs.")
]
DryRunJobs = Annotated[
    bool, typer.Option("--dry-run", help="Tell calls, tokens and cost of each job and of all, and spend nothing.")
]
OlderThan = Annotated[
    float | None,
    typer.Option(metavar="DAYS", min=0, help="Remove what was stored longer ago, used since or not."),
]
KeepMb = Annotated[
    float | None, typer.Option(metavar="MB", min=0, help="Keep the newest up to this size, remove the rest.")
]
Kind = Annotated[
    str | None, typer.Option(metavar="answer|vector|fact|failure|all", help="Remove this kind only. Default: all.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before removing.")]
CorpusFolder = Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write to: corpus/ and truth/.")]


class Simulation:
    """Flags of simulate: how large the corpus is and how it is written."""

    world: Annotated[str | None, typer.Option(metavar="NAME", help="Made-up business. Default: by the seed.")] = None
    language: Annotated[str, typer.Option(metavar="en|zh|mixed", help="Language people write in.")] = "en"
    segments: Annotated[int, typer.Option(metavar="N", help="1 to 10; 1 is a crowd without kinds of people.")] = 5
    customers: Annotated[int | None, typer.Option(metavar="N", help="People. Default: 300.")] = None
    documents: Annotated[int | None, typer.Option(metavar="N", help="Documents. Default: five a customer.")] = None
    length: Annotated[str, typer.Option(metavar="normal|short", help="short: a statement a document.")] = "normal"
    overlap: Annotated[float, typer.Option(help="Share of statements that belong to other segments.")] = 0.06
    noise: Annotated[float, typer.Option(help="Typos, slang and sarcasm, 0 to 1.")] = 0.3
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same bytes.")] = 0
    force: Annotated[bool, typer.Option("--force", help="Write over a corpus that is there.")] = False
