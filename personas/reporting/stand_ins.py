"""Claims that the extractive author wrote in the model's place: why, told once for a persona, not at every claim."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from personas.records import Claim
from personas.reporting.record_wording import say
from personas.reporting.report_wording import Words

_OF_STATUS: Final = re.compile(
    r"(?:^|; )(?=\d+ (?:people quoted, \d+ needed|people say the contrary:|(?:person says|people say) otherwise))"
)
"""Where a note goes on to say why the claim has its status (`personas.claims`, `personas.agent.contradictions`)."""


def part_note(claim: Claim) -> tuple[str, str]:
    """Why the model did not word the claim, empty where nothing stood in its way; and what else the note says."""
    if claim.origin != "extractive":
        return "", claim.note
    reason, *status = _OF_STATUS.split(claim.note, maxsplit=1)
    return reason, "".join(status)


def tell_stand_ins(claims: Iterable[Claim], label_of: Callable[[str], str], words: Words) -> tuple[str, ...]:
    """A line for each reason: how many claims, and of which attributes, most claims first.

    Args:
        claims: of one persona, those that are shown.
        label_of: what an attribute is called, by its key.
        words: of the page.
    """
    by_reason: dict[str, Counter[str]] = {}
    for claim in claims:
        reason, _ = part_note(claim)
        if reason:
            by_reason.setdefault(reason, Counter())[label_of(claim.attribute)] += 1
    return tuple(_line(reason, counts, words) for reason, counts in by_reason.items())


def _line(reason: str, counts: Counter[str], words: Words) -> str:
    listed = words("comma").join(f"{label} {words.number(count)}" for label, count in counts.most_common())
    return words(
        "stand_ins", claims=words.count("claims", counts.total()), reason=say(reason, words.language), list=listed
    )
