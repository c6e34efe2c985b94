"""What explains who is in which group, and whether anything does."""

from __future__ import annotations

from personas.explaining.columns import FeatureColumn, FeatureTable
from personas.explaining.explanation import explain_column, explain_grouping
from personas.explaining.feature_table import build_feature_table
from personas.explaining.records import Explanation

__all__ = [
    "Explanation",
    "FeatureColumn",
    "FeatureTable",
    "build_feature_table",
    "explain_column",
    "explain_grouping",
]
