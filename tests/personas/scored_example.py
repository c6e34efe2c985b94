"""A scorecard and corrections, built by hand; what customers and the file say in them is hostile."""

from __future__ import annotations

from personas.corrections.records import AppliedCorrection
from personas.records import Score
from personas.scoring import names

HOSTILE_NOTE = "</li><script>alert(4)</script> <img src=x onerror=alert(5)> | [x](javascript:alert(6)) \u202ex"


def scores_of(*, of_set: bool = False) -> tuple[Score, ...]:
    """Every measure; one without a value."""
    counted = {
        names.GROUNDED: (27, 27, None),
        names.COVERED: (61, 80, None),
        names.COMPLETE: (9, 13, None),
        names.CONSISTENT: (17, 18, None),
    }
    told = {
        name: Score(name=name, value=count / total, reason="counted", count=count, total=total, chance=chance)
        for name, (count, total, chance) in counted.items()
    }
    nearest = "" if of_set else "p2"
    told[names.DISTINCT] = Score(name=names.DISTINCT, value=0.84, reason="of pairs", chance=0.5, nearest=nearest)
    told[names.STABLE] = Score(name=names.STABLE, value=0.71, reason="overlap")
    told[names.FIT] = Score(name=names.FIT, value=None, reason=names.NOT_PLACED)
    return tuple(told[name] for name in names.MEASURES)


def corrections_of(persona_id: str) -> tuple[AppliedCorrection, ...]:
    """One of each kind that concerns the persona, and one that found nothing."""
    given = {"personas": (persona_id,), "results": (persona_id,), "applied": True, "note": HOSTILE_NOTE}
    entries = (
        {"kind": "split", "details": (HOSTILE_NOTE,), "people": (9,), "text": HOSTILE_NOTE},
        {"kind": "merge", "people": (9,)},
        {"kind": "rename", "details": (HOSTILE_NOTE,), "text": "w" * 400},
        {"kind": "reject", "details": (HOSTILE_NOTE,), "attribute": "needs", "text": HOSTILE_NOTE},
        {"kind": "pin", "details": (HOSTILE_NOTE,), "text": HOSTILE_NOTE},
        {"kind": "reject", "applied": False, "results": (), "text": HOSTILE_NOTE, "nearest": HOSTILE_NOTE},
    )
    return tuple(AppliedCorrection.model_validate({"number": 1, **given, **entry}) for entry in entries)
