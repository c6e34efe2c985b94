"""Grouping of points by any of eight algorithms behind one interface, its criteria, and topics of texts."""

from personas.grouping.algorithms import ALGORITHMS, group_points
from personas.grouping.counts import choose_count, gap_statistic, prediction_strength
from personas.grouping.criteria import agreement_of_halves, score_grouping
from personas.grouping.merging import merge_tree
from personas.grouping.records import CountChoice, CountTrial, Criteria, HalvesAgreement, Merge, PointGroups, Topics
from personas.grouping.topics import fit_topics, tf_idf_points

__all__ = [
    "ALGORITHMS",
    "CountChoice",
    "CountTrial",
    "Criteria",
    "HalvesAgreement",
    "Merge",
    "PointGroups",
    "Topics",
    "agreement_of_halves",
    "choose_count",
    "fit_topics",
    "gap_statistic",
    "group_points",
    "merge_tree",
    "prediction_strength",
    "score_grouping",
    "tf_idf_points",
]
