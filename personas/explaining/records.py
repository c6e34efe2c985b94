"""What tells groups of people apart, and how sure that is: the stored records."""

from __future__ import annotations

from typing import Literal

from persona_kit.records import Record
from personas.records import Interval

Block = Literal["themes", "words", "table", "behaviour", "feelings"]
ModelName = Literal["logistic regression", "decision tree"]
Comparison = Literal["is", "is not", "below", "at least"]


class Remark(Record):
    """Something the reader should know, in both languages."""

    text_en: str
    text_zh: str


class ModelAccuracy(Record):
    """How often a model places people it has not seen, every group weighing the same."""

    model: ModelName
    value: float
    """Balanced accuracy of five-fold cross-validation, mean over the repeats: the mean over groups of the share placed
    right, 0..1."""
    interval: Interval
    """95 %, over drawing the people anew."""
    chance: float
    """What guessing gives, and always saying the same group: one of the groups."""
    chance_high: float
    """What a model that knows nothing stays below, see docs/explaining.md."""
    repeats: int
    """How often the people were parted anew."""
    beats_chance: bool
    """Above `chance_high`."""


class BlockAccuracy(Record):
    """What one kind of features tells by itself."""

    block: str
    """A `Block`, or `length`: how much people wrote, and nothing else."""
    columns: int
    accuracy: ModelAccuracy
    """Of logistic regression."""


class GroupRecall(Record):
    """How many of one group's people are placed right by the better model, in cross-validation."""

    segment_id: str
    people: int
    share: float
    interval: Interval


class Importance(Record):
    """What is lost when one thing is shuffled among the held-out people."""

    column: str
    """Name of the feature's source: a theme id, a column of the customer table, a number."""
    block: str
    phrase_en: str
    phrase_zh: str
    value: float
    """Drop of balanced accuracy, -1..1."""
    interval: Interval
    """95 %, over drawing the people anew."""


class Condition(Record):
    """One part of a rule."""

    column: str
    comparison: Comparison
    threshold: float | None = None
    """In the units people read; days since 1970-01-01 for dates; None for yes/no columns."""
    text_en: str
    text_zh: str


class Rule(Record):
    """People who meet the conditions, and how many of them are in the segment."""

    segment_id: str
    text_en: str
    text_zh: str
    conditions: tuple[Condition, ...]
    people: int
    """People who meet the conditions, among those the rule was not learned from."""
    inside: int
    """Of these, people in the segment."""
    precision: float
    interval: Interval
    """95 % Wilson interval of the precision."""
    base: float
    """Share of the segment among all whom the rule was not learned from."""
    coverage: float
    """Share of the segment's people (not learned from) who meet the conditions."""
    people_in_all: int
    """People who meet the conditions among all, those it was learned from too."""


class Association(Record):
    """People of whom one thing is true, of whom another is true more often than of others."""

    text_en: str
    text_zh: str
    antecedents: tuple[Condition, ...]
    consequent: Condition
    people: int
    """People of whom both sides are true."""
    support: float
    """Share of them among the people of whom both sides are known."""
    confidence: float
    interval: Interval
    """95 % Wilson interval of the confidence."""
    share: float
    """How many of all people (of whom both sides are known) the consequent is true of."""
    lift: float
    adjusted_lift: float | None
    """Against people without the antecedents who wrote about as much; None where nothing written is involved."""
    p_value: float
    """Corrected by Holm for all the rules that could have been found."""


class ContrastItem(Record):
    """One thing that is true of more people here than in the nearest other segment, or of fewer."""

    column: str
    block: str
    text_en: str
    text_zh: str
    share: float
    interval: Interval
    share_there: float
    interval_there: Interval
    difference: float
    difference_interval: Interval
    """95 %, Newcombe's."""
    adjusted_ratio: float | None
    """Here against there, among people who wrote about as much; None for what was not written, or nobody there."""


class Contrast(Record):
    """What tells a segment from the segment most like it."""

    segment_id: str
    nearest_id: str
    distance: float
    """Mean squared difference of the two segments' means, in standard deviations of each column; square root of it."""
    items: tuple[ContrastItem, ...]


class Explanation(Record):
    """What explains who is in which group, if anything does."""

    subject: str
    """`segments`, or the column of the customer table that is explained."""
    people: int
    """People with a label."""
    sampled: int | None = None
    """People the models were fitted and tested on; None where it is everybody."""
    columns: int
    groups: int
    accuracy: tuple[ModelAccuracy, ...] = ()
    """Empty where there is nothing to tell apart, or nothing to tell it by."""
    chance: float | None = None
    """Balanced accuracy of guessing; None without a model."""
    beats_chance: bool = False
    explained: float | None = None
    """How much of the way from guessing (0) to placing everybody right (1) the better model goes; None without a
    model; means nothing where it does not beat chance."""
    verdict_en: str
    verdict_zh: str
    recalls: tuple[GroupRecall, ...] = ()
    importance: tuple[Importance, ...] = ()
    """Most important first; empty where nothing beats chance."""
    block_importance: tuple[Importance, ...] = ()
    by_block: tuple[BlockAccuracy, ...] = ()
    rules: tuple[Rule, ...] = ()
    associations: tuple[Association, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    notes: tuple[Remark, ...] = ()
