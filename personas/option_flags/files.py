"""Flags for what is read and where the results go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_READING, _WRITING = "Reading", "Writing"

Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Files and folders of what customers wrote: CSV, TSV, JSONL, JSON, Parquet, XLSX, TXT, Markdown, HTML, "
        "PDF, DOCX; - is standard input.",
        show_default=False,
    ),
]
Customers = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Table of customers, one row each.", rich_help_panel=_READING),
]
Orders = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Table of orders, several rows a customer.", rich_help_panel=_READING),
]
Events = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Table of visits, clicks or calls, several rows a customer.", rich_help_panel=_READING
    ),
]
TextColumn = Annotated[
    str | None,
    typer.Option(
        metavar="COL", help="Column of what they wrote. Guessed by default, and said.", rich_help_panel=_READING
    ),
]
CustomerColumn = Annotated[
    str | None,
    typer.Option(metavar="COL", help="Column of the customer's id. Guessed by default.", rich_help_panel=_READING),
]
IdColumn = Annotated[
    str | None,
    typer.Option(metavar="COL", help="Column of the document's id. Guessed by default.", rich_help_panel=_READING),
]
TimeColumn = Annotated[
    str | None,
    typer.Option(metavar="COL", help="Column of when it was written. Guessed by default.", rich_help_panel=_READING),
]
RatingColumn = Annotated[
    str | None,
    typer.Option(metavar="COL", help="Column of a rating. Guessed by default.", rich_help_panel=_READING),
]
ProductColumn = Annotated[
    str | None,
    typer.Option(metavar="COL", help="Column that names the product. Guessed by default.", rich_help_panel=_READING),
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder for the results. Default: personas-out.", rich_help_panel=_WRITING),
]
To = Annotated[Path, typer.Option(metavar="DIR", help="Folder that generate or segment wrote.")]
CsvFile = Annotated[Path | None, typer.Option(metavar="FILE", help="CSV file to write. Default: standard output.")]
Workspace = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder that keeps what was computed, so that nothing is done twice. Default: PERSONAS_HOME, else "
        ".personas.",
        rich_help_panel=_WRITING,
    ),
]
Title = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT", help="Title of the report. Default: from the sources' names.", rich_help_panel=_WRITING
    ),
]
Force = Annotated[
    bool | None,
    typer.Option("--force", help="Write over the results of a different run.", rich_help_panel=_WRITING),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print the result as JSON on stdout.", rich_help_panel=_WRITING),
]
