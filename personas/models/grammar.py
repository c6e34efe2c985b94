"""From a Pydantic model to a grammar (GBNF) that lets a local model write nothing else.

llama-cpp-python's own converter falls back to "any JSON" when it fails, allows raw line breaks inside strings and
ignores what it does not know. This one covers the part of JSON Schema that answers need and raises on the rest. The
layout is fixed (``{"a": 1, "b": [2, 3]}``, as `json.dumps` writes it), so a model cannot run away in white space.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from persona_kit.errors import ModelError

GRAMMAR_VERSION = "1"
"""Changes whenever the same schema would give another grammar; part of every stored answer's key."""

LONGEST_COUNTED_STRING = 400
"""Longer `maxLength`s are left to Pydantic: llama.cpp unrolls counted repetitions and refuses large ones."""

MOST_ENUMERATED_INTEGERS = 256
"""An integer range up to this size is spelled out, so that a bound cannot be missed."""

# Raw control characters are illegal inside JSON strings, and lone surrogates have no UTF-8 form.
_CHARACTER = r'[^"\\\x00-\x1F\x7F\uD800-\uDFFF] | "\\" ["\\/nt]'
_PRIMITIVES = {
    "boolean": '"true" | "false"',
    "null": '"null"',
    "integer": '"-"? ("0" | [1-9] [0-9]{0,14})',
    "number": '"-"? ("0" | [1-9] [0-9]{0,14}) ("." [0-9]{1,15})?',
}
_NOTES = frozenset({"title", "description", "default", "examples", "deprecated", "$defs", "readOnly", "writeOnly"})
_BOUNDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_KNOWN = {
    "string": frozenset({"type", "minLength", "maxLength"}),
    "integer": frozenset({"type"}) | _BOUNDS,
    "number": frozenset({"type"}) | _BOUNDS,
    "boolean": frozenset({"type"}),
    "null": frozenset({"type"}),
    "array": frozenset({"type", "items", "minItems", "maxItems"}),
    "object": frozenset({"type", "properties", "required", "additionalProperties"}),
}


@lru_cache(maxsize=64)
def answer_schema(model: type[BaseModel]) -> Mapping[str, Any]:
    """The JSON Schema an engine is held to: every property required, in the order of the fields, defaults left out.

    Made once for each model: one call asks for it several times, and making it takes a millisecond.
    """
    schema = _tightened(model.model_json_schema(mode="validation"))
    assert isinstance(schema, dict)
    return schema


def _tightened(node: Any, *, named: bool = False) -> Any:
    """A copy in which every object requires all its properties; `named` says that the keys are names, not keywords."""
    if isinstance(node, list):
        return [_tightened(item) for item in node]
    if not isinstance(node, dict):
        return node
    if named:
        return {name: _tightened(value) for name, value in node.items()}
    kept = {
        key: value if key in {"enum", "const"} else _tightened(value, named=key in {"properties", "$defs"})
        for key, value in node.items()
        if key not in {"default", "title", "examples"}
    }
    if "properties" in kept:
        kept["required"] = list(kept["properties"])
        kept.setdefault("additionalProperties", False)
    return kept


def schema_to_gbnf(schema: Mapping[str, Any]) -> str:
    """The grammar of all JSON texts that fit the schema, in GBNF, with the rule `root`.

    Number bounds (other than small integer ranges) and string lengths above `LONGEST_COUNTED_STRING` are not in the
    grammar: the answer is always validated by Pydantic afterwards.

    Raises:
        ModelError: when the schema uses something that the grammar cannot hold the model to.
    """
    return _Converter(schema).grammar()


class _Converter:
    """One conversion: the rules written so far, by name."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._definitions: Mapping[str, Any] = schema.get("$defs", {})
        self._rules: dict[str, str] = {}

    def grammar(self) -> str:
        self._rules["root"] = ""
        self._rules["root"] = self._expression(self._schema, "root")
        return "\n".join(f"{name} ::= {body}" for name, body in self._rules.items()) + "\n"

    def _expression(self, node: Any, where: str) -> str:
        """What stands on the right of a rule for this node."""
        if not isinstance(node, Mapping):
            raise _unsupported(where, f"the schema {node!r}")
        if "$ref" in node:
            return self._reference(node, where)
        if "const" in node:
            return _literal(node["const"])
        if "enum" in node:
            return " | ".join(_literal(value) for value in node["enum"])
        for keyword in ("anyOf", "oneOf"):
            if keyword in node:
                self._only(node, frozenset({keyword, "discriminator"}), where)
                return self._alternatives(node[keyword], where)
        return self._typed(node, where)

    def _reference(self, node: Mapping[str, Any], where: str) -> str:
        self._only(node, frozenset({"$ref"}), where)
        name = str(node["$ref"]).removeprefix("#/$defs/")
        if name not in self._definitions:
            raise _unsupported(where, f"the reference {node['$ref']!r}")
        rule = "def-" + _rule_part(name)
        if rule not in self._rules:
            self._rules[rule] = ""  # taken before descending, so that a recursive model ends
            self._rules[rule] = self._expression(self._definitions[name], rule)
        return rule

    def _alternatives(self, options: Sequence[Any], where: str) -> str:
        return " | ".join(self._part(option, f"{where}-{number}") for number, option in enumerate(options))

    def _typed(self, node: Mapping[str, Any], where: str) -> str:
        kind = node.get("type")
        if isinstance(kind, list):
            return self._alternatives([{**node, "type": one} for one in kind], where)
        if kind not in _KNOWN:
            raise _unsupported(where, "a value of any type" if kind is None else f"the type {kind!r}")
        self._only(node, _KNOWN[kind], where)
        if kind == "object":
            return self._object(node, where)
        if kind == "array":
            return self._array(node, where)
        if kind == "string":
            return self._string(node, where)
        if kind == "integer" and (values := _integer_range(node)) is not None:
            return " | ".join(_literal(value) for value in values)
        return self._shared(kind, _PRIMITIVES[kind])

    def _object(self, node: Mapping[str, Any], where: str) -> str:
        if node.get("additionalProperties", False) is not False:
            raise _unsupported(where, "an object with free keys")
        parts: list[str] = []
        for name, value in node.get("properties", {}).items():
            key = _quoted(("" if not parts else ", ") + json.dumps(name, ensure_ascii=False) + ": ")
            parts.append(f"{key} {self._part(value, f'{where}-{_rule_part(name)}')}")
        return " ".join(['"{"', *parts, '"}"'])

    def _array(self, node: Mapping[str, Any], where: str) -> str:
        least, most = node.get("minItems", 0), node.get("maxItems")
        if most == 0:
            return '"[]"'
        item = self._part(node.get("items"), f"{where}-item")
        rest = f'(", " {item}){{{max(least - 1, 0)},{"" if most is None else most - 1}}}'
        filled = f"{item} {rest}"
        return f'"[" {filled} "]"' if least else f'"[" ({filled})? "]"'

    def _string(self, node: Mapping[str, Any], where: str) -> str:
        least, most = node.get("minLength", 0), node.get("maxLength")
        character = self._shared("char", _CHARACTER)
        if least > LONGEST_COUNTED_STRING:
            raise _unsupported(where, f"a string of at least {least} characters")
        counted = most if most is not None and most <= LONGEST_COUNTED_STRING else None
        return f'"\\"" {character}{{{least},{"" if counted is None else counted}}} "\\""'

    def _part(self, node: Any, where: str) -> str:
        """The node as one symbol, in a rule of its own where it is more than that."""
        body = self._expression(node, where)
        if " " not in body and not body.startswith('"'):
            return body
        self._rules[where] = body
        return where

    def _shared(self, name: str, body: str) -> str:
        self._rules.setdefault(f"json-{name}", body)
        return f"json-{name}"

    def _only(self, node: Mapping[str, Any], known: frozenset[str], where: str) -> None:
        strange = sorted(set(node) - known - _NOTES)
        if strange:
            raise _unsupported(where, ", ".join(repr(key) for key in strange))


def _integer_range(node: Mapping[str, Any]) -> range | None:
    """The integers allowed, where both bounds are given and few."""
    lowest, highest = node.get("minimum"), node.get("maximum")
    if lowest is None and (above := node.get("exclusiveMinimum")) is not None:
        lowest = above + 1
    if highest is None and (below := node.get("exclusiveMaximum")) is not None:
        highest = below - 1
    if lowest is None or highest is None or not 0 <= highest - lowest < MOST_ENUMERATED_INTEGERS:
        return None
    return range(int(lowest), int(highest) + 1)


def _literal(value: Any) -> str:
    return _quoted(json.dumps(value, ensure_ascii=False, allow_nan=False))


def _quoted(text: str) -> str:
    """The text as a GBNF literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _rule_part(name: str) -> str:
    """The name in the letters GBNF allows in rule names; different names stay different."""
    return "".join(
        character if character.isascii() and character.isalnum() else f"-{ord(character):x}-" for character in name
    )


def _unsupported(where: str, what: str) -> ModelError:
    return ModelError(
        f"the answer's schema holds {what}, which a local model cannot be held to",
        where=where,
        mend="use strings, numbers, booleans, enums, lists and nested models without patterns or free keys",
    )
