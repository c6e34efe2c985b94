"""What the numbers found, built by hand: grouping, explanation, value, themes over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from personas.behaviour.records import (
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
from personas.explaining.records import (
    Association,
    BlockAccuracy,
    Condition,
    Contrast,
    ContrastItem,
    Explanation,
    GroupRecall,
    Importance,
    ModelAccuracy,
    Remark,
    Rule,
)
from personas.grouping.records import Criteria, Merge
from personas.persona_set import SegmentationReport
from personas.records import BlockShare, CandidateGrouping, CandidateThemes, Interval
from personas.trends.records import Change, DateReport, FeelingTrend, Period, Trend, TrendReport

HOSTILE_COLUMN = '"><img src=x onerror=alert(2)></svg><script>alert(3)</script>'


def span(value: float, half: float = 0.08) -> Interval:
    """An interval around the share."""
    return Interval(low=max(0.0, value - half), high=min(1.0, value + half))


def segmentation_of(segments: int, themes: int) -> SegmentationReport:
    """Ways with 2 to 8 segments in two representations; the one with as many segments as there are was taken."""
    candidates = []
    for count in range(2, 9):
        for representation, algorithm in (
            ("theme profiles", "non-negative factors"),
            ("whole-person vectors", "communities"),
        ):
            taken = count == segments and algorithm == "communities"
            stability = 0.83 - 0.04 * abs(count - segments) - (0.0 if algorithm == "communities" else 0.11)
            candidates.append(
                CandidateGrouping(
                    representation=representation,
                    algorithm=algorithm,
                    segments=count,
                    stability=stability,
                    told=0.71 - 0.05 * abs(count - segments),
                    worth=stability * (0.71 - 0.05 * abs(count - segments)),
                    criteria=Criteria(
                        silhouette=0.31 - 0.03 * count,
                        calinski_harabasz=1234.5 / count,
                        davies_bouldin=1.1 + 0.07 * count,
                    ),
                    chosen=taken,
                )
            )
    return SegmentationReport(
        representation="whole-person vectors",
        reason="the most stable of those tried",
        stability=0.81,
        algorithm="communities",
        told=0.71,
        halves_agreement=0.64,
        blocks=(
            BlockShare(block="text", weight=1.0, contribution=0.77),
            BlockShare(block="behaviour", weight=0.5, contribution=0.23),
            BlockShare(block="table", weight=0.0, contribution=0.0),
        ),
        candidates=tuple(candidates),
        tree=tree_of(segments),
        embedder="wordllama",
        themes=themes,
        theme_candidates=tuple(_fineness("wordllama", 3) + _fineness("lsa", 0)),
        length_explains=0.07,
    )


def _fineness(embedder: str, taken: int) -> list[CandidateThemes]:
    """Seven granularities, the coarsest of them one theme."""
    return [
        CandidateThemes(
            embedder=embedder,
            resolution=0.5 * (at + 1),
            themes=1 + 4 * at,
            stability=0.8 - 0.05 * at if at else None,
            criteria=Criteria(silhouette=0.1 + 0.02 * at, calinski_harabasz=1400.0 / (at + 1), davies_bouldin=3.0)
            if at
            else None,
            chosen=at == taken,
        )
        for at in range(7)
    ]


def tree_of(segments: int) -> tuple[Merge, ...]:
    """Each segment joins those before it."""
    return tuple(
        Merge(
            left=at + 1,
            right=0 if at == 0 else segments + at - 1,
            distance=0.21 + 0.17 * at,
            people=30 + 10 * at,
        )
        for at in range(segments - 1)
    )


def explanation_of(segment_ids: Sequence[str], *, hostile: bool = True) -> Explanation:
    """Everything that an explanation can hold."""
    accuracy = _accuracy("logistic regression", 0.68)
    condition = _condition("wrote about refunds", "写到退款")
    other = _condition(
        f"plan is {HOSTILE_COLUMN if hostile else 'gold'}", f"套餐为 {HOSTILE_COLUMN if hostile else '金'}"
    )
    return Explanation(
        subject="segments",
        people=120,
        columns=31,
        groups=len(segment_ids),
        accuracy=(accuracy, _accuracy("decision tree", 0.52)),
        chance=0.25,
        beats_chance=True,
        explained=0.57,
        verdict_en="Better than chance. A logistic regression places 68 % of people right whom it has not seen.",
        verdict_zh="优于随机。逻辑回归对未见过的人判断正确 68%。",
        recalls=tuple(
            GroupRecall(segment_id=name, people=40 - 7 * at, share=0.8 - 0.1 * at, interval=span(0.8 - 0.1 * at))
            for at, name in enumerate(segment_ids)
        ),
        importance=(
            _importance("t1", "themes", "wrote about refunds", "写到退款", 0.124),
            _importance("plan", "table", f"plan {HOSTILE_COLUMN}" if hostile else "plan", "套餐", 0.051),
        ),
        block_importance=(
            _importance("themes", "themes", "what they wrote about", "所写的主题", 0.31),
            _importance("table", "table", "the customer table", "客户表", -0.013),
        ),
        by_block=(
            BlockAccuracy(block="themes", columns=20, accuracy=accuracy),
            BlockAccuracy(
                block="length", columns=1, accuracy=_accuracy("logistic regression", 0.26, beats_chance=False)
            ),
        ),
        rules=tuple(_rule(name, (condition, other)[: at % 2 + 1], at) for at, name in enumerate(segment_ids)),
        associations=(_association(condition, other),),
        contrasts=tuple(_contrast(name, segment_ids[at - 1]) for at, name in enumerate(segment_ids)),
        notes=(Remark(text_en="Segments were made from the same texts.", text_zh="群体正是由这些文字划分出来的。"),),
    )


def unexplained_of(segment_ids: Sequence[str]) -> Explanation:
    """Nothing beats chance."""
    return Explanation(
        subject="segments",
        people=120,
        columns=31,
        groups=len(segment_ids),
        accuracy=(_accuracy("logistic regression", 0.27, beats_chance=False),),
        chance=0.25,
        verdict_en="Not better than chance: nothing here explains the segments.",
        verdict_zh="不优于随机：这些特征无法解释群体。",
    )


def _accuracy(model: Any, value: float, *, beats_chance: bool = True) -> ModelAccuracy:
    return ModelAccuracy(
        model=model,
        value=value,
        interval=span(value),
        chance=0.25,
        chance_high=0.31,
        repeats=4,
        beats_chance=beats_chance,
    )


def _condition(english: str, chinese: str) -> Condition:
    return Condition(column="t1", comparison="is", text_en=english, text_zh=chinese)


def _importance(column: str, block: str, english: str, chinese: str, value: float) -> Importance:
    return Importance(
        column=column,
        block=block,
        phrase_en=english,
        phrase_zh=chinese,
        value=value,
        interval=Interval(low=value - 0.03, high=value + 0.03),
    )


def _rule(segment_id: str, conditions: tuple[Condition, ...], at: int) -> Rule:
    return Rule(
        segment_id=segment_id,
        text_en="not shown",
        text_zh="不显示",
        conditions=conditions,
        people=41 + at,
        inside=34 - at,
        precision=(34 - at) / (41 + at),
        interval=span((34 - at) / (41 + at)),
        base=0.31,
        coverage=0.47,
        people_in_all=77 + at,
    )


def _association(condition: Condition, other: Condition) -> Association:
    return Association(
        text_en=f"{condition.text_en}: 36 % {other.text_en}, against 9 % of everybody",
        text_zh=f"{condition.text_zh}：36% {other.text_zh}，所有人中为 9%",
        antecedents=(condition,),
        consequent=other,
        people=19,
        support=0.16,
        confidence=0.36,
        interval=span(0.36),
        share=0.09,
        lift=4.0,
        adjusted_lift=3.2,
        p_value=0.002,
    )


def _contrast(segment_id: str, nearest_id: str) -> Contrast:
    items = tuple(
        ContrastItem(
            column="t1",
            block="themes",
            text_en=english,
            text_zh=chinese,
            share=share,
            interval=span(share),
            share_there=there,
            interval_there=span(there),
            difference=share - there,
            difference_interval=Interval(low=share - there - 0.1, high=share - there + 0.1),
            adjusted_ratio=None,
        )
        for english, chinese, share, there in (
            ("wrote about refunds", "写到退款", 0.64, 0.13),
            ("ordered less than twice", "下单不到 2 次", 0.22, 0.57),
        )
    )
    return Contrast(segment_id=segment_id, nearest_id=nearest_id, distance=0.4, items=items)


def behaviour_of(*, hostile: bool = True) -> BehaviourReport:
    """A year of orders with a checked model and 23 unusual customers."""
    reason = UnusualReason(
        kind="largest order",
        text_en="one order of 9,312 EUR; 95 of 100 orders stay below 240 EUR",
        text_zh="有一笔 9,312 EUR 的订单；100 笔订单中有 95 笔低于 240 EUR",
    )
    return BehaviourReport(
        as_of=date(2024, 6, 30),
        first_date=date(2023, 7, 2),
        currency="EUR",
        currencies={"EUR": 388},
        customers_with_orders=97,
        orders=388,
        refunds=6,
        revenue=23_456.5,
        rfm=(
            RfmShare(name="Champions", people=21, spent=13_000.0, share_of_revenue=0.55),
            RfmShare(name="At Risk", people=34, spent=6_456.5, share_of_revenue=0.28),
            RfmShare(name="Lost", people=42, spent=4_000.0, share_of_revenue=0.17),
        ),
        model=ValueModel(
            name="BG/NBD with Gamma-Gamma",
            library="clvkit 0.1",
            parameters={"r": 1.0},
            customers=96,
            fitted_on=96,
            check=HoldoutCheck(
                days=91,
                customers=88,
                expected_orders=104.2,
                observed_orders=99,
                ratio=Interval(low=0.81, high=1.13),
                rank_correlation=0.33,
                beats_chance=True,
            ),
        ),
        unusual=tuple(UnusualCustomer(customer_id=f"secret-{at}", reasons=(reason,)) for at in range(23)),
        notes=(f"orders.csv: amounts from {HOSTILE_COLUMN if hostile else 'total'}",),
    )


def values_of(sizes: dict[str, int]) -> tuple[SegmentValue, ...]:
    """The segments' parts of the year's orders."""
    total = sum(sizes.values())
    return tuple(
        SegmentValue(
            segment_id=name,
            people=people,
            customers_with_orders=people - 3,
            revenue=(Money(currency="EUR", amount=1000.0 + 10 * people, share=people / total),),
            share_of_revenue=people / total,
            median_spent=(Money(currency="EUR", amount=61.4, share=None),),
            expected_value=(Money(currency="EUR", amount=700.0 + people, share=0.2),),
            share_of_expected_value=0.2,
            expected_orders=33.4,
            rfm={"Champions": people // 3, "Lost": people // 2},
            at_risk=people // 4,
        )
        for name, people in sizes.items()
    )


def priorities_of(segment_ids: Sequence[str]) -> tuple[PersonaPriority, ...]:
    """The first segment first."""
    return tuple(
        PersonaPriority(
            segment_id=name,
            rank=at + 1,
            points=38.4 - 7 * at,
            interval=Interval(low=33.1 - 7 * at, high=43.9 - 7 * at),
            parts=(
                PartOfPriority(part="people", share=0.37 - 0.07 * at, weight=0.5),
                PartOfPriority(part="revenue", share=0.4 - 0.07 * at, weight=0.5),
            ),
            sure=at != 1,
        )
        for at, name in enumerate(segment_ids)
    )


def trends_of(segment_ids: Sequence[str]) -> TrendReport:
    """Six months of a rising theme, a steady segment each, and one falling rating."""
    months = [f"2024-{month:02d}" for month in range(1, 7)]
    series = (3, 5, 6, 9, 11, 14)
    change = Change(value=3.1, low=1.6, high=5.9, p=0.001, q=0.004)
    shares = tuple(count / 40 for count in series)
    told: dict[str, Any] = {
        "people": sum(series),
        "series": series,
        "shares": shares,
        "lows": tuple(max(0.0, share - 0.05) for share in shares),
        "highs": tuple(share + 0.05 for share in shares),
    }
    return TrendReport(
        dates=DateReport(documents=412, dated=400, undated=12),
        unit="month",
        periods=tuple(Period(name=name, start=f"{name}-01", people=40, whole=True) for name in months),
        first=0,
        last=5,
        recent=1,
        left_out=0,
        people=115,
        themes=(Trend(key="t1", label=HOSTILE_COLUMN, direction="rising", change=change, **told),),
        segments=tuple(Trend(key=name, label=name, direction="steady", **told) for name in segment_ids),
        feelings=(
            FeelingTrend(
                measure="rating",
                people=100,
                counts=series,
                means=(0.7, 0.6, 0.6, 0.5, 0.5, 0.4),
                lows=(0.6, 0.5, 0.5, 0.4, 0.4, 0.3),
                highs=(0.8, 0.7, 0.7, 0.6, 0.6, 0.5),
                direction="falling",
                change=Change(value=-0.3, low=-0.4, high=-0.2, p=0.001, q=0.004),
            ),
        ),
    )
