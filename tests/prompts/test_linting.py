"""The rules of templates: parts, versions, inputs, fences; and earlier texts from git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from persona_kit.errors import EnvironmentProblem, PromptError
from prompts.fencing import unfenced
from prompts.history import revisions_of, template_at
from prompts.including import expand_parts
from prompts.linting import lint
from prompts.loader import Prompt, list_prompts, load_prompt
from prompts.versions import parse_versions, read_versions, record_versions, version_fault

TEMPLATE = """---
id: sum
version: 1.0.0
variant: full
inputs: {title: str, quotes: list, count: int}
trusted: [title, quotes.number]
output: Summary
variants: [full]
changelog: {1.0.0: first}
---
[[system]]
You sum up {{ title }} of {{ count }}.

[[user]]
<quotes>
{% for quote in quotes %}
{{ quote.number }} {{ quote.text | one_line | fence }}
{% endfor %}
</quotes>
"""


def prompt(*pairs: tuple[str, str]) -> Prompt:
    source = TEMPLATE
    for old, new in pairs:
        assert old in source
        source = source.replace(old, new)
    return Prompt(source, file_name="sum.full.j2")


def rules(found: Prompt, versions: dict[str, dict[str, str]] | None = None) -> list[str]:
    known = versions or {"sum.full": {"1.0.0": found.contract_sha256}}
    return [one.rule for one in lint([found], versions=known, schemas=["Summary"], shipped=[("sum", "full")])]


def test_what_ships_keeps_the_rules() -> None:
    from eval.schemas import answer_schemas

    prompts = [load_prompt(name, variant=variant) for name, variant in list_prompts()]
    assert lint(prompts, versions=read_versions(), schemas=answer_schemas(), shipped=list_prompts()) == []


def test_a_template_as_it_should_be_breaks_no_rule() -> None:
    assert rules(prompt()) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("{{ title }}", "reviews", "unused input"),
        ("{{ title }}", "{{ title }} {{ stray }}", "undeclared input"),
        ("output: Summary", "output: Other", "output"),
        ("variants: [full]", "variants: [full, small]", "variants"),
        ("trusted: [title,", "trusted: [title, nothing,", "trusted"),
        (" | one_line | fence", " | one_line", "fence"),
        ("<quotes>\n", "", "fence"),
        ("title, quotes.number", "quotes.number", "fence"),
    ],
)
def test_a_rule_that_is_broken_is_named(old: str, new: str, rule: str) -> None:
    assert rule in rules(prompt((old, new)))


def test_text_after_the_fence_is_not_in_it() -> None:
    late = prompt(("</quotes>\n", "</quotes>\n{{ quotes[0].text | fence }}\n"))
    assert unfenced(late) == ["quotes.text"]


def test_the_text_may_not_change_under_its_version() -> None:
    before, after = prompt(), prompt(("sum up", "retell"))
    versions = {"sum.full": {"1.0.0": before.contract_sha256}}
    assert version_fault(before, versions) == ""
    assert "changed under version 1.0.0" in version_fault(after, versions)
    raised = prompt(("sum up", "retell"), ("version: 1.0.0", "version: 1.1.0"), ("first}", "first, 1.1.0: retold}"))
    assert "not in the record" in version_fault(raised, versions)
    assert version_fault(prompt(("first}", "the first one}")), versions) == ""


def test_the_record_grows_and_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "versions.json"
    assert record_versions((prompt(),), path) == ["sum.full 1.0.0"]
    assert record_versions((prompt(("sum up", "retell")),), path) == []
    assert parse_versions(path.read_text())["sum.full"]["1.0.0"] == prompt().contract_sha256
    with pytest.raises(PromptError, match="cannot be read"):
        parse_versions("[]")


def test_a_part_stands_in_its_place_and_counts_in_the_hash() -> None:
    source = TEMPLATE.replace("You sum up", '{% include "head.j2" %}\nYou sum up')
    one = Prompt(source, file_name="a", parts={"head.j2": "Be brief on {{ title }}.\n"})
    other = Prompt(source, file_name="a", parts={"head.j2": "Be long on {{ title }}.\n"})
    variables = {"title": "reviews", "quotes": [], "count": 3}
    assert one.render(variables).messages[0].text == "Be brief on reviews.\nYou sum up reviews of 3."
    assert one.contract_sha256 != other.contract_sha256
    assert one.template_sha256 != other.template_sha256


@pytest.mark.parametrize(
    ("body", "parts", "message"),
    [
        ('{% include "no.j2" %}', {}, "no part"),
        (
            '{% include "a.j2" %}',
            {"a.j2": '{% include "b.j2" %}', "b.j2": '{% include "a.j2" %}'},
            "include each other",
        ),
        ('x {% include "a.j2" %}', {"a.j2": "y"}, "as a whole"),
        ("{% include name %}", {}, "as a whole"),
    ],
)
def test_a_part_that_cannot_be_put_in_is_refused(body: str, parts: dict[str, str], message: str) -> None:
    with pytest.raises(PromptError, match=message):
        expand_parts(body, parts, where="sum.full.j2")


def test_earlier_texts_come_from_git(tmp_path: Path) -> None:
    path = tmp_path / "sum.full.j2"

    def commit(text: str, subject: str) -> None:
        path.write_text(text, encoding="utf-8")
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        for command in (["add", "."], [*identity, "commit", "-qm", subject]):
            subprocess.run(["git", *command], cwd=tmp_path, check=True)

    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, check=True)
    commit(TEMPLATE, "First")
    commit(TEMPLATE.replace("sum up", "retell"), "Second")
    commit(TEMPLATE.replace("sum up", "tell"), "Third")
    assert "You retell" in template_at(path, "HEAD~1").body
    assert [one.subject for one in revisions_of(path, good="HEAD~2", bad="HEAD")] == ["Second", "Third"]
    with pytest.raises(EnvironmentProblem, match="no such version"):
        template_at(path, "v9")
