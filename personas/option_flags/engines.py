"""Flags for the engines that write and embed, and for what they may spend."""

from __future__ import annotations

from typing import Annotated

import typer

_ENGINES, _SPENDING = "Engines", "Limits and budget"

Llm = Annotated[
    str | None,
    typer.Option(
        metavar="SPEC",
        help="Who writes: extractive (no model), llama-cpp (the bundled one), llama-cpp:PATH.gguf, openai:MODEL, "
        "PROVIDER:MODEL. Default: auto, the bundled model where it is installed and speaks the language, else "
        "extractive.",
        rich_help_panel=_ENGINES,
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Address of a server that speaks OpenAI's protocol.", rich_help_panel=_ENGINES),
]
Embedder = Annotated[
    str | None,
    typer.Option(
        metavar="SPEC",
        help="What turns passages into vectors: wordllama, lsa, fastembed:MODEL, sentence-transformers:MODEL, "
        "gensim:PATH, llama-cpp:PATH, openai:MODEL. Default: auto, wordllama for Latin script and lsa for the rest.",
        rich_help_panel=_ENGINES,
    ),
]
Candidates = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Answers a small model may give to one question; the best grounded wins. Default: 4.",
        rich_help_panel=_ENGINES,
    ),
]
ContextTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Context window. Default: 4096 of a local model, what is known of a hosted one.",
        rich_help_panel=_ENGINES,
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(metavar="N", help="Threads of a local model. Default: the physical cores.", rich_help_panel=_ENGINES),
]
Reproducible = Annotated[
    bool | None,
    typer.Option(
        "--reproducible",
        help="A local model forgets each call, so that no answer depends on the calls before; slower.",
        rich_help_panel=_ENGINES,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(metavar="N", help="Seed of everything random. Default: 0.", rich_help_panel=_ENGINES),
]
MaxConcurrency = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Model calls at a time. Default: 8 of a hosted engine, 1 of a local one.",
        rich_help_panel=_SPENDING,
    ),
]
RequestsPerMinute = Annotated[
    int | None, typer.Option(metavar="N", help="Model calls begun in a minute at most.", rich_help_panel=_SPENDING)
]
TokensPerMinute = Annotated[
    int | None, typer.Option(metavar="N", help="Tokens asked for in a minute at most.", rich_help_panel=_SPENDING)
]
CallTimeout = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="Longest one model call may take. Default: 120, or 900 of a model on this machine.",
        rich_help_panel=_SPENDING,
    ),
]
Deadline = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="Begin no model call after so long; what is finished by then is written.",
        rich_help_panel=_SPENDING,
    ),
]
BudgetTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Spend at most so many tokens, prompts and answers together; what is finished by then is written.",
        rich_help_panel=_SPENDING,
    ),
]
BudgetUsd = Annotated[
    float | None,
    typer.Option(metavar="X", help="Spend at most so many US dollars on model calls.", rich_help_panel=_SPENDING),
]
Price = Annotated[
    str | None,
    typer.Option(
        metavar="PROMPT/COMPLETION",
        help="Price of the model in US dollars per million tokens, such as 0.5/1.5, where it is not known.",
        rich_help_panel=_SPENDING,
    ),
]
DryRun = Annotated[
    bool | None,
    typer.Option(
        "--dry-run",
        help="Tell the calls, tokens and cost of a run before anything is spent.",
        rich_help_panel=_SPENDING,
    ),
]
