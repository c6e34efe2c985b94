"""Tags of every customer from what they wrote and did, without a model call, each with its evidence."""

from __future__ import annotations

from personas.profiles.building import build_profiles
from personas.profiles.order_signs import OrderSign, OrderSigns, read_order_signs
from personas.profiles.records import CustomerProfile, Evidence, Tag
from personas.profiles.rendering import CSV_COLUMNS, render_profiles_csv, render_profiles_jsonl

__all__ = [
    "CSV_COLUMNS",
    "CustomerProfile",
    "Evidence",
    "OrderSign",
    "OrderSigns",
    "Tag",
    "build_profiles",
    "read_order_signs",
    "render_profiles_csv",
    "render_profiles_jsonl",
]
