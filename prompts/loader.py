"""Versioned prompt templates: read, checked against their declaration, rendered.

A template is the file ``templates/<task>.<variant>.j2``: YAML front matter between ``---`` lines, then sections that
begin with a line ``[[system]]``, ``[[user]]`` or ``[[assistant]]``. The source is split into sections before anything
is rendered and each section is compiled alone, so that customer text can never open a section. What several templates
share stands in ``templates/parts/`` (`prompts.including`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property, partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal, get_args

import yaml
from jinja2 import StrictUndefined, TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import Field, ValidationError

from persona_kit.errors import PromptError
from persona_kit.hashing import sha256_json, sha256_text
from persona_kit.records import Record
from prompts.including import expand_parts

Role = Literal["system", "user", "assistant"]
InputType = Literal["str", "int", "float", "bool", "list", "dict"]

_SECTION = re.compile(r"^\[\[([a-z]+)\]\][ \t]*$", re.MULTILINE)
_FRONT = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)
_CLOSING_TAG = re.compile(r"</([A-Za-z][\w-]*)>")
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "list": (list, tuple),
    "dict": (dict,),
}


class Message(Record):
    """One message of a rendered prompt."""

    role: Role
    text: str


class RenderedPrompt(Record):
    """A prompt ready to be asked, and which template made it."""

    name: str
    version: str
    variant: str
    template_sha256: str
    messages: tuple[Message, ...]


class FrontMatter(Record):
    """What a template declares about itself."""

    id: str
    version: str = Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")
    variant: str
    inputs: dict[str, InputType]
    """Every variable the template uses, with its type."""
    output: str
    """Name of the answer's schema."""
    variants: tuple[str, ...]
    """All variants of the prompt, this one included."""
    trusted: tuple[str, ...] = ()
    """Inputs, or fields of them such as `claims.id`, that hold the program's own words and need no fence."""
    changelog: dict[str, str]
    """Version -> what changed and why."""


class Prompt:
    """A template with its declaration.

    Args:
        source: the whole file.
        file_name: how errors name it.
        parts: file name -> text of what the template may include; see `prompts.including`.

    Raises:
        PromptError: when the front matter, a section or a part is not as it should be.
    """

    def __init__(self, source: str, *, file_name: str, parts: Mapping[str, str] | None = None) -> None:
        self.file_name = file_name
        self.source = source
        self.front, body = _front_matter(source, file_name)
        self.body = expand_parts(body, parts or {}, where=file_name)
        self.template_sha256 = sha256_text(source[: len(source) - len(body)] + self.body)
        self._environment = _environment(fence_tags(self.body))
        self._sections = _sections(self.body, file_name)
        try:
            self._templates = [(role, self._environment.from_string(text)) for role, text in self._sections]
        except TemplateError as error:
            raise PromptError(f"the template does not compile: {error}", where=file_name) from error

    @cached_property
    def name(self) -> str:
        """Id and variant, such as ``claim.small``."""
        return f"{self.front.id}.{self.front.variant}"

    @cached_property
    def contract_sha256(self) -> str:
        """Hash of what shapes a call: the text with its parts, the inputs and the output; not the changelog."""
        return sha256_json({"body": self.body, "inputs": self.front.inputs, "output": self.front.output})

    @property
    def trees(self) -> list[nodes.Template]:
        """The sections as Jinja's syntax trees, in order."""
        return [self._environment.parse(text) for _role, text in self._sections]

    @property
    def used_variables(self) -> frozenset[str]:
        """The variables that the sections use."""
        return frozenset().union(*(meta.find_undeclared_variables(tree) for tree in self.trees))

    def render(self, variables: Mapping[str, object]) -> RenderedPrompt:
        """The prompt's messages.

        Raises:
            PromptError: naming every variable that is missing, undeclared or of another type than declared.
        """
        self._check(variables)
        try:
            messages = tuple(Message(role=role, text=template.render(variables)) for role, template in self._templates)
        except (TemplateError, TypeError, ValueError) as error:
            raise PromptError(f"the template cannot be rendered: {error}", where=self.file_name) from error
        return RenderedPrompt(
            name=self.front.id,
            version=self.front.version,
            variant=self.front.variant,
            template_sha256=self.template_sha256,
            messages=messages,
        )

    def _check(self, variables: Mapping[str, object]) -> None:
        declared = self.front.inputs
        missing = sorted(set(declared) - set(variables))
        undeclared = sorted(set(variables) - set(declared))
        mistyped = sorted(
            f"{name} (declared {declared[name]}, given {type(value).__name__})"
            for name, value in variables.items()
            if name in declared and not _fits(value, declared[name])
        )
        faults = [
            f"{kind}: {', '.join(names)}"
            for kind, names in (("missing", missing), ("not declared", undeclared), ("of another type", mistyped))
            if names
        ]
        if faults:
            raise PromptError(
                f"the template was given the wrong variables; {'; '.join(faults)}",
                where=self.file_name,
                mend="give exactly the inputs that the template's front matter declares",
            )


@cache
def load_prompt(name: str, *, variant: str = "full") -> Prompt:
    """The prompt of this name; the same variant stays loaded.

    Raises:
        PromptError: when there is no such template (the ones there are get named), or it is not as it should be.
    """
    file_name = f"{name}.{variant}.j2"
    known = list_prompts()
    if (name, variant) not in known:
        raise PromptError(
            f"there is no prompt {name!r} in the variant {variant!r}",
            where=file_name,
            mend="choose one of: " + (", ".join(f"{task}.{kind}" for task, kind in known) or "none is installed"),
        )
    prompt = Prompt(folder().joinpath(file_name).read_text(encoding="utf-8"), file_name=file_name, parts=read_parts())
    if (prompt.front.id, prompt.front.variant) != (name, variant):
        raise PromptError(
            f"the front matter says {prompt.front.id}.{prompt.front.variant}",
            where=file_name,
            mend="let id and variant match the file's name",
        )
    return prompt


def read_prompt(path: Path) -> Prompt:
    """A template from a file of the author's own; it may include the parts that ship.

    Raises:
        PromptError: when it cannot be read or is not as it should be.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"the template cannot be read: {error}", where=str(path)) from error
    return Prompt(source, file_name=path.name, parts=read_parts())


@cache
def read_parts() -> Mapping[str, str]:
    """File name -> text of the parts that ship."""
    entries = [entry for entry in folder().joinpath("parts").iterdir() if entry.name.endswith(".j2")]
    return {entry.name: entry.read_text(encoding="utf-8") for entry in entries}


def list_prompts() -> tuple[tuple[str, str], ...]:
    """Name and variant of every template installed, sorted."""
    names = (entry.name.split(".") for entry in folder().iterdir() if entry.name.endswith(".j2"))
    return tuple(sorted((parts[0], parts[1]) for parts in names if len(parts) == 3))


def folder() -> Traversable:
    """Where the templates lie."""
    return files(__package__).joinpath("templates")


def _front_matter(source: str, file_name: str) -> tuple[FrontMatter, str]:
    found = _FRONT.match(source)
    if found is None:
        raise PromptError("the template does not begin with front matter between --- lines", where=file_name)
    try:
        front = FrontMatter.model_validate(yaml.safe_load(found[1]))
    except (yaml.YAMLError, ValidationError) as error:
        raise PromptError(f"the front matter is not as it should be: {error}", where=file_name) from error
    if front.variant not in front.variants or front.version not in front.changelog:
        raise PromptError(
            "the front matter contradicts itself",
            where=file_name,
            mend="list the variant among `variants`, and the version in the `changelog`",
        )
    return front, source[found.end() :]


def _sections(body: str, file_name: str) -> list[tuple[Role, str]]:
    """Role and source of each section, outer blank lines left out."""
    head, *parts = _SECTION.split(body)
    pairs = list(zip(parts[::2], parts[1::2], strict=True))
    strange = sorted({role for role, _text in pairs} - set(get_args(Role)))
    if head.strip() or not pairs or strange:
        raise PromptError(
            f"unknown sections: {', '.join(strange)}" if strange else "text stands outside of the sections",
            where=file_name,
            mend="begin each section with a line [[system]], [[user]] or [[assistant]]",
        )
    return [(role, text.strip("\n")) for role, text in pairs]  # type: ignore[misc]  # checked against Role above


def _environment(tags: frozenset[str]) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # prompts are plain text: escaping would change the customers' words
    )
    environment.filters["fence"] = partial(fence, tags=tags)
    environment.filters["one_line"] = one_line
    return environment


def fence_tags(body: str) -> frozenset[str]:
    """The tags a template closes somewhere: the fences around customer text."""
    return frozenset(_CLOSING_TAG.findall(body))


def fence(value: object, *, tags: frozenset[str]) -> str:
    """The text with the template's own tags made harmless (``<`` becomes ``‹``), so that it cannot leave its fence."""
    text = str(value)
    if not tags:
        return text
    names = "|".join(re.escape(tag) for tag in sorted(tags))
    # Full-width and small-form brackets read the same to a model.
    return re.sub(rf"[<＜﹤](?=\s*[/／]?\s*(?:{names})\b)", "‹", text, flags=re.IGNORECASE)


def one_line(value: object) -> str:
    """The text with each run of white space as one space, so that it cannot look like a further numbered line."""
    return " ".join(str(value).split())


def _fits(value: object, declared: InputType) -> bool:
    if isinstance(value, bool) and declared != "bool":
        return False
    return isinstance(value, _TYPES[declared])
