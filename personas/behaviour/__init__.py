"""What customers did and what they are worth: orders, events, RFM, expected value, unusual patterns, priorities."""

from __future__ import annotations

from personas.behaviour.reading import read_behaviour, read_from_columns
from personas.behaviour.records import (
    Behaviour,
    BehaviourReport,
    HoldoutCheck,
    Money,
    PartOfPriority,
    PersonaPriority,
    RfmShare,
    SegmentValue,
    UnusualCustomer,
    UnusualReason,
    ValueModel,
)
from personas.behaviour.rfm import AT_RISK, RULES, rules_table
from personas.behaviour.table import BehaviourTable, behaviour_columns, plain_value
from personas.behaviour.wording import COLUMN_PHRASES, PARTS, money_text
from personas.behaviour.worth import customers_by_value, persona_priority, segment_value

__all__ = [
    "AT_RISK",
    "COLUMN_PHRASES",
    "PARTS",
    "RULES",
    "Behaviour",
    "BehaviourReport",
    "BehaviourTable",
    "HoldoutCheck",
    "Money",
    "PartOfPriority",
    "PersonaPriority",
    "RfmShare",
    "SegmentValue",
    "UnusualCustomer",
    "UnusualReason",
    "ValueModel",
    "behaviour_columns",
    "customers_by_value",
    "money_text",
    "persona_priority",
    "plain_value",
    "read_behaviour",
    "read_from_columns",
    "rules_table",
    "segment_value",
]
