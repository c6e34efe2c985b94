"""The models: every chat call goes through an `Engine` opened here."""

from personas.models.engine import Answer, Engine
from personas.models.ledger import Ledger, Totals, Usage
from personas.models.opening import ModelOptions, open_engine

__all__ = ["Answer", "Engine", "Ledger", "ModelOptions", "Totals", "Usage", "open_engine"]
