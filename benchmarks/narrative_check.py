"""How the check of narrative sentences does on sentences labelled by hand: `python -m benchmarks.narrative_check`.

`benchmarks/sentences/kettlebird.json` holds claims of the made-up company Kettlebird, and sentences about them: some
say what their claims say, fluently and in words of their own; others bring in numbers, causes, people or praise.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from personas.authors.seam import ProposedSentence
from personas.narrative import check_sentence
from personas.records import Claim

SENTENCES = Path(__file__).with_name("sentences") / "kettlebird.json"
SWAPS = 10
"""Times the ids of each sentence are exchanged for other claims of the same persona."""


def load_sentences(path: Path = SENTENCES) -> tuple[dict[str, list[Claim]], list[dict[str, Any]]]:
    """The claims by persona, and the sentences with `holds`: whether their claims hold them."""
    told = json.loads(path.read_text(encoding="utf-8"))
    claims = {
        name: [Claim.model_validate({"lift": None, "adjusted_lift": None, **claim}) for claim in some]
        for name, some in told["claims"].items()
    }
    return claims, told["sentences"]


def fault_of(sentence: dict[str, Any], claims: dict[str, list[Claim]], claim_ids: list[str] | None = None) -> str:
    """What the check says of the sentence, about its own claims or the ones given."""
    proposed = ProposedSentence(
        text=sentence["text"],
        claim_ids=tuple(claim_ids or sentence["claim_ids"]),
        origin="llm",
        section=sentence["section"],
    )
    return check_sentence(proposed, claims[sentence["persona"]])


def swapped_faults(sentences: list[dict[str, Any]], claims: dict[str, list[Claim]], *, seed: int) -> list[str]:
    """What the check says of sentences whose ids are exchanged at random for other claims of the same persona."""
    chance = random.Random(seed)
    faults = []
    for sentence in sentences:
        others = [c.claim_id for c in claims[sentence["persona"]] if c.claim_id not in sentence["claim_ids"]]
        for _ in range(SWAPS):
            faults.append(fault_of(sentence, claims, chance.sample(others, len(sentence["claim_ids"]))))
    return faults


def main() -> None:
    """Prints the sentences that are judged otherwise than labelled, and the shares."""
    claims, sentences = load_sentences()
    for language in ("en", "zh"):
        mine = [s for s in sentences if (s["persona"].startswith("zh")) == (language == "zh")]
        good, bad = ([s for s in mine if s["holds"] is holds] for holds in (True, False))
        refused = [(s["text"], fault) for s in good if (fault := fault_of(s, claims))]
        passed = [s["text"] for s in bad if not fault_of(s, claims)]
        for text, fault in refused:
            print(f"{language} refused: {text} ({fault})")
        for text in passed:
            print(f"{language} passed: {text}")
        kept = [s for s in good if not fault_of(s, claims)]
        faults = swapped_faults(kept, claims, seed=0)
        print(f"{language}: {len(good) - len(refused)} of {len(good)} that hold pass")
        print(f"{language}: {len(bad) - len(passed)} of {len(bad)} that do not hold are caught")
        print(f"{language}: with ids exchanged {sum(map(bool, faults))} of {len(faults)} are caught")


if __name__ == "__main__":
    main()
