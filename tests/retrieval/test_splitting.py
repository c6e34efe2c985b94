from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retrieval.documents import Document, Language
from retrieval.splitting import sentence_spans, split_document


def document(text: str, *, language: Language = "unknown", turns: tuple[tuple[int, int], ...] = ()) -> Document:
    return Document(
        document_id="d1", customer_id="c1", text=text, source="t", language=language, turns=turns, text_sha256="0" * 64
    )


def pieces(text: str, *, max_chars: int = 320, language: Language = "en") -> list[str]:
    return [text[p.start : p.end] for p in split_document(document(text, language=language), max_chars=max_chars)]


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


ALPHABET = st.sampled_from("ab Z9.!?…,;\n\t\"'”)-。！？；，、」”好的国\u0301\u200d👍🏽é  \u3000\u00a0")
TEXTS = st.text(ALPHABET, max_size=300) | st.text(max_size=120)


@given(TEXTS, st.integers(16, 60), st.sampled_from(["en", "zh", "other", "unknown"]))
@example("...", 16, "en")
@example("e" + "\u0301" * 60, 16, "en")
def test_every_character_lies_in_exactly_one_passage(text: str, max_chars: int, language: Language) -> None:
    passages = split_document(document(text, language=language), max_chars=max_chars)
    covered = [at for passage in passages for at in range(passage.start, passage.end)]
    assert len(covered) == len(set(covered))
    assert {at for at, character in enumerate(text) if not character.isspace()} <= set(covered)
    assert covered == sorted(covered)
    for passage in passages:
        assert 0 < passage.end - passage.start <= max_chars
        words = text[passage.start : passage.end]
        assert words == words.strip()


@given(TEXTS, st.lists(st.integers(0, 300), max_size=12), st.integers(16, 60))
def test_only_the_customers_turns_are_covered(text: str, edges: list[int], max_chars: int) -> None:
    marks = sorted(min(edge, len(text)) for edge in edges)
    turns = tuple(zip(marks[::2], marks[1::2], strict=False))
    passages = split_document(document(text, turns=turns), max_chars=max_chars)
    own = {at for start, end in turns for at in range(start, end)} if turns else set(range(len(text)))
    covered = [at for passage in passages for at in range(passage.start, passage.end)]
    assert len(covered) == len(set(covered))
    assert {at for at in own if not text[at].isspace()} <= set(covered)
    assert all(at in own or text[at].isspace() for at in covered)


@given(TEXTS, st.integers(16, 60))
def test_a_sentence_that_fits_is_never_cut(text: str, max_chars: int) -> None:
    passages = split_document(document(text, language="en"), max_chars=max_chars)
    starts = {passage.start for passage in passages}
    for start, end in sentence_spans(text):
        if end - start <= max_chars:
            assert not any(start < cut < end for cut in starts)


@given(TEXTS)
def test_splitting_twice_gives_the_same_ids(text: str) -> None:
    assert split_document(document(text)) == split_document(document(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It works. But slowly.", ["It works.", "But slowly."]),
        ("Dr. Who met Mrs. Smith. They left.", ["Dr. Who met Mrs. Smith.", "They left."]),
        ("It costs 3.50 dollars. Too much!", ["It costs 3.50 dollars.", "Too much!"]),
        ("Use tabs, e.g. for code. Fine.", ["Use tabs, e.g. for code.", "Fine."]),
        ("I said no. It went on.", ["I said no.", "It went on."]),
        ("See no. 5 on the list.", ["See no. 5 on the list."]),
        ("Pens, paper, etc. were gone. Sad.", ["Pens, paper, etc. were gone.", "Sad."]),
        ("Pens, paper, etc. We left.", ["Pens, paper, etc.", "We left."]),
        ('"Never again!" she said.', ['"Never again!"', "she said."]),
        ("Well... it is slow. ok?", ["Well... it is slow.", "ok?"]),
        ("Go to www.example.com now.", ["Go to www.example.com now."]),
        ("1. Faster start\n2. Dark mode", ["1. Faster start", "2. Dark mode"]),
        ("A line that was\nwrapped goes on.", ["A line that was\nwrapped goes on."]),
        ("他说：“很好。”我走了！真的吗？？", ["他说：“很好。”", "我走了！", "真的吗？？"]),
        ("价格是3.5元,太贵了!不来了；再见", ["价格是3.5元,太贵了!", "不来了；", "再见"]),
        ("「好吃！」下次再来。", ["「好吃！」", "下次再来。"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_sentence_ends(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_short_answer_is_one_passage() -> None:
    assert pieces("git") == ["git"]
    assert pieces("  It is slow. I like it anyway.  ") == ["It is slow. I like it anyway."]


def test_chinese_passages_are_shorter() -> None:
    text = "味道很好，环境也不错。" * 40
    assert max(map(len, pieces(text, language="zh"))) <= 120
    assert all(piece.endswith("。") for piece in pieces(text, language="zh"))
    assert max(map(len, pieces(text, language="unknown"))) <= 120, "unknown language is judged by its letters"


def test_the_last_passage_is_not_a_stray() -> None:
    text = " ".join(["The export of large tables takes several minutes every time."] * 5) + " It is a pity. Thanks!"
    assert pieces(text)[-1] != "Thanks!"
    assert len(pieces(text)) == 2
    assert min(map(len, pieces(text))) > 100


def test_a_long_sentence_is_cut_at_a_clause_then_at_a_word() -> None:
    text = "the first part of it is long enough, and the second part goes on without any mark at all"
    assert pieces(text, max_chars=48) == [
        "the first part of it is long enough,",
        "and the second part goes on without any mark at",
        "all",
    ]


def test_unbroken_text_is_cut_hard_but_not_inside_a_character() -> None:
    assert [len(piece) for piece in pieces("x" * 40, max_chars=16)] == [16, 16, 8]
    accented = "e\u0301" * 40
    assert all(not unicodedata.combining(piece[0]) for piece in pieces(accented, max_chars=17))


def test_turns_stay_whole_and_apart_from_the_agent() -> None:
    text = "Agent: hello\nCustomer: my card is lost. help me\nAgent: sure\nCustomer: thanks\nbye"
    own = [text.index("my card"), text.index("thanks"), text.index("bye")]
    turns = ((own[0], own[0] + 24), (own[1], own[1] + 6), (own[2], own[2] + 3))
    passages = split_document(document(text, turns=turns))
    assert [text[p.start : p.end] for p in passages] == ["my card is lost. help me", "thanks\nbye"]


def test_a_turn_that_does_not_fit_beside_another_starts_a_passage() -> None:
    first, second = "It is slow. Really slow.", "I want my money back now."
    text = f"{first}\n{second}"
    turns = ((0, len(first)), (len(first) + 1, len(text)))
    passages = split_document(document(text, turns=turns), max_chars=40)
    assert [text[p.start : p.end] for p in passages] == [first, second]


def test_an_edit_changes_the_passage_id_even_where_the_offsets_stay() -> None:
    assert split_document(document("good"))[0].passage_id != split_document(document("gone"))[0].passage_id


@pytest.mark.parametrize("unit", [".", "a. ", "\n ", "1. ", "!? ", "e\u0301", '…"', "，"])
def test_a_megabyte_of_anything_is_split(unit: str) -> None:
    # Patterns that look ahead from every position would need hours for this; the suite's time limit ends them.
    text = unit * (1_000_000 // len(unit))
    passages = split_document(document(text, language="en"))
    assert sum(p.end - p.start for p in passages) >= sum(not character.isspace() for character in text)


def test_max_chars_has_a_floor() -> None:
    with pytest.raises(ValueError, match="at least 16"):
        split_document(document("x"), max_chars=15)
