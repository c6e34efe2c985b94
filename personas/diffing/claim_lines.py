"""What became of the claims of a persona, as lines to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from personas.diffing.records import ClaimChange, ClaimState, ShareChange
from personas.diffing.wording import DiffWords, plain
from personas.reporting.cards import AttributeLabels


class ClaimTeller:
    """Tells claims in one language.

    Args:
        words: of the language.
    """

    def __init__(self, words: DiffWords) -> None:
        self._words = words
        self._labels = AttributeLabels(words.language)

    def lines(self, claims: Sequence[ClaimChange]) -> Iterator[str]:
        """The claims that changed, appeared or went, then how many stayed as they were."""
        words = self._words
        for verdict in ("changed", "appeared", "went"):
            for claim in claims:
                if claim.verdict == verdict:
                    yield from self._claim(claim)
        same = [claim for claim in claims if claim.verdict == "same"]
        unsure = sum(claim.share is not None and _counts_differ(claim.share) for claim in same)
        if same:
            yield words("unchanged claims", count=words.claims(len(same)))
        if unsure:
            yield words("unsure shares", count=unsure)

    def share_values(self, change: ShareChange) -> dict[str, object]:
        """The values of a line that tells a share in A and in B."""
        words = self._words
        verdict = words("unsure")
        if change.direction is not None:
            points = {"points": f"{abs(100 * change.difference):.0f}", "q": f"{change.q:.2g}"}
            span = {"low": f"{100 * change.interval.low:+.0f}", "high": f"{100 * change.interval.high:+.0f}"}
            verdict = words(change.direction, **points, **span)
        counts = change.model_dump(include={"people_a", "of_a", "people_b", "of_b"})
        return {
            **counts,
            "share_a": words.of_all(change.people_a, change.of_a),
            "share_b": words.of_all(change.people_b, change.of_b),
            "verdict": verdict,
        }

    def _claim(self, claim: ClaimChange) -> Iterator[str]:
        words, shown = self._words, claim.after or claim.before
        assert shown is not None
        attribute, value = self._labels[claim.attribute], plain(shown.value)
        yield words(f"claim {claim.verdict}", attribute=attribute, value=value, support=self._support(shown))
        if claim.reworded and claim.before is not None:
            yield words("was", value=plain(claim.before.value))
        if claim.status_changed and claim.before is not None and claim.after is not None:
            yield words("status", before=words(claim.before.status), after=words(claim.after.status))
        if claim.share is not None and _counts_differ(claim.share):
            yield words("share", **self.share_values(claim.share))
        if reasons := self._reasons(claim):
            yield words("why", reasons=words("then").join(reasons))

    def _support(self, state: ClaimState) -> str:
        words = self._words
        return words(
            "support",
            people=state.people,
            of=state.of,
            share=words.share(state.share),
            low=words.share(state.interval.low),
            high=words.share(state.interval.high),
            status=words(state.status),
        )

    def _reasons(self, claim: ClaimChange) -> list[str]:
        evidence, words = claim.evidence, self._words
        told = []
        for why in claim.why:
            if why == "other author":
                told.append(words("by another"))
            elif why == "other choice":
                told.append(words(why))
            elif evidence is not None:
                of = evidence.people if why == "other people" else evidence.documents
                count = {"other documents": evidence.missing, "other words": evidence.reworded}.get(
                    why, evidence.elsewhere
                )
                told.append(words(why, count=count, of=of))
        return told


def _counts_differ(change: ShareChange) -> bool:
    return (change.people_a, change.of_a) != (change.people_b, change.of_b)
