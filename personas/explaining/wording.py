"""The words around the numbers, in English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from personas.explaining.columns import FeatureColumn
from personas.explaining.records import Condition, ModelAccuracy, ModelName, Remark
from personas.wording import percent

_EPOCH = date(1970, 1, 1)

LITTLE = 0.1
"""Share of the way from chance to certainty below which features are said to explain hardly anything."""

MODEL_NAMES_ZH: dict[ModelName, str] = {"logistic regression": "逻辑回归", "decision tree": "决策树"}

CIRCULAR = Remark(
    text_en=(
        "The segments were made from the same texts, so what people wrote describes them and does not prove what makes "
        "people belong to them; the customer table, behaviour and feelings alone show what else goes with them."
    ),
    text_zh=(
        "群体正是由这些文字划分出来的，因此人们所写的内容只描述群体，并不证明其成因；"
        "客户表、行为和情感单独的结果说明还有什么与群体相关。"
    ),
)
NO_ASSOCIATIONS = Remark(
    text_en="Association rules were left out: they need mlxtend; install the extra: pip install 'personas[rules]'",
    text_zh="未计算关联规则：需要 mlxtend；请安装：pip install 'personas[rules]'",
)
ONE_GROUP = ("There is only one group: nothing to tell apart.", "只有一个群体，没有可区分的对象。")
NOTHING_KNOWN = (
    "Nothing is known of these people that could tell them apart.",
    "没有可用来区分这些人的信息。",
)
TOO_FEW = (
    "Fewer than two groups have the {least} people that testing on other people takes.",
    "人数达到 {least} 人（交叉检验所需）的群体不足两个。",
)


def word_number(column: FeatureColumn, *, below: bool, threshold: float) -> tuple[str, str]:
    """What is true of people whose number lies below the threshold, or at or above it: in English and in Chinese."""
    english, chinese = column.phrase_en, column.phrase_zh
    if column.scale == "times":
        return _times(english, chinese, below=below, times=threshold)
    if column.scale == "date":
        day = (_EPOCH + timedelta(days=int(threshold))).isoformat()
        if below:
            return f"{english} before {day}", f"{chinese}早于 {day}"
        return f"{english} on {day} or later", f"{chinese}在 {day} 或之后"
    number = f"{percent(threshold)} %" if column.scale == "share" else f"{threshold:,.10g}"
    if column.scale == "medians":
        return _medians(english, chinese, below=below, number=number)
    if column.scale == "days":
        return (
            f"{'fewer than' if below else 'at least'} {number} {english}",
            f"{chinese.removesuffix('的天数')}{'不到' if below else '至少'} {number} 天",
        )
    if column.scale == "amount":
        number = f"{number} {column.unit}".rstrip()
        if below:
            return f"{english} less than {number}", f"{chinese}不到 {number}"
        return f"{english} {number} or more", f"{chinese} {number} 或以上"
    if below:
        return f"{english} below {number}", f"{chinese}低于 {number}"
    return f"{english} {number} or more", f"{chinese} {number} 或以上"


def _medians(english: str, chinese: str, *, below: bool, number: str) -> tuple[str, str]:
    """Money of several currencies, which is told beside what others of the same currency spend."""
    much, much_zh = ("less than", "不到") if below else ("at least", "至少为")
    return (
        f"{english} {much} {number} times what the median customer in their currency spent",
        f"{chinese}{much_zh}同币种客户消费中位数的 {number} 倍",
    )


def _times(english: str, chinese: str, *, below: bool, times: float) -> tuple[str, str]:
    number = f"{times:,.10g}"
    words = {"1": "once", "2": "twice"}.get(number, f"{number} times")
    if not below:
        return f"{english} at least {words}", f"{chinese}至少 {number} 次"
    if times == 1:
        return f"never {english}", f"没有{chinese}"
    return f"{english} {'less' if times == 2 else 'fewer'} than {words}", f"{chinese}不到 {number} 次"


def join_conditions(conditions: Sequence[Condition]) -> tuple[str, str]:
    """All the conditions as one phrase, in English and in Chinese."""
    return (
        " and ".join(condition.text_en for condition in conditions),
        "，且".join(condition.text_zh for condition in conditions),
    )


def word_rule(
    conditions: Sequence[Condition], precision: float, group: str, *, column: str | None = None
) -> tuple[str, str]:
    """A rule as a sentence; `column` names the column that is explained, None where segments are."""
    english, chinese = join_conditions(conditions)
    share = percent(precision)
    if column is None:
        return f"{english}: {share} % are in segment {group}", f"{chinese}：{share}% 属于群体 {group}"
    return f"{english}: {share} % have {column} {group}", f"{chinese}：{share}% 的“{column}”为“{group}”"


def word_association(
    antecedents: Sequence[Condition], consequent: Condition, confidence: float, share: float
) -> tuple[str, str]:
    """An association as a sentence."""
    english, chinese = join_conditions(antecedents)
    return (
        f"{english}: {percent(confidence)} % {consequent.text_en}, against {percent(share)} % of everybody",
        f"{chinese}：{percent(confidence)}% {consequent.text_zh}，所有人中为 {percent(share)}%",
    )


def word_verdict(best: ModelAccuracy, *, column: str | None) -> tuple[str, str]:
    """What the accuracy says, claiming nothing that chance would do as well."""
    value, low, high = percent(best.value), percent(best.interval.low), percent(best.interval.high)
    chance, bound, way = percent(best.chance), percent(best.chance_high), percent(share_explained(best))
    english = (
        f"A {best.model} places {value} % of people right whom it has not seen (95 % interval {low} to {high} %, "
        f"groups weigh the same); guessing gives {chance} %, and up to {bound} % by luck."
    )
    chinese = (
        f"{MODEL_NAMES_ZH[best.model]}对未见过的人判断正确 {value}%（95% 区间 {low}% 到 {high}%，各组等权）；"
        f"猜测为 {chance}%，碰运气最高可达 {bound}%。"
    )
    if not best.beats_chance:
        what, what_zh = ("the segments", "群体") if column is None else (f"“{column}”", f"“{column}”")
        return f"Not better than chance: nothing here explains {what}. {english}", (
            f"不优于随机：这些特征无法解释{what_zh}。{chinese}"
        )
    if share_explained(best) < LITTLE:
        return (
            f"Hardly better than chance: {way} % of the way from chance to certainty. {english}",
            f"仅略优于随机：从随机到完全确定只走了 {way}%。{chinese}",
        )
    return f"Better than chance. {english}", f"优于随机。{chinese}"


def share_explained(accuracy: ModelAccuracy) -> float:
    """How much of the way from chance (0) to placing everybody right (1) a model goes."""
    return (accuracy.value - accuracy.chance) / max(1e-9, 1.0 - accuracy.chance)


def note_sample(sampled: int, people: int) -> Remark:
    """That not everybody was looked at."""
    return Remark(
        text_en=f"The models were fitted and tested on {sampled:,} of {people:,} people, drawn at random.",
        text_zh=f"模型在随机抽取的 {sampled:,} 人（共 {people:,} 人）上训练和检验。",
    )


def note_counted(counted: int, people: int) -> Remark:
    """That rules were counted on a sample."""
    return Remark(
        text_en=f"Rules, associations and contrasts are counted on {counted:,} of {people:,} people, drawn at random.",
        text_zh=f"规则、关联和对比在随机抽取的 {counted:,} 人（共 {people:,} 人）上计数。",
    )


def note_small(groups: Sequence[str], least: int) -> Remark:
    """That some groups are too small to test on."""
    names = ", ".join(groups)
    return Remark(
        text_en=f"Left out of the models, with fewer than {least} people: {names}.",
        text_zh=f"人数不足 {least} 人，未纳入模型：{names}。",
    )


def note_unplaced(people: int) -> Remark:
    """That people without a label were left out."""
    return Remark(text_en=f"Left out, without a label: {people:,}.", text_zh=f"没有标签而未纳入：{people:,} 人。")


def note_several(people: int, column: str) -> Remark:
    """That people with several values cannot be a single label."""
    return Remark(
        text_en=f"Left out, with several values of {column}: {people:,}.",
        text_zh=f"“{column}”有多个值而未纳入：{people:,} 人。",
    )
