"""What a dry run forecasts, against what the run then spends: without faults, and with three calls in ten failing.

    python -m benchmarks.dry_run CORPUS CORPUS ... [--vocabulary VOCABULARY] [--model NAME] [--stall 3]

A corpus is a file or folder that `personas generate` reads. The model is a script behind a loopback server: it answers
with quotes it draws itself, so many and so long as it likes, and it counts tokens with a real vocabulary: a GGUF, a
tokenizer file of the Hugging Face kind, or the name of one of tiktoken's, which fetches it (`o200k_base`); by default
the one that wordllama brings, which is Llama 2's and cuts text finer than today's models do. `--model` is the name the
script goes by: what the name of a model tells of its vocabulary is used before it has counted anything. `fresh` is the
ratio of expected to spent prompt tokens with an engine never called before, `known` the same when its counts on the
corpora above it on the list are remembered. `bound` is tokens at most, of prompts and answers, over tokens spent; the
faults are those of `benchmarks.fault_server`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.fault_server import FaultServer
from persona_kit.hashing import stable_seed
from personas.models.ledger import Totals
from personas.options import GenerateOptions
from personas.pipeline import forecast, generate
from personas.rehearsal import Forecast

FAULTS_SHARE = 0.3
CONTEXT_TOKENS = 32_768

_ATTRIBUTE = re.compile(r"^Attribute (\S+) ", re.MULTILINE)
_EVIDENCE = re.compile(r'<evidence n="(\d+)">(.*?)</evidence>', re.DOTALL)
_CLAIM = re.compile(r'<claim id="(\w+)">(\w+): (.*?) \(\d+ people', re.DOTALL)
_NAMED = re.compile(r"^<claim>\w+: (.*?)</claim>$", re.MULTILINE)
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def write_answer(messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> str:
    """An answer as a good model might give: drawn by the prompt's own hash, so that a retry gets the same."""
    prompt = str(messages[-1]["content"])
    chance = random.Random(stable_seed("dry run benchmark", prompt))
    writers = {"attributes": _claims, "sentences": _narrative, "name": _name, "searches": _searches}
    for name, write in writers.items():
        if name in schema.get("properties", {}):
            return json.dumps(write(prompt, chance), ensure_ascii=False)
    raise ValueError(f"nobody wrote an answer for {sorted(schema.get('properties', {}))}")


def _claims(prompt: str, chance: random.Random) -> dict[str, Any]:
    parts = _ATTRIBUTE.split(prompt)[1:]
    answered = []
    for key, evidence in zip(parts[::2], parts[1::2], strict=True):
        pieces = _EVIDENCE.findall(evidence)
        claims = [_claim(pieces, chance) for _ in range(chance.randint(1, min(4, max(1, len(pieces) // 3))))]
        answered.append({"attribute": key, "claims": claims if pieces else []})
    return {"attributes": answered}


def _claim(pieces: Sequence[tuple[str, str]], chance: random.Random) -> dict[str, Any]:
    chosen = chance.sample(pieces, min(len(pieces), chance.randint(2, 4)))
    texts = [_some(text, chance, 6, 25) for _, text in chosen]
    quotes = [{"n": int(number), "quote": text} for (number, _), text in zip(chosen, texts, strict=True)]
    return {"quotes": quotes, "value": _some(texts[0], chance, 4, 10)}


def _narrative(prompt: str, chance: random.Random) -> dict[str, Any]:
    claims = _CLAIM.findall(prompt)
    chosen = claims[: chance.randint(5, 8)]
    chinese = any(_CHINESE.search(value) for _, _, value in chosen)
    begin = "这些人常说：" if chinese else "Here it comes down to this: "
    wish = "他们希望：" if chinese else "What they ask for: "
    sections = ("summary", "goals", "frustrations", "speak")
    return {
        "sentences": [
            {
                "section": sections[place * 4 // len(chosen)],
                "claim_ids": [number],
                "text": f"{wish if attribute == 'needs' else begin}{value}.",
            }
            for place, (number, attribute, value) in enumerate(chosen)
        ]
    }


def _name(prompt: str, chance: random.Random) -> dict[str, Any]:
    values = _NAMED.findall(prompt) or ["nothing in common"]
    return {"tagline": _some(values[0], chance, 4, 10)[:110], "name": _some(values[-1], chance, 2, 4)[:55]}


def _searches(prompt: str, chance: random.Random) -> dict[str, Any]:
    terms = re.findall(r"\w+", prompt.rpartition("<terms>")[2].partition("</terms>")[0]) or ["it"]
    return {
        "searches": [
            {"attribute": key, "queries": [" ".join(chance.choices(terms, k=4)) for _ in range(chance.randint(2, 3))]}
            for key in _ATTRIBUTE.findall(prompt)
        ]
    }


def _some(text: str, chance: random.Random, least: int, most: int) -> str:
    """A run of so many words from somewhere in the text; a Chinese word counts as two characters."""
    if _CHINESE.search(text):
        length = 2 * chance.randint(least, most)
        start = chance.randint(0, max(0, len(text) - length))
        return text[start : start + length]
    words = text.split()
    length = chance.randint(least, most)
    start = chance.randint(0, max(0, len(words) - length))
    return " ".join(words[start : start + length])


def count_with(vocabulary: str | None) -> Callable[[str], int]:
    """Counts tokens with a GGUF, a Hugging Face tokenizer file or an encoding of tiktoken; wordllama's where None."""
    if vocabulary is not None and vocabulary.endswith(".gguf"):
        from llama_cpp import Llama

        llama = Llama(vocabulary, vocab_only=True, verbose=False)
        lock = threading.Lock()  # the server counts in several threads

        def counted(text: str) -> int:
            with lock:
                return len(llama.tokenize(text.encode(), add_bos=False))

        return counted
    if vocabulary is not None and not Path(vocabulary).exists():
        import tiktoken

        encoding = tiktoken.get_encoding(vocabulary)
        return lambda text: len(encoding.encode(text, disallowed_special=()))
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(vocabulary or str(_bundled_vocabulary()))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def _bundled_vocabulary() -> Path:
    """The one that wordllama brings; found without importing it, which would send every log line to the terminal."""
    found = find_spec("wordllama")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "tokenizers" / "l2_supercat_tokenizer_config.json"


def measure(
    corpus: str, model: str, folder: Path, known: Path, tokens: Callable[[str], int], calm: FaultServer, stall: float
) -> str:
    """A line of the table: forecast and spent of one corpus."""
    options = GenerateOptions(
        llm=model, out=folder / "out", workspace=folder / "fresh", base_url=calm.url, context_tokens=CONTEXT_TOKENS
    )
    fresh = forecast([corpus], options)
    options = options.model_copy(update={"workspace": known})
    told = forecast([corpus], options)
    before = Totals(prompt_tokens=calm.served.prompt_tokens, completion_tokens=calm.served.completion_tokens)
    requests = calm.served.requests
    generate([corpus], options)
    prompt = calm.served.prompt_tokens - before.prompt_tokens
    spent = prompt + calm.served.completion_tokens - before.completion_tokens
    calls = calm.served.requests - requests
    with FaultServer(write_answer, share=FAULTS_SHARE, seed=len(corpus), stall_s=stall, tokens=tokens) as faulty:
        changes = {"base_url": faulty.url, "workspace": folder / "faulty", "out": folder / "faulty-out"}
        options = options.model_copy(update=changes | {"call_timeout": stall / 2})
        bound = forecast([corpus], options)
        generate([corpus], options)
        failed = sum(faulty.served.faults.values())
        faulty_spent = faulty.served.prompt_tokens + faulty.served.completion_tokens
        faulty_calls = faulty.served.requests
    _check(corpus, told, spent, calls)
    _check(corpus, bound, faulty_spent, faulty_calls)
    return (
        f"{corpus[-24:]:24} {told.personas:8} {told.calls_expected:6} {calls:6} "
        f"{fresh.prompt_tokens_expected:9,} {told.prompt_tokens_expected:9,} {prompt:9,} "
        f"{fresh.prompt_tokens_expected / prompt:6.2f} {told.prompt_tokens_expected / prompt:6.2f} "
        f"{told.tokens_at_most / spent:6.0f} {faulty_calls:7} {failed:6} {bound.tokens_at_most / faulty_spent:6.0f}"
    )


def _check(corpus: str, told: Forecast, spent: int, calls: int) -> None:
    """The bound holds, whatever happened."""
    if spent > told.tokens_at_most:
        raise SystemExit(f"{corpus}: {spent:,} tokens spent in {calls} requests, {told.tokens_at_most:,} were the most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="+")
    parser.add_argument("--vocabulary")
    parser.add_argument("--model", default="script")
    parser.add_argument("--stall", type=float, default=3.0, help="seconds of a stalled answer; calls are given half")
    arguments = parser.parse_args()
    tokens = count_with(arguments.vocabulary)
    print(
        f"{'corpus':24} {'personas':>8} {'calls':>6} {'made':>6} {'fresh':>9} {'known':>9} {'spent':>9} "
        f"{'fresh':>6} {'known':>6} {'bound':>6} | {'calls':>5} {'failed':>6} {'bound':>6}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as name, FaultServer(write_answer, tokens=tokens) as calm:
        for number, corpus in enumerate(arguments.corpora):
            folder = Path(name) / str(number)
            model = f"openai:{arguments.model}"
            print(measure(corpus, model, folder, Path(name) / "known", tokens, calm, arguments.stall), flush=True)


if __name__ == "__main__":
    main()
