"""Whether the shipped suite finds prompts made worse on purpose, and leaves harmless edits alone, on the bundled model.

    python -m benchmarks.planted_prompts [--seeds 0 1 2 3 4] [--threads 1] [--out eval-runs/planted]

Eleven texts of `claim.small` are worse by construction (`WORSE`), ten say the same in other words or spaces
(`HARMLESS`). Each is run with the suite as it ships and compared with the shipped text, drawn with the same seeds;
*found* is what `eval run` would exit 1 for, *lint* what `prompts lint` says of the text. A run that was made is not
made again, so that the command can be stopped and given again. Worse and harmless texts take turns, so that a part of
the table says something of both.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import chain, zip_longest
from pathlib import Path

from eval.baselines import measure
from eval.comparing import compare_measured
from eval.running import PromptText, RunRequest, run_request
from eval.suites import load_suite
from prompts.fencing import unfenced
from prompts.loader import Prompt, load_prompt

SUITE = "claim.small"
Edit = Callable[[str], str]

_RAIN = '{"value": "parcels left in the rain"}'
_CLASS = '{"value": "booking a class online"}'
_STAFF = '{"value": "staff that remember them"}'


def replaced(*pairs: tuple[str, str]) -> Edit:
    """An edit that puts new words in place of old ones, all of which must be there."""

    def edit(source: str) -> str:
        for old, new in pairs:
            if old not in source:
                raise ValueError(f"the template does not hold {old!r}")
            source = source.replace(old, new)
        return source

    return edit


def without_examples(source: str) -> str:
    """The template with its system message and its question alone."""
    head, *parts = source.split("\n[[user]]\n")
    return f"{head}\n[[user]]\n{parts[-1]}"


def examples_turned(source: str) -> str:
    """The first two examples in the other order."""
    head, first, second, *rest = source.split("\n[[user]]\n")
    return "\n[[user]]\n".join([head, second, first, *rest])


def swapped(source: str) -> str:
    """The answers of the first two examples exchanged, so that neither fits."""
    return source.replace(_RAIN, "{first}").replace(_CLASS, _RAIN).replace("{first}", _CLASS)


_SYSTEM = "You sum up in three to eight words what customers have in common. You use their own words and add nothing."
_LOOP = "<said>\n{% for quote in quotes %}\n- {{ quote | one_line | fence }}\n{% endfor %}\n</said>"

WORSE: dict[str, Edit] = {
    "drop the fence": replaced(("<said>\n", ""), ("</said>\n", ""), (" | fence", "")),
    "drop the examples": without_examples,
    "exchange the answers of two examples": swapped,
    "ask for another language": replaced(
        (_SYSTEM, "Du fasst auf Deutsch in drei bis acht Wörtern zusammen, was Kunden gemeinsam haben."),
        (_RAIN, '{"value": "Pakete bleiben im Regen"}'),
        (_CLASS, '{"value": "Kurse im Netz buchen"}'),
        (_STAFF, '{"value": "Leute merken sich Namen"}'),
    ),
    "leak an example into the question": replaced((
        "{{ question }}",
        "{{ question }} Such as: parcels left in the rain.",
    )),
    "answer with whole sentences": replaced(
        ("in three to eight words", "at length"),
        ("parcels left in the rain", "The parcels that they ordered were left out in the rain by the carrier again"),
        ("booking a class online", "They would all very much like to be able to book their class from a phone"),
        ("staff that remember them", "What they are happiest with is how the staff at the desk remember them"),
    ),
    "ask for imagination": replaced(
        (
            "You use their own words and add nothing.",
            "Be creative: imagine who they are, with names, ages and numbers.",
        ),
        ("parcels left in the rain", "Anna, 34, loses 3 parcels"),
        ("booking a class online", "Tom, 41, books 2 classes"),
        ("staff that remember them", "Eva, 28, and her 5 friends"),
    ),
    "show one quote only": replaced(("in quotes %}", "in quotes[:1] %}")),
    "cut the quotes": replaced(("{{ quote | one_line", "{{ quote[:9] | one_line")),
    "show no quotes": replaced(("in quotes %}", "in quotes[:0] %}")),
    "one example three times": replaced((_CLASS, _RAIN), (_STAFF, _RAIN)),
}
HARMLESS: dict[str, Edit] = {
    "a comment": replaced(("{{ question }}", "{# the question comes last #}{{ question }}")),
    "a space at the end": replaced(("add nothing.", "add nothing. ")),
    "a word for a word": replaced(("You sum up", "You summarise")),
    "digits": replaced(("three to eight words", "3 to 8 words")),
    "spelling": replaced(("nobody rang the bell", "noone rang the bell")),
    "order of equals": replaced((
        "- I love how the staff remember my name\n- The team at the desk is so friendly",
        "- The team at the desk is so friendly\n- I love how the staff remember my name",
    )),
    "order of examples": examples_turned,
    "no stop at the end": replaced(("add nothing.", "add nothing")),
    "a comma": replaced(("their own words and add", "their own words, and add")),
    "a blank line": replaced((_LOOP, _LOOP + "\n")),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("eval-runs/planted"))
    given = parser.parse_args()
    prompt_id, _, variant = SUITE.partition(".")
    shipped = load_prompt(prompt_id, variant=variant).source
    suite = load_suite(SUITE)
    both = zip_longest(WORSE.items(), HARMLESS.items())
    edits = [(name, edit) for name, edit in filter(None, chain.from_iterable(both))]
    found: dict[str, list[bool]] = {name: [] for name, _ in edits}
    for seed in given.seeds:
        request = RunRequest(suites=[SUITE], seed=seed, out=given.out, options={"threads": given.threads})

        def run(name: str, source: str, request: RunRequest = request) -> Path:
            prompt = Prompt(source, file_name=name)
            return run_request(_with(request, PromptText(prompt, name)))[0].path

        before = measure(run("shipped", shipped))
        for name, edit in edits:
            text = edit(shipped)
            comparison = compare_measured(before, measure(run(name, text)), suite.gates)
            found[name].append(comparison.fails())
            told = [
                f"{one.metric} {one.difference:+.2f}"
                for one in comparison.metrics
                if one.gates and one.verdict == "regressed"
            ]
            linted = "lint" if unfenced(Prompt(text, file_name=name)) else ""
            kind = "worse" if name in WORSE else "harmless"
            print(f"seed {seed} | {kind} | {name} | {comparison.verdict} | {', '.join(told)} | {linted}", flush=True)
        for kind, names in (("worse", WORSE), ("harmless", HARMLESS)):
            print(
                f"seed {seed} | {kind} | {sum(found[name][-1] for name in names)} of {len(names)} flagged", flush=True
            )
    for name, flags in found.items():
        print(f"{name}: flagged with {sum(flags)} of {len(flags)} seeds")


def _with(request: RunRequest, text: PromptText) -> RunRequest:
    from dataclasses import replace

    return replace(request, texts=[text])


if __name__ == "__main__":
    main()
