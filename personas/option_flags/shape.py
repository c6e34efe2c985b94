"""Flags for what is hidden, how people are grouped and what is looked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_PRIVACY, _SHAPE = "Privacy", "Personas"

Redact = Annotated[
    str | None,
    typer.Option(
        metavar="off|standard|strict",
        help="How much personal data is replaced before anything is stored or sent. Default: standard.",
        rich_help_panel=_PRIVACY,
    ),
]
Flagged = Annotated[
    str | None,
    typer.Option(
        metavar="withhold|use",
        help="What becomes of documents that speak to a machine, and of posts that repeat one of a burst: withhold "
        "(default) counts them, and neither quotes them nor shows them to a model; use treats them like any other.",
        rich_help_panel=_PRIVACY,
    ),
]
Export = Annotated[
    str | None,
    typer.Option(
        metavar="internal|shared|public",
        help="Whom the results are for: internal (default) with ids and sources, shared without ids, public without "
        "quotes or groups below ten people.",
        rich_help_panel=_PRIVACY,
    ),
]
Canaries = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Secrets planted in the input, one a line: where one comes out in any file, nothing is written.",
        rich_help_panel=_PRIVACY,
    ),
]
AllowUnredacted = Annotated[
    bool | None,
    typer.Option(
        "--allow-unredacted",
        help="Let an engine on another machine see text that was not redacted (with --redact off).",
        rich_help_panel=_PRIVACY,
    ),
]
Segments = Annotated[
    str | None,
    typer.Option(metavar="auto|N", help="How many segments. Default: auto, what holds best.", rich_help_panel=_SHAPE),
]
SegmentBy = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Group people by a column of the customer table in place of what they voice.",
        rich_help_panel=_SHAPE,
    ),
]
Algorithm = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="How people are grouped: k-means, mini-batch k-means, bisecting k-means, agglomerative, dbscan, hdbscan, "
        "gaussian mixture, communities. Default: auto, what tells most of people and holds.",
        rich_help_panel=_SHAPE,
    ),
]
TextFeatures = Annotated[
    str | None,
    typer.Option(
        metavar="auto|themes|vectors|tf-idf|lda|nmf",
        help="What people are grouped by of what they wrote: profiles of themes, vectors of --embedder, TF-IDF of "
        "words, or LDA or NMF topics of words. Default: auto, what holds of "
        "themes, vectors and, where people wrote one longer text, TF-IDF.",
        rich_help_panel=_SHAPE,
    ),
]
Features = Annotated[
    str | None,
    typer.Option(
        metavar="NAME=WEIGHT,...",
        help="Weights of what people wrote, are, did and feel: text=1,table=0.5,behaviour=0.5,feelings=0. Default: "
        "auto, what makes the grouping tell more.",
        rich_help_panel=_SHAPE,
    ),
]
Profiles = Annotated[
    bool | None,
    typer.Option(
        "--profiles",
        help="Write a profile of every customer too: tags with their evidence, and columns for a CRM.",
        rich_help_panel=_SHAPE,
    ),
]
OutputLanguage = Annotated[
    str | None,
    typer.Option(
        metavar="auto|en|zh",
        help="Language the personas are written in. Default: auto, what most people wrote in.",
        rich_help_panel=_SHAPE,
    ),
]
Corrections = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="What was corrected by hand: names, merges, splits, claims rejected, quotes pinned. Default: "
        "corrections.toml in the workspace, where there is one.",
        rich_help_panel=_SHAPE,
    ),
]
MinPeople = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Least number of people behind a claim. Default: as the schema says.", rich_help_panel=_SHAPE
    ),
]
SchemaRef = Annotated[
    str | None,
    typer.Option(
        "--schema",
        metavar="REF",
        help="Attributes to look for: module:Class or a TOML file. Default: the schema that ships.",
        rich_help_panel=_SHAPE,
    ),
]
Narrative = Annotated[
    str | None,
    typer.Option(
        metavar="summary|day-in-the-life",
        help="What a persona's narrative begins with, before goals, frustrations and how to speak to them. Default: "
        "summary.",
        rich_help_panel=_SHAPE,
    ),
]
