from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personas.reporting.markdown import escape, render_markdown
from tests.personas.reporting_example import Example, chinese_example, english_example

STRUCTURE = "|<>[]()`*_#~!"


@pytest.fixture(scope="module")
def example() -> Example:
    return english_example()


@pytest.mark.parametrize("make", [english_example, chinese_example])
def test_every_table_row_has_as_many_cells_as_its_head(make: Callable[[], Example]) -> None:
    width = 0
    rows = 0
    for line in render_markdown(make().persona_set).splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert cells == 0 or width in {0, cells}, line
        width, rows = cells, rows + bool(cells)
    assert rows > 20


def test_personas_claims_and_quotes_are_there_with_document_ids(example: Example) -> None:
    text = render_markdown(example.persona_set)
    for persona in example.persona_set.personas:
        assert f"## {persona.name}" in text
        for quote in persona.quotes:
            assert f"“{escape(quote.quote)}” ({escape(quote.document_id)})" in text
        for claim in persona.claims:
            assert escape(claim.value) in text
    assert "## How this was made" in text


def test_customer_text_makes_no_structure(example: Example) -> None:
    text = render_markdown(example.persona_set)
    for bad in ("<script", "<img", "](javascript", "http://", "www.evil"):
        assert not re.search(r"(?<!\\)" + re.escape(bad), text), bad
    assert "\u202e" not in text


@given(st.text(alphabet=st.sampled_from(STRUCTURE + "a1. \n\r\t\\&@:-+=\u202e中"), max_size=60))
def test_nothing_escaped_can_be_structure(text: str) -> None:
    safe = escape(text)
    assert "\n" not in safe
    bare = re.sub(r"\\.", "", safe)
    assert not set(bare) & set(STRUCTURE + "\\&@\u202e")
    assert not re.match(r"\s*(\d+[.)]|[-+=])", safe)


@given(st.text(alphabet=st.sampled_from(STRUCTURE + "ab1 \\&@:"), max_size=60))
def test_what_markdown_shows_is_what_was_written(text: str) -> None:
    assert re.sub(r"\\(_|[^\w\s])", r"\1", escape(text)) == " ".join(text.split())


def test_the_whole_is_in_the_language_of_the_set() -> None:
    text = render_markdown(chinese_example().persona_set)
    assert "## 如何得出，以及需要注意什么" in text
    assert "How this" not in text
