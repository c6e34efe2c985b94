"""Feelings as their clause means them."""

from __future__ import annotations

import numpy as np
import pytest

from personas.sentiment import score_sentiment


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Never been so angry.", -1),
        ("It never fails.", 1),
        ("No problems so far.", 1),
        ("It won't connect.", -1),
        ("Thanks for nothing.", -1),
        ("I can't live without it.", 1),
        ("Better search", 0),
        ("The search is better", 1),
        ("I wish it were fast.", -1),
        ("I would recommend it.", 1),
        ("It would be great", 0),
        ("It is nice but the app crashes all the time.", -1),
        ("Not gonna lie, it is great.", 1),
        ("Good luck to you", 0),
        ("非常失望，不会再来了。", -1),
        ("不错，下次还来。", 1),
        ("不得不说很好吃", 1),
        ("没想到这么好吃", 1),
        ("希望能更好吃", -1),
        ("好像是周日", 0),
        ("并不难吃", 1),
    ],
)
def test_signs(text: str, sign: int) -> None:
    assert np.sign(score_sentiment(text)) == sign


def test_stronger_words_score_higher_and_a_question_lower() -> None:
    assert score_sentiment("It is fantastic.") > score_sentiment("It is nice.") > 0
    assert score_sentiment("It is very nice.") > score_sentiment("It is nice.")
    assert abs(score_sentiment("Is it terrible?")) < abs(score_sentiment("It is terrible."))
    assert -1 <= score_sentiment("terrible awful horrible worst") < -0.9
