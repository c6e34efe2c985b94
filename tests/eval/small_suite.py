"""A small suite with a model that is a function, recorded so that commands can replay it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage

from eval.recordings import Recordings, recording_path
from eval.replaying import RecordingCompleter, recorded_model
from eval.runner import Arm, RunPlan, run_suite
from eval.suites import load_suite
from personas.models import Engine
from personas.models.scripted import ScriptedChatModel, ScriptedCompleter
from prompts.loader import Prompt, load_prompt

THINGS = ("lid", "cable", "handle", "filter", "tank", "base", "spout", "switch", "light", "scale", "button", "cord")
Answer = Callable[[str], str]


def write_suite(home: Path, *, repeats: int = 1) -> str:
    """A suite of twelve cases, each about another thing; returns its name."""
    (home / "suites").mkdir(parents=True, exist_ok=True)
    cases = [
        {
            "id": f"the-{thing}",
            "tags": ["first" if place < 6 else "second"],
            "origin": "written",
            "inputs": {"question": "What gets in their way?", "quotes": [f"the {thing} broke", f"a loose {thing}"]},
            "expect": {"values": [[thing]], "language": "en"},
        }
        for place, thing in enumerate(THINGS)
    ]
    suite = {
        "suite": "small",
        "title": "A small suite",
        "prompt": "claim.small",
        "sampling": {"max_tokens": 40, "temperature": 0.0},
        "repeats": repeats,
        "words": [2, 8],
        "gates": {"schema": 0.05, "carried": 0.05, "recall": 0.1},
        "cases": cases,
    }
    (home / "suites" / "small.yaml").write_text(json.dumps(suite), encoding="utf-8")
    return "small"


def faithful(asked: str) -> str:
    """Says what the quotes say."""
    thing = next(thing for thing in THINGS if f"the {thing} broke" in asked)
    return json.dumps({"value": f"the {thing} broke"})


def careless(asked: str) -> str:
    """Says the same of everything."""
    return json.dumps({"value": "parcels left in the rain"})


def completer(answer: Answer, *, identity: str = "scripted") -> ScriptedCompleter:
    """The function as a model."""

    def script(messages: Sequence[BaseMessage], _schema: Mapping[str, Any]) -> str:
        return answer(str(messages[-1].text))

    return ScriptedCompleter(ScriptedChatModel(script=script), identity=identity, profile="small")


def record(home: Path, answer: Answer, *, prompt: Prompt | None = None) -> None:
    """Runs the suite and keeps the answers under ``scripted``."""
    suite = load_suite("small", home)
    model = completer(answer)
    path = recording_path(home, "small", "scripted")
    kept = Recordings(path, recorded_model("scripted", model))
    prompts = {} if prompt is None else {prompt.name: prompt}
    engine = Engine("scripted", RecordingCompleter(model, kept))
    arm = Arm(name="scripted", engine=engine, prompts=prompts)
    plan = RunPlan(suite=suite, cases=suite.cases, arms=[arm], repeats=suite.repeats, mode="record", home=str(home))
    run_suite(plan, home / f"made {len(kept)}")
    kept.save()


def edited() -> Prompt:
    """The prompt in other words."""
    source = load_prompt("claim", variant="small").source
    return Prompt(source.replace("You sum up", "Sum up"), file_name="claim.small.j2")
