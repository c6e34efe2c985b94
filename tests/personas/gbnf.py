"""Derives random texts from a GBNF grammar: the subset that `personas.models.grammar` writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

_TOKEN = re.compile(r'\s*("(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|\{[0-9]+,[0-9]*\}|[A-Za-z][\w-]*|[()|?])')
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|.)")
_MOST_REPEATS = 6


@dataclass
class _Tokens:
    items: list[str]
    position: int = 0

    def peek(self) -> str:
        return self.items[self.position] if self.position < len(self.items) else ""

    def take(self) -> str:
        self.position += 1
        return self.items[self.position - 1]


def texts_of(grammar: str) -> st.SearchStrategy[str]:
    """A strategy that derives texts from the rule `root`."""
    rules: dict[str, st.SearchStrategy[str]] = {}
    for line in grammar.splitlines():
        name, body = line.split(" ::= ", 1)
        assert not _TOKEN.sub("", body).strip(), f"not understood: {line}"
        tokens = _Tokens(_TOKEN.findall(body))
        rules[name] = _alternatives(tokens, rules)
    return rules["root"]


def _alternatives(tokens: _Tokens, rules: dict[str, Any]) -> st.SearchStrategy[str]:
    options = [_sequence(tokens, rules)]
    while tokens.peek() == "|":
        tokens.take()
        options.append(_sequence(tokens, rules))
    return st.one_of(options)


def _sequence(tokens: _Tokens, rules: dict[str, Any]) -> st.SearchStrategy[str]:
    parts = []
    while tokens.peek() not in {"", "|", ")"}:
        parts.append(_repeated(_symbol(tokens, rules), tokens))
    return st.tuples(*parts).map("".join)


def _symbol(tokens: _Tokens, rules: dict[str, Any]) -> st.SearchStrategy[str]:
    token = tokens.take()
    if token == "(":
        inner = _alternatives(tokens, rules)
        assert tokens.take() == ")"
        return inner
    if token.startswith('"'):
        return st.just(_unescaped(token[1:-1]))
    if token.startswith("["):
        return _character(token[1:-1])
    return st.deferred(lambda: rules[token])


def _repeated(symbol: st.SearchStrategy[str], tokens: _Tokens) -> st.SearchStrategy[str]:
    if tokens.peek() == "?":
        tokens.take()
        return st.one_of(st.just(""), symbol)
    if not tokens.peek().startswith("{"):
        return symbol
    least, most = tokens.take()[1:-1].split(",")
    highest = int(most) if most else int(least) + _MOST_REPEATS
    return st.lists(symbol, min_size=int(least), max_size=highest).map("".join)


def _character(body: str) -> st.SearchStrategy[str]:
    """A character of the class, from all of Unicode where it is a negated one."""
    pattern = re.compile(f"[{body}]")
    if body.startswith("^"):
        return st.characters().filter(lambda character: pattern.fullmatch(character) is not None)
    return st.sampled_from([chr(code) for code in range(128) if pattern.fullmatch(chr(code))])


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: found[1] if len(found[1]) == 1 else chr(int(found[1][1:], 16)), text)
