"""Corpora with known truth: the ruler for segments, personas, privacy and prompts.

`simulate` makes the customers of a made-up business, what they wrote, bought and did, and says what is true of them.
"""

from __future__ import annotations

from personas.simulation.files import simulate_into, write_simulation
from personas.simulation.material import world_names
from personas.simulation.options import SimulationOptions
from personas.simulation.simulating import Simulation, simulate

__all__ = ["Simulation", "SimulationOptions", "simulate", "simulate_into", "world_names", "write_simulation"]
