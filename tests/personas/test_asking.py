"""Questions to a persona: answered from what its people wrote, or told that nobody spoke of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from persona_kit.errors import InputError, ModelError, PrivacyError, UsageError
from persona_kit.workspace import Workspace
from personas import generate
from personas.asking import PersonaAnswer, ask, tell_answer
from personas.models.lying import lie
from personas.models.scripted import ScriptedChatModel
from personas.options import GenerateOptions
from personas.showing import load_persona_set
from personas.verifying import load_assignments
from tests.personas.corpora import chinese_people, documents_of, english_people, run_options, write_table

Script = Callable[[Sequence[Any], Mapping[str, Any]], str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `reviews.csv`, the run over it in `out` and its workspace in `workspace`."""
    folder = tmp_path_factory.mktemp("asked")
    generate([str(write_table(folder / "reviews.csv", english_people()))], run_options(folder, embedder="hash"))
    return folder


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked-zh")
    generate([str(write_table(folder / "reviews.csv", chinese_people()))], run_options(folder, embedder="hash"))
    return folder


def persona_of(folder: Path, kind: str) -> str:
    """The persona in whose segment most people of the kind are."""
    segment_of = load_assignments(folder / "out")
    found = [segment for customer, segment in segment_of.items() if customer.startswith(kind)]
    most = max(set(found), key=found.count)
    return next(p.persona_id for p in load_persona_set(folder / "out").personas if p.segment_id == most)


def put(folder: Path, kind: str, question: str, **options: Any) -> PersonaAnswer:
    return ask(folder / "out", persona_of(folder, kind), question, **options)


def test_an_answer_quotes_people_of_the_segment_to_the_letter(made: Path) -> None:
    answer = put(made, "connecting", "What do they say about Bluetooth pairing?")
    texts = {d.customer_id: [] for d in documents_of(english_people())}  # type: dict[str, list[str]]
    for document in documents_of(english_people()):
        texts[document.customer_id].append(document.text)
    segment_of = load_assignments(made / "out")

    assert answer.answered
    assert 1 < len(answer.citations) <= 9  # five quotes, and two of each of two claims
    assert all(any(citation.quote in text for text in texts[citation.customer_id]) for citation in answer.citations)
    assert all(segment_of[citation.customer_id] == answer.segment_id for citation in answer.citations)
    assert all(
        "luetooth" in citation.quote or "airing" in citation.quote
        for sentence in answer.sentences
        if not sentence.claim_ids
        for citation in [answer.citations[place - 1] for place in sentence.citations]
    )
    speaking = {c for c, some in texts.items() if segment_of[c] == answer.segment_id for t in some if "luetooth" in t}
    assert answer.people >= len(speaking) > 0
    assert answer.members == sum(segment == answer.segment_id for segment in segment_of.values())


@pytest.mark.parametrize(
    "question",
    [
        "Do they own dogs?",
        "What do they think of the swimming pool?",
        "他们养猫吗？",
        "How do they like the hotel breakfast?",
    ],
)
def test_what_nobody_spoke_of_is_told_so(made: Path, question: str) -> None:
    answer = put(made, "crafting", question)
    assert not answer.answered
    assert answer.citations == ()
    assert answer.people == 0
    told = answer.sentences[0].text
    assert told == ("这个分群里没有人谈到这一点。" if "猫" in question else "Nobody in this segment spoke about that.")
    assert answer.people_elsewhere == 0


def test_what_others_spoke_of_is_told_with_how_many(made: Path) -> None:
    answer = put(made, "crafting", "What do they say about cancelling the subscription?")
    assert not answer.answered
    assert answer.people_elsewhere is not None
    assert answer.people_elsewhere > 3
    assert answer.sentences[1].text == f"Outside of this segment, {answer.people_elsewhere} people did."


def test_other_words_for_the_same_are_found(made: Path) -> None:
    answer = put(made, "saving", "Do they find the plan costly?")
    assert answer.answered
    assert any(word in c.quote.lower() for c in answer.citations for word in ("expensive", "cost", "price"))


def test_an_attribute_is_answered_by_the_personas_claims(made: Path) -> None:
    answer = put(made, "connecting", "What frustrates them?")
    persona = next(p for p in load_persona_set(made / "out").personas if p.persona_id == answer.persona_id)
    named = {claim_id for sentence in answer.sentences for claim_id in sentence.claim_ids}
    assert answer.answered
    assert named <= {claim.claim_id for claim in persona.claims if claim.attribute == "pain_points"}
    assert all(sentence.citations for sentence in answer.sentences)


def test_who_they_are_is_never_guessed(made: Path) -> None:
    for question in (
        "How old are they?",
        "Are they men or women?",
        "What do they earn?",
        "Which religion do they have?",
    ):
        answer = put(made, "saving", question)
        assert not answer.answered, question
        assert "states that" in answer.sentences[0].text


def test_a_persona_speaks_for_itself_where_asked(made: Path) -> None:
    plain = put(made, "saving", "What do they say about discounts?")
    spoken = put(made, "saving", "What do they say about discounts?", voice="in-voice")
    assert plain.citations == spoken.citations
    assert spoken.sentences[0].text.startswith(f"{spoken.people} of the {spoken.members} of us")
    assert (
        put(made, "crafting", "Do they own dogs?", voice="in-voice").sentences[0].text
        == "None of us has spoken about that."
    )


def test_chinese_questions_are_answered_in_chinese(chinese: Path) -> None:
    answer = put(chinese, "queueing", "排队时间长不长？")
    assert answer.answered
    assert answer.language == "zh"
    assert answer.sentences[0].text == f"这个分群的 {answer.members} 人中有 {answer.people} 人谈到这一点。"
    assert not put(chinese, "queueing", "停车方便吗？").answered
    across = put(chinese, "tasting", "What do they say about cryptocurrency?")
    assert any("another language" in note for note in across.notes)


def test_the_sources_stand_in_for_a_workspace_that_is_gone_or_in_use(made: Path, tmp_path: Path) -> None:
    kept = put(made, "saving", "What about discounts?")
    assert put(made, "saving", "What about discounts?", workspace=tmp_path / "gone") == kept
    with Workspace.open(made / "workspace"):
        assert put(made, "saving", "What about discounts?") == kept
    moved = tmp_path / "moved.csv"
    shutil.copy(made / "reviews.csv", moved)
    with pytest.raises(InputError, match="not what this run read"):
        put(made, "saving", "What about discounts?", sources=[str(write_table(moved, english_people(per_kind=3)))])


def test_mistakes_are_told(made: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such persona"):
        ask(made / "out", "nobody", "What about discounts?")
    with pytest.raises(UsageError, match="no question"):
        put(made, "saving", "  ")
    with pytest.raises(UsageError, match="is a text"):
        put(made, "saving", "why " * 1_000)
    with pytest.raises(InputError):
        ask(tmp_path, "p-1", "What about discounts?")


def test_the_terminal_shows_no_control_characters(made: Path) -> None:
    answer = put(made, "saving", "What about discounts?")
    hostile = answer.model_copy(
        update={"citations": tuple(c.model_copy(update={"quote": "\x1b[2Jgone\u202e"}) for c in answer.citations)}
    )
    assert "\x1b" not in "".join(tell_answer(hostile))
    assert "\u202e" not in "".join(tell_answer(hostile))


BY_MODEL = GenerateOptions(llm="scripted")


def evidence_of(messages: Sequence[Any]) -> list[str]:
    parts = str(messages[-1].text).split('<evidence n="')[1:]
    return [part.partition('">')[2].partition("</evidence>")[0] for part in parts]


def test_a_models_sentences_are_kept_as_far_as_they_stand(
    made: Path, scripted_engine: Callable[..., ScriptedChatModel]
) -> None:
    def script(messages: Sequence[Any], _schema: Mapping[str, Any]) -> str:
        real = evidence_of(messages)[0]
        quotes = [{"n": 1, "quote": real}]
        return json.dumps({
            "answerable": True,
            "sentences": [
                {"quotes": quotes, "text": f"They say: {real}"},
                {"quotes": quotes, "text": f"They say 87 % of the time: {real}"},
                {"quotes": quotes, "text": f"Most of them, like Sarah, say: {real}"},
                {"quotes": [{"n": 1, "quote": "I bought nine of these for my aunt"}], "text": "They bought nine."},
                {"quotes": quotes, "text": "Parking near the stadium is scarce on match days."},
            ],
        })

    chat = scripted_engine(script)
    answer = put(made, "saving", "What do they say about the discount?", options=BY_MODEL)
    assert len(chat.asked) == 1
    assert answer.author == "llm"
    assert len(answer.sentences) == 1
    assert answer.sentences[0].citations == (1,)
    reasons = " | ".join(answer.notes)
    assert all(part in reasons for part in ("a figure", "none of its quotes", "something else"))
    assert list(answer.prompts) == ["answer.full@1.0.0"]


def test_a_model_may_say_that_there_is_no_answer(made: Path, scripted_engine: Callable[..., ScriptedChatModel]) -> None:
    scripted_engine(lambda *_: json.dumps({"answerable": False, "sentences": []}))
    answer = put(made, "saving", "What do they say about the discount?", options=BY_MODEL)
    assert (answer.answered, answer.citations, answer.author) == (False, (), "llm")


def test_without_anything_near_no_model_is_asked(made: Path, scripted_engine: Callable[..., ScriptedChatModel]) -> None:
    chat = scripted_engine(lambda *_: "")
    answer = put(made, "saving", "Do they own submarines?", options=BY_MODEL)
    assert chat.asked == []
    assert not answer.answered
    assert any("no model was asked" in note for note in answer.notes)


@pytest.mark.parametrize(
    "question", ["What do they say about the discount?", "Why did they cancel?", "Is the price fair?"]
)
def test_a_lying_model_ends_with_verified_quotes_only(
    made: Path, scripted_engine: Callable[..., ScriptedChatModel], question: str
) -> None:
    chat = scripted_engine(lie)
    answer = put(made, "saving", question, options=BY_MODEL)
    texts = [document.text for document in documents_of(english_people())]
    assert chat.asked
    assert answer.citations
    assert all(any(citation.quote in text for text in texts) for citation in answer.citations)
    told = " ".join(sentence.text for sentence in answer.sentences)
    assert not any(
        lied in told for lied in ("Sarah", "87 %", "4,200", "Nine out of ten", "三分之二", "every single person")
    )


def test_a_model_that_fails_or_is_too_small_leaves_the_answer_to_the_floor(
    made: Path, scripted_engine: Callable[..., ScriptedChatModel]
) -> None:
    def fail(*_: Any) -> str:
        raise ModelError("the server is down")

    floor = put(made, "saving", "What do they say about the discount?")
    scripted_engine(fail)
    failed = put(made, "saving", "What do they say about the discount?", options=BY_MODEL)
    assert (failed.sentences, failed.author) == (floor.sentences, "extractive")
    assert failed.notes == ("the model failed: the server is down",)
    chat = scripted_engine(lambda *_: "", "small")
    small = put(made, "saving", "What do they say about the discount?", options=BY_MODEL)
    assert (small.sentences, chat.asked) == (floor.sentences, [])


def test_text_that_was_not_redacted_stays_on_this_machine(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "out", tmp_path / "out")
    path = tmp_path / "out" / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["options"]["redact"] = "off"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    persona, hosted = persona_of(made, "saving"), GenerateOptions(llm="openai:some-model")
    with pytest.raises(PrivacyError):
        ask(tmp_path / "out", persona, "What about discounts?", options=hosted, workspace=made / "workspace")
