"""Whether customer text in a template stands in a fence: found in the template's syntax tree, before any rendering."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import nodes

from prompts.loader import Prompt

_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)[^<>]*(>?)")
_HARMLESS = frozenset({"int", "float", "bool"})


def unfenced(prompt: Prompt) -> list[str]:
    """What the prompt writes of its inputs outside a fence, as paths such as ``attributes.evidence.text``.

    An input of a type that can hold customer text must pass the filter `fence` and stand between tags, unless the front
    matter names it, or its field, as `trusted`.
    """
    harmless = {name for name, declared in prompt.front.inputs.items() if declared in _HARMLESS} | {"loop"}
    found = []
    for tree in prompt.trees:
        walk = _Walk(trusted=harmless | set(prompt.front.trusted))
        walk.visit(tree, {})
        found += walk.found
    return sorted(set(found))


class _Walk:
    """Follows one section in the order it is written, with the tags open so far."""

    def __init__(self, *, trusted: set[str]) -> None:
        self.found: list[str] = []
        self._trusted = trusted
        self._open: list[str] = []

    def visit(self, node: nodes.Node, scope: dict[str, str]) -> None:
        """Looks at the node and what is in it; `scope` says which input a loop's variable stands for."""
        if isinstance(node, nodes.For):
            inner = scope | {name: _path(node.iter, scope) for name in _names(node.target)}
            for child in (*node.body, *node.else_):
                self.visit(child, inner)
        elif isinstance(node, nodes.Output):
            for part in node.nodes:
                self._write(part, scope)
        else:
            for child in node.iter_child_nodes():
                self.visit(child, scope)

    def _write(self, part: nodes.Node, scope: dict[str, str]) -> None:
        if isinstance(part, nodes.TemplateData):
            self._follow(part.data)
            return
        for path, fenced in _written(part, scope):
            if not self._is_trusted(path) and not (fenced and self._open):
                self.found.append(path)

    def _follow(self, text: str) -> None:
        for closing, tag, _ in _TAG.findall(text):
            if not closing:
                self._open.append(tag)
            elif tag in self._open:
                self._open.remove(tag)

    def _is_trusted(self, path: str) -> bool:
        parts = path.split(".")
        return any(".".join(parts[: end + 1]) in self._trusted for end in range(len(parts)))


def _written(part: nodes.Node, scope: dict[str, str]) -> Iterator[tuple[str, bool]]:
    """Paths of the inputs in an expression, and whether the filter `fence` is the last thing done to them."""
    fenced = isinstance(part, nodes.Filter) and part.name == "fence"
    base = part
    while isinstance(base, nodes.Filter) and base.node is not None:
        base = base.node
    if isinstance(base, nodes.Name | nodes.Getattr | nodes.Getitem):
        yield _path(base, scope), fenced
        return
    for name in base.find_all(nodes.Name):
        yield _path(name, scope), fenced


def _path(node: nodes.Node, scope: dict[str, str]) -> str:
    if isinstance(node, nodes.Name):
        return scope.get(node.name, node.name)
    if isinstance(node, nodes.Getattr):
        return f"{_path(node.node, scope)}.{node.attr}"
    if isinstance(node, nodes.Getitem | nodes.Filter) and node.node is not None:
        return _path(node.node, scope)
    return "an expression"


def _names(target: nodes.Node) -> list[str]:
    return [target.name] if isinstance(target, nodes.Name) else [name.name for name in target.find_all(nodes.Name)]
