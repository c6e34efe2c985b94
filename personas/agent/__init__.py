"""What the graph of a segment decides on its own: what is missing, where to look, which of two opposite claims holds.

Every step is a record (`steps`) and stands in the run's `trace.jsonl`; see docs/agent.md.
"""

from personas.agent.steps import Step, TraceStep

__all__ = ["Step", "TraceStep"]
