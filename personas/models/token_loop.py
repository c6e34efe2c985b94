"""Token by token: grammar-constrained sampling over llama.cpp that can be stopped at any token.

The whole vocabulary is run through the grammar only when the model's own choice does not fit it, as llama.cpp's own
tools do: testing one token costs microseconds, testing all of them milliseconds.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from persona_kit.errors import ModelError
from personas.models.completion import Cancelled

if TYPE_CHECKING:
    from llama_cpp import Llama

PREFILL_CHUNK_TOKENS = 128
"""Prompt tokens read between two looks at the cancel event: under a second on two cores for the bundled model."""

TOP_P = 0.95
"""Nucleus kept when sampling with a temperature: llama.cpp's default."""

TOP_K = 40
"""Tokens kept when sampling with a temperature: llama.cpp's default."""


@dataclass(frozen=True)
class Generation:
    """What came out: the tokens without the end token, and whether they ended by themselves."""

    tokens: list[int]
    ended: bool


def generate_tokens(
    llama: Llama,
    prompt: Sequence[int],
    *,
    grammar: str | None,
    seed: int,
    max_tokens: int,
    temperature: float,
    cancel: threading.Event,
) -> Generation:
    """The model's answer to the prompt; what the prompt shares with the call before stays in the KV cache.

    Raises:
        Cancelled: when `cancel` is set, within one token or one chunk of the prompt.
        ModelError: when llama.cpp does not accept the grammar.
    """
    import llama_cpp

    vocabulary = llama_cpp.llama_model_get_vocab(llama.model)
    with _sampler(llama, grammar=grammar, seed=seed, temperature=temperature) as sampler:
        _read_prompt(llama, prompt, cancel)
        tokens: list[int] = []
        while True:
            token = sampler.next_token()
            if llama_cpp.llama_vocab_is_eog(vocabulary, token):
                return Generation(tokens, ended=True)
            tokens.append(token)
            if len(tokens) >= max_tokens:
                return Generation(tokens, ended=False)
            _stop_if(cancel)
            llama.eval([token])


def _stop_if(cancel: threading.Event) -> None:
    if cancel.is_set():
        raise Cancelled("the generation was cancelled")


def _read_prompt(llama: Llama, prompt: Sequence[int], cancel: threading.Event) -> None:
    """Evaluates what the KV cache does not hold yet; at least the last token, whose logits are needed."""
    kept = _reusable_prefix(llama, prompt)
    if kept:
        llama.n_tokens = kept
    else:
        llama.reset()  # type: ignore[no-untyped-call]  # llama-cpp-python types only part of itself
    for start in range(kept, len(prompt), PREFILL_CHUNK_TOKENS):
        _stop_if(cancel)
        llama.eval(prompt[start : start + PREFILL_CHUNK_TOKENS])


def _reusable_prefix(llama: Llama, prompt: Sequence[int]) -> int:
    """How many tokens of the prompt the KV cache holds already, at most all but the last."""
    import llama_cpp

    if llama_cpp.llama_model_is_recurrent(llama.model) or llama_cpp.llama_model_is_hybrid(llama.model):
        return 0  # their state cannot be cut back to a prefix
    count = min(llama.n_tokens, len(prompt) - 1)
    differs = np.nonzero(llama.input_ids[:count] != np.asarray(prompt[:count], dtype=np.intc))[0]
    return int(differs[0]) if differs.size else count


class _Sampler:
    """Draws the next token; holds pointers that `_sampler` gives back."""

    def __init__(self, llama: Llama, chain: Any, grammar: Any) -> None:
        self._llama = llama
        self._chain = chain
        self._grammar = grammar
        size = llama.n_vocab()
        self._candidates = np.zeros(
            size, dtype=np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)], align=True)
        )
        self._ids = np.arange(size, dtype=np.int32)

    def next_token(self) -> int:
        import llama_cpp

        logits = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self._llama.ctx, -1), shape=(len(self._ids),))
        token = self._draw(logits, constrained=False)
        if self._grammar is not None:
            if not self._allowed(token):
                token = self._draw(logits, constrained=True)
            llama_cpp.llama_sampler_accept(self._grammar, token)
        if self._chain is not None:
            llama_cpp.llama_sampler_accept(self._chain, token)
        return token

    def _draw(self, logits: Any, *, constrained: bool) -> int:
        if self._chain is None and not constrained:
            return int(np.argmax(logits))
        import llama_cpp

        self._candidates["id"], self._candidates["logit"], self._candidates["p"] = self._ids, logits, 0.0
        array = _token_array(self._candidates)
        if constrained:
            llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(array))
        if self._chain is None:
            return int(np.argmax(self._candidates["logit"]))
        llama_cpp.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def _allowed(self, token: int) -> bool:
        import llama_cpp

        one = np.zeros(1, dtype=self._candidates.dtype)
        one["id"], one["logit"] = token, 1.0
        array = _token_array(one)
        llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(array))
        return bool(np.isfinite(one["logit"][0]))


def _token_array(candidates: Any) -> Any:
    """llama.cpp's view of the candidates; the numpy array keeps the memory."""
    import llama_cpp

    return llama_cpp.llama_token_data_array(
        data=candidates.ctypes.data_as(llama_cpp.llama_token_data_p),
        size=len(candidates),
        selected=-1,
        sorted=False,
    )


@contextmanager
def _sampler(llama: Llama, *, grammar: str | None, seed: int, temperature: float) -> Iterator[_Sampler]:
    import llama_cpp

    rules = None if grammar is None else _grammar_sampler(llama, grammar)
    chain = None if temperature <= 0 else _chain(seed=seed, temperature=temperature)
    try:
        yield _Sampler(llama, chain, rules)
    finally:
        for pointer in (rules, chain):
            if pointer is not None:
                llama_cpp.llama_sampler_free(pointer)


def _grammar_sampler(llama: Llama, grammar: str) -> Any:
    import llama_cpp

    vocabulary = llama_cpp.llama_model_get_vocab(llama.model)
    pointer = llama_cpp.llama_sampler_init_grammar(vocabulary, grammar.encode("utf-8"), b"root")
    if not pointer:
        # llama-cpp-python would go on without a grammar here.
        raise ModelError(
            "llama.cpp does not accept the grammar of the answer's schema",
            where=grammar.splitlines()[0][:200],
            mend="simplify the schema (shorter lists and strings)",
        )
    return pointer


def _chain(*, seed: int, temperature: float) -> Any:
    import llama_cpp

    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    for link in (
        llama_cpp.llama_sampler_init_top_k(TOP_K),
        llama_cpp.llama_sampler_init_top_p(TOP_P, 1),
        llama_cpp.llama_sampler_init_temp(temperature),
        llama_cpp.llama_sampler_init_dist(seed),
    ):
        llama_cpp.llama_sampler_chain_add(chain, link)
    return chain
