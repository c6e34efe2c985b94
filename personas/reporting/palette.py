"""The colours of segments and of the heat table, as a stylesheet: no element carries a style of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Colour:
    """A segment's colour on a light and on a dark page, and what is written on it."""

    light: str
    dark: str
    on_light: str = "#ffffff"
    on_dark: str = "#15171a"


# The first six are those of Okabe and Ito, "Color Universal Design" (2008); the rest follow Tol, "Colour schemes"
# (2021), muted. On a dark page the dark ones are lightened so that they stay apart from the ground.
SEGMENT_COLOURS: tuple[Colour, ...] = (
    Colour("#0072b2", "#4aa8e0"),
    Colour("#d55e00", "#f0803c"),
    Colour("#009e73", "#2fc49a"),
    Colour("#cc79a7", "#dd94bc", on_light="#1f2328"),
    Colour("#e69f00", "#f0b429", on_light="#1f2328"),
    Colour("#56b4e9", "#8fd0f7", on_light="#1f2328"),
    Colour("#882255", "#c46a98"),
    Colour("#332288", "#8f84e0"),
    Colour("#8a8a1f", "#c5c560"),
    Colour("#117733", "#58b678"),
    Colour("#8c510a", "#c99256"),
    Colour("#aa4499", "#d783ca"),
)
UNPLACED = Colour("#a3a09a", "#6d7178", on_light="#1f2328")
"""People in no segment."""

_UP_LIGHT = (("#e3eff6", "#1f2328"), ("#bfdcec", "#1f2328"), ("#8fc3df", "#1f2328"), ("#0072b2", "#ffffff"))
_UP_DARK = (("#1d2c37", "#e9e7e2"), ("#1f4560", "#ffffff"), ("#1d5f8a", "#ffffff"), ("#4aa8e0", "#0d1115"))
_DOWN_LIGHT = (("#fbeee3", "#1f2328"), ("#f6d8bf", "#1f2328"), ("#efb98e", "#1f2328"), ("#e08a45", "#1f2328"))
_DOWN_DARK = (("#33271e", "#e9e7e2"), ("#543520", "#ffffff"), ("#7c4a22", "#ffffff"), ("#e08a45", "#0d1115"))
UP_STEPS = (1.15, 1.5, 2.0, 3.0)
"""Ratios from which a cell is one step bluer."""
DOWN_STEPS = (0.87, 0.67, 0.5, 0.33)
"""Ratios up to which a cell is one step more orange."""


def heat_class(ratio: float | None, *, alone: bool) -> str:
    """The class of a cell; `alone` says that nobody elsewhere voices it."""
    if ratio is None:
        return f"u{len(UP_STEPS)}" if alone else "h0"
    if ratio == 0:
        # Most themes are voiced by a segment or two: that nobody here does is no news, and must not outshine what is.
        return "d1"
    up = sum(ratio >= step for step in UP_STEPS)
    down = sum(ratio <= step for step in DOWN_STEPS)
    return f"u{up}" if up else f"d{down}" if down else "h0"


def palette_css(segments: int) -> str:
    """The rules for `segments` segment classes `s0`, `s1`, ..., for `sx` (nobody's) and for the heat table."""
    names = [f"s{index}" for index in range(segments)]
    colours = [colour_of(index) for index in range(segments)]
    pairs = [*zip(names, colours, strict=True), ("sx", UNPLACED)]
    light = "".join(f".{name}{{--c:{colour.light};--on:{colour.on_light}}}" for name, colour in pairs)
    dark = "".join(f".{name}{{--c:{colour.dark};--on:{colour.on_dark}}}" for name, colour in pairs)
    light += _heat_css(_UP_LIGHT, "u") + _heat_css(_DOWN_LIGHT, "d")
    dark += _heat_css(_UP_DARK, "u") + _heat_css(_DOWN_DARK, "d")
    # Paper is light whatever the screen is, so the dark rules hold for screens only.
    return f"{light}@media screen and (prefers-color-scheme:dark){{{dark}}}"


def colour_of(index: int) -> Colour:
    """The colour of the segment at that place; they repeat after the twelfth."""
    return SEGMENT_COLOURS[index % len(SEGMENT_COLOURS)]


def _heat_css(steps: tuple[tuple[str, str], ...], prefix: str) -> str:
    return "".join(
        f".{prefix}{at}{{background:{ground};color:{ink}}}" for at, (ground, ink) in enumerate(steps, start=1)
    )
