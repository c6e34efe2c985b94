"""Contents to show a segment: themes that its people bring up more often than others, and not to complain."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from personas.actions.records import Recommendation
from personas.actions.rules import ALPHA, LEAST_LIFT, LEAST_TOGETHER
from personas.counting import Support, Voiced, count_supports, length_strata
from personas.explaining.intervals import holm
from personas.themes import ThemeModel
from retrieval.corpus import Corpus

COMPLAINT = -0.1
"""Mean feeling of a theme's passages below which it is a complaint: an answer to give, not a content to show."""


def find_contents(
    corpus: Corpus, themes: ThemeModel, segment_of: Mapping[str, str], feelings: NDArray[np.float32]
) -> dict[str, list[Recommendation]]:
    """segment_id -> its contents, the surest first; compared among people who wrote about as much.

    Args:
        corpus: who wrote what.
        themes: what they voice.
        segment_of: customer id -> segment id, of those placed in a segment.
        feelings: ``(passages,)`` how each passage feels, -1..1.
    """
    usable = _without_complaint(themes, feelings)
    names = sorted(set(segment_of.values()))
    if len(names) < 2 or not usable.any():
        return {}
    voiced = _voiced(corpus, themes)
    strata = length_strata(corpus.words_per_customer)
    own = np.array([segment_of.get(customer_id, "") for customer_id in corpus.customer_ids], dtype=object)
    return {name: _raised(themes, usable, count_supports(voiced, own == name, strata), own == name) for name in names}


def _without_complaint(themes: ThemeModel, feelings: NDArray[np.float32]) -> NDArray[np.bool_]:
    """``(themes,)``."""
    placed = themes.passage_theme >= 0
    count = len(themes.themes)
    sums = np.bincount(themes.passage_theme[placed], weights=feelings[placed], minlength=count)
    sizes = np.bincount(themes.passage_theme[placed], minlength=count)
    return (sizes > 0) & (sums >= COMPLAINT * np.maximum(sizes, 1))


def _voiced(corpus: Corpus, themes: ThemeModel) -> Voiced:
    placed = themes.passage_theme >= 0
    width = len(themes.themes)
    pairs = np.unique(corpus.passage_customer[placed] * width + themes.passage_theme[placed])
    return Voiced(pairs // width, pairs % width, width)


def _raised(
    themes: ThemeModel, usable: NDArray[np.bool_], supports: list[Support], inside: NDArray[np.bool_]
) -> list[Recommendation]:
    from scipy.stats import hypergeom

    total, here = len(inside), int(inside.sum())
    both = np.array([support.people for support in supports])
    having = both + np.array([support.people_elsewhere for support in supports])
    p_values = holm(np.asarray(hypergeom.sf(both - 1, total, having, here), dtype=np.float64))
    found = [
        Recommendation(
            kind="content",
            item=themes.themes[at].label,
            item_id=themes.themes[at].theme_id,
            people=support.people,
            known=here,
            share=support.share,
            share_elsewhere=support.share_elsewhere,
            interval=(support.interval.low, support.interval.high),
            lift=support.lift,
            adjusted_lift=support.adjusted_lift,
            p_value=float(p_values[at]),
            reach=here - support.people,
        )
        for at, support in enumerate(supports)
        if usable[at]
        and support.people >= LEAST_TOGETHER
        and p_values[at] < ALPHA
        and (support.adjusted_lift is None or support.adjusted_lift >= LEAST_LIFT)
    ]
    return sorted(found, key=lambda one: (-one.interval[0] + one.share_elsewhere, one.item_id))
