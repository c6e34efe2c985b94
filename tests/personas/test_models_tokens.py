"""Counting tokens without the model's tokenizer: the estimate, what it learns, and the bound nothing passes."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path

import pytest
import wordllama
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from persona_kit.response_store import ResponseStore
from personas.authors.answers import ProposedClaims
from personas.models.grammar import answer_schema
from personas.models.tokens import (
    RATIO_BOUNDS,
    USUAL_RATIOS,
    TokenGauge,
    TokenParts,
    TokenRatios,
    estimate_parts,
    estimate_tokens,
    likely_ratios,
    most_prompt_tokens,
    most_tokens,
)
from tests.personas.corpora import chinese_people, english_people

ENGLISH = [text for voice in english_people() for text in voice.texts]
CHINESE = [text for voice in chinese_people() for text in voice.texts]


@cache
def _bpe() -> Tokenizer:
    """Llama 2's vocabulary, which wordllama brings: byte fallback, few Chinese characters."""
    folder = Path(wordllama.__file__).parent / "tokenizers"
    return Tokenizer.from_file(str(folder / "l2_supercat_tokenizer_config.json"))


def _counted(text: str) -> int:
    return len(_bpe().encode(text, add_special_tokens=False).ids)


def test_english_is_estimated_near_a_real_vocabulary() -> None:
    text = "\n".join(ENGLISH)
    # Llama 2's 32,000 tokens cut English finer than the larger vocabularies the estimate is made for.
    assert 0.8 <= estimate_tokens([text]) / _counted(text) <= 1.1


@pytest.mark.parametrize(("name", "texts"), [("a-model", ENGLISH), ("llama2:7b", ENGLISH), ("llama2:7b", CHINESE)])
def test_a_small_vocabulary_is_estimated_near_before_it_has_counted_anything(name: str, texts: list[str]) -> None:
    """English of any engine; Chinese of those whose name tells that their vocabulary is small."""
    measured = sum(_counted(text) + 4 for text in texts)
    gauge = TokenGauge(f"openai:{name} at http://localhost:11434/v1", None)
    assert gauge.estimate(texts, None) == pytest.approx(measured, rel=0.15)


def test_only_the_models_name_tells_of_its_vocabulary() -> None:
    for name, least, most in (
        ("meta-llama/Llama-2-7b-chat-hf", 1.8, 2.0),
        ("codellama:13b", 1.8, 2.0),
        ("phi3:mini", 1.8, 2.0),
        ("mistral", 1.4, 1.6),
        ("mistralai/Mistral-7B-Instruct-v0.3", 1.4, 1.6),
        ("mixtral:8x7b", 1.4, 1.6),
        ("gpt2", 2.5, 2.8),
    ):
        assert least < likely_ratios(f"openai:{name} at http://localhost:8000/v1")[1] < most
    for identity in (
        "openai:llama3.2:3b at http://llama2.example/v1",
        "openai:meta-llama/Llama-3.1-8B at http://localhost/v1",
        "mistralai:mistral-large-latest",
        "openai:mistral-nemo at http://localhost:11434/v1",
        "openai:phi4 at http://localhost:11434/v1",
        "openai:gpt-4o-mini at https://api.openai.com/v1",
        "anthropic:claude",
        "",
    ):
        assert likely_ratios(identity) == USUAL_RATIOS


def test_parts_tell_scripts_apart() -> None:
    assert estimate_parts(["plain words"]).other == 0
    assert estimate_parts(["等位太久"]).latin == 0
    mixed = estimate_parts(["the app 连不上"])
    assert mixed.latin > 0
    assert mixed.other > 0
    assert estimate_parts([""]) == TokenParts(0, 0)


@given(st.text(max_size=300))
@example("ﷺ" * 20)  # one character, eighteen in its compatibility form
@example("\x00\ud800 \u200b")
@example("日本語 한국어 🫠🏳️‍🌈")
def test_no_text_has_more_tokens_than_the_bound(text: str) -> None:
    safe = text.encode("utf-8", "replace").decode("utf-8")
    assert _counted(safe) <= most_tokens([text])


def test_a_request_is_bounded_with_its_schema() -> None:
    schema = answer_schema(ProposedClaims)
    bare, whole = most_prompt_tokens(["hello"], None), most_prompt_tokens(["hello"], schema)
    assert whole > bare + 2 * len(str(schema)) * 0.8
    assert most_prompt_tokens(["hello", "there"], None) > bare
    assert TokenGauge("x", None).estimate(["hello"], schema) < whole


def test_the_bound_covers_the_estimate_even_of_a_wasteful_tokenizer() -> None:
    gauge = TokenGauge("wasteful", None)
    for _ in range(50):
        gauge.learn(CHINESE, None, most_tokens(CHINESE))
    assert gauge.estimate(CHINESE, None) <= most_prompt_tokens(CHINESE, None)


def test_it_learns_each_script_from_what_an_engine_counts() -> None:
    gauge = TokenGauge("engine", None)
    known_before = gauge.calibrated
    for _ in range(5):
        for texts in (ENGLISH[::2], CHINESE[::2]):
            gauge.learn(texts, None, sum(_counted(text) for text in texts) + 4 * len(texts))
    assert (known_before, gauge.calibrated) == (False, True)
    for texts in (ENGLISH[1::2], CHINESE[1::2], ENGLISH[1:20:2] + CHINESE[1::2]):
        measured = sum(_counted(text) for text in texts) + 4 * len(texts)
        assert gauge.estimate(texts, None) == pytest.approx(measured, rel=0.1)


def test_english_alone_says_nothing_of_chinese() -> None:
    gauge = TokenGauge("engine", None)
    before = gauge.estimate(CHINESE, None)
    gauge.learn(ENGLISH, None, 2 * estimate_tokens(ENGLISH))
    assert gauge.estimate(ENGLISH, None) > 1.7 * estimate_tokens(ENGLISH)
    # Only its Latin punctuation and message marks moved.
    assert gauge.estimate(CHINESE, None) < 1.4 * before


def test_what_was_learned_outlives_the_process_and_stays_with_its_engine(tmp_path: Path) -> None:
    path = tmp_path / "responses.sqlite3"
    with ResponseStore(path) as store:
        for _ in range(3):
            TokenGauge("one", store).learn(ENGLISH, None, 2 * estimate_tokens(ENGLISH))
        assert store.count(kind="fact") == 1
    with ResponseStore(path) as store:
        again, other = TokenGauge("one", store), TokenGauge("other", store)
        assert again.calibrated
        assert again.estimate(ENGLISH, None) > 1.5 * other.estimate(ENGLISH, None)
        assert not other.calibrated


@pytest.mark.parametrize("measured", [0, -3])
def test_a_server_that_does_not_count_teaches_nothing(measured: int) -> None:
    gauge = TokenGauge("engine", None)
    gauge.learn(ENGLISH, None, measured)
    assert not gauge.calibrated
    assert gauge.estimate(ENGLISH, None) == TokenGauge("fresh", None).estimate(ENGLISH, None)


@given(st.lists(st.tuples(st.floats(0, 5000), st.floats(0, 5000), st.integers(1, 100_000)), max_size=30))
def test_ratios_stay_within_bounds_whatever_a_server_claims(counts: list[tuple[float, float, int]]) -> None:
    known = TokenRatios()
    for latin, other, measured in counts:
        known = known.with_count(TokenParts(latin, other), measured)
    low, high = RATIO_BOUNDS
    assert all(low <= ratio <= high for ratio in known.ratios())


def test_old_counts_fade() -> None:
    known = TokenRatios()
    for _ in range(400):
        known = known.with_count(TokenParts(1000.0, 0.0), 1000)
    for _ in range(400):
        known = known.with_count(TokenParts(1000.0, 0.0), 2000)
    assert known.ratios()[0] > 1.7


def test_several_threads_may_learn_at_once(tmp_path: Path) -> None:
    with ResponseStore(tmp_path / "responses.sqlite3") as store:
        gauge = TokenGauge("engine", store)

        def learn() -> None:
            for _ in range(20):
                gauge.learn(ENGLISH, None, 3000)

        threads = [threading.Thread(target=learn) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert TokenGauge("engine", store).calibrated
