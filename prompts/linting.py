"""The rules every template is held to before it ships."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from persona_kit.records import Record
from prompts.fencing import unfenced
from prompts.loader import Prompt
from prompts.versions import Versions, version_fault

NO_SCHEMA = "text"
"""The `output` of a prompt whose answer is free text."""


class Finding(Record):
    """A rule that a template breaks."""

    prompt: str
    """Id and variant."""
    rule: str
    message: str


def lint(
    prompts: Sequence[Prompt], *, versions: Versions, schemas: Collection[str], shipped: Collection[tuple[str, str]]
) -> list[Finding]:
    """What is wrong with the prompts, in their order.

    Args:
        prompts: to be looked at.
        versions: the record of texts by version.
        schemas: names of the answers' schemas.
        shipped: id and variant of every template there is.
    """
    return [
        Finding(prompt=prompt.name, rule=rule, message=message)
        for prompt in prompts
        for rule, message in _findings(prompt, versions, schemas, shipped)
    ]


def _findings(
    prompt: Prompt, versions: Versions, schemas: Collection[str], shipped: Collection[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    front = prompt.front
    if fault := version_fault(prompt, versions):
        yield "version", fault
    if undeclared := sorted(prompt.used_variables - set(front.inputs)):
        yield "undeclared input", f"used, but not declared: {', '.join(undeclared)}"
    if unused := sorted(set(front.inputs) - prompt.used_variables):
        yield "unused input", f"declared, but not used: {', '.join(unused)}"
    if front.output != NO_SCHEMA and front.output not in schemas:
        yield "output", f"there is no schema {front.output!r}; choose one of: {', '.join(sorted(schemas))}"
    there = {variant for name, variant in shipped if name == front.id}
    if there and there != set(front.variants):
        yield "variants", f"lists {', '.join(front.variants)}, but the templates are {', '.join(sorted(there))}"
    if strange := sorted({path.split(".")[0] for path in front.trusted} - set(front.inputs)):
        yield "trusted", f"trusts what is no input: {', '.join(strange)}"
    for path in unfenced(prompt):
        yield "fence", f"{path} is written outside of a fence: put it between tags and through the filter fence"
