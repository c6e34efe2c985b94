"""Who stands behind a claim: which passages say it, which turn it round, and which take no side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from personas.evidence import EvidenceBase
from personas.support.clauses import clause_spans, short_clauses
from personas.support.contrary import MOST_CONTRARY, find_contrary
from personas.support.disowned import is_disowned
from personas.support.narrowing import narrow_group
from personas.support.reading import read_value
from personas.support.saying import SayingFinder, find_said
from tests.personas.corpora import corpus_of, evidence_of, make_document

SAID = [
    # The claim, what it is filed under, a sentence that says it, one that does not.
    ("slow delivery", "pain_points", "The delivery was slow again this month", "The waiter was slow again this month"),
    ("slow delivery", "pain_points", "The delivery was slow again this month", "The delivery was fast this month"),
    ("friendly waiters", "satisfaction", "I met such friendly waiters there", "I met my friendly neighbours there"),
    ("friendly waiters", "satisfaction", "I met such friendly waiters there", "Awful waiters in that place"),
    ("no dark theme", "needs", "Please give us a dark theme at last", "Please give us a larger font at last"),
    ("battery dies", "pain_points", "After two hours the battery dies", "After two hours the battery never dies"),
    ("two bucks", "price_sensitivity", "They ask for two bucks a piece", "Best twenty bucks of my whole year"),
    ("服务态度差", "pain_points", "前台的服务态度特别差", "前台的服务态度特别好"),
    ("服务态度差", "pain_points", "前台的服务态度特别差", "楼下的停车场特别小"),
    ("环境安静", "satisfaction", "店里的环境很安静", "店里的环境很吵闹"),
    # What a single character names.
    ("鱼的味道不错", "satisfaction", "今天鱼的味道真不错", "今天面条的味道真不错"),
    ("排队太久", "pain_points", "中午来排队实在太久了", "中午来吃饭的人真多"),
]
OTHERS = [
    "The colour of the box is a nice dark green",
    "My sister gave me this for my birthday",
    "We walk along the river every evening",
    "I drink green tea with a slice of lemon",
    "Our office is on the fourth floor",
    "They sing in a choir on Thursdays",
    "晚上我们常去河边散步",
    "姐姐送我一本书当生日礼物",
    "办公室在四楼靠窗的位置",
    "周末喜欢在家看电影",
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvidenceBase]:
    texts = sorted({text for _, _, says, other in SAID for text in (says, other)} | set(OTHERS))
    # Words tell something where few passages hold them.
    texts += [f"{where} number {n} was closed" for where in ("Bridge", "Gate", "Road") for n in range(10)]
    documents = [
        make_document(f"d{n}", text, customer=f"p{n}", language="en" if text.isascii() else "zh")
        for n, text in enumerate(texts)
    ]
    with corpus_of(documents, tmp_path_factory.mktemp("said")) as corpus:
        yield evidence_of(corpus)


def found(value: str, attribute: str, base: EvidenceBase) -> tuple[set[str], set[str]]:
    """The passages that say it, and those that turn it round."""
    said, contrary = set(), set()
    for at, space in enumerate(base.corpus.spaces):
        one = SayingFinder(value, attribute, space, base).find(np.flatnonzero(base.corpus.space_of_passage == at))
        said |= {base.corpus.passage_texts[clause.row] for clause in one.clauses}
        contrary |= {base.corpus.passage_texts[clause.row] for clause in one.contrary}
    return said, contrary


@pytest.mark.parametrize(("value", "attribute", "says", "other"), SAID)
def test_a_claim_is_said_in_other_words_and_not_by_what_is_like_it(
    value: str, attribute: str, says: str, other: str, base: EvidenceBase
) -> None:
    said, contrary = found(value, attribute, base)
    assert says in said
    assert other not in said
    assert not (said | contrary) & set(OTHERS)


def test_what_turns_a_claim_round_is_told_from_what_is_of_something_else(base: EvidenceBase) -> None:
    assert "The delivery was fast this month" in found("slow delivery", "pain_points", base)[1]
    assert "The waiter was slow again this month" not in found("slow delivery", "pain_points", base)[1]
    assert "前台的服务态度特别好" in found("服务态度差", "pain_points", base)[1]


def test_nothing_turns_a_wish_round(base: EvidenceBase) -> None:
    assert found("slow delivery", "needs", base)[1] == set()


def test_a_claim_is_looked_for_once(base: EvidenceBase) -> None:
    space = base.corpus.spaces[0]
    assert find_said("slow delivery", "pain_points", space, base) is find_said(
        "slow delivery", "pain_points", space, base
    )
    assert find_said("slow delivery", "pain_points", space, base).rows.tolist() == sorted({
        clause.row for clause in find_said("slow delivery", "pain_points", space, base).clauses
    })


def test_only_sentences_that_say_it_are_left_to_quote(base: EvidenceBase) -> None:
    inside = np.ones(len(base.corpus.customer_ids), dtype=bool)
    rows = base.rows_tagged("pain_points", base.corpus.spaces[0])
    group = base.make_group("pain_points", (), rows, base.count(rows, inside), inside)
    narrow = narrow_group("slow delivery", group, base)
    assert [item.quote for item in narrow.items] == ["The delivery was slow again this month"]
    assert narrow_group("the moon is made of cheese", group, base).items == ()


CONTRARY = (
    *(f"The wifi setup is easy, day {n}" for n in range(4)),
    *(f"The wifi setup is a terrible pain, day {n}" for n in range(5)),
    "I wish the wifi setup were less terrible",
    "My neighbour says the wifi setup is a terrible pain, I can't relate",
    *OTHERS[:6],
)


def test_members_speak_against_a_claim_and_others_do_not(tmp_path: Path) -> None:
    documents = [make_document(f"d{n}", text, customer=f"p{n:02d}") for n, text in enumerate(CONTRARY)]
    # One who says both does not speak against it.
    documents.append(make_document("both", "By now the wifi setup is easy for me", customer="p04"))
    with corpus_of(documents, tmp_path) as corpus:
        base = evidence_of(corpus)
        everybody = np.ones(len(corpus.customer_ids), dtype=bool)
        contrary = find_contrary("wifi setup is easy", "satisfaction", corpus.spaces[0], base, everybody)
        assert contrary.people == 4
        assert len(contrary.citations) == MOST_CONTRARY
        assert all("terrible pain, day" in citation.quote for citation in contrary.citations)
        assert {citation.customer_id for citation in contrary.citations} < {"p05", "p06", "p07", "p08"}
        nobody = np.array([customer_id not in {"p05", "p06", "p07", "p08"} for customer_id in corpus.customer_ids])
        assert find_contrary("wifi setup is easy", "satisfaction", corpus.spaces[0], base, nobody).people == 0
        assert find_contrary("wifi setup is easy", "goals", corpus.spaces[0], base, everybody).people == 0
        # A single noun says nothing that could be turned round.
        assert find_contrary("setup", "interests", corpus.spaces[0], base, everybody).people == 0


@pytest.mark.parametrize(
    "sentence",
    [
        "My neighbour keeps complaining about the noise, I can't relate.",
        "No comment on the app.",
        "邻居老说声音大，我倒没感觉。",
    ],
)
def test_who_takes_no_side_says_nothing(sentence: str) -> None:
    assert is_disowned(sentence)


@pytest.mark.parametrize(
    "sentence", ["Never had trouble with it.", "The noise is awful.", "Not my favourite colour.", "从来没出过问题。"]
)
def test_what_is_merely_negated_is_meant(sentence: str) -> None:
    assert not is_disowned(sentence)


def test_clauses_stand_in_their_text_and_hold_their_letters() -> None:
    text = "Food was great, but the wait (two hours) - awful. 3.5 stars，环境不错 但是太吵"
    clauses = [text[start:end] for start, end in clause_spans(text)]
    assert clauses == ["Food was great", "the wait", "two hours", "awful", "3.5 stars", "环境不错", "太吵"]
    assert clause_spans("?! … ,") == ()


def test_a_value_is_a_short_clause_without_what_ties_it_to_another() -> None:
    assert short_clauses("The lid broke, and also the handle came off, yes.") == [
        "The lid broke",
        "the handle came off",
    ]
    assert short_clauses(" ".join(["word"] * 30)) == []


def test_a_value_is_read_for_what_it_is_about_and_how_it_feels() -> None:
    slow = read_value("lack of fast delivery", "needs")
    assert slow.about == {"deliv"} or slow.about == {"delivery"}
    assert read_value("terrible battery", "pain_points").judges == -1
    assert read_value("battery", "pain_points").judges == 0
    assert read_value("battery", "pain_points").feeling == -1
    assert read_value("服务态度", "satisfaction").about == {"服务", "态度"}
    # What only judges is about its own words.
    assert read_value("great", "satisfaction").about == read_value("great", "satisfaction").words
