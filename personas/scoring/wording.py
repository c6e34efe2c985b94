"""What each number of a scorecard means, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from personas.attributes import OutputLanguage
from personas.records import Score
from personas.scoring import names

_LABELS: Mapping[str, tuple[str, str]] = {
    names.GROUNDED: ("grounded", "有据"),
    names.COVERED: ("people covered", "覆盖人数"),
    names.COMPLETE: ("completeness", "完整"),
    names.DISTINCT: ("distinctness", "区分"),
    names.CONSISTENT: ("consistency", "一致"),
    names.STABLE: ("stability", "稳定"),
    names.FIT: ("fit", "吻合"),
}

_MEANINGS: Mapping[str, tuple[str, str]] = {
    names.GROUNDED: (
        "Claims and sentences whose quotes stand letter by letter in their documents, or that a table carries. Below "
        "100 % something is wrong: do not use it.",
        "引文逐字见于原文、或由表格支撑的结论与句子所占比例。低于 100% 说明有错误，请勿使用。",
    ),
    names.COVERED: (
        "People who say at least one of the claims. The rest belong here by how they write and are not heard in it.",
        "至少说过其中一条结论的人所占比例。其余的人因所写内容相近而归入，但这里听不到他们的声音。",
    ),
    names.COMPLETE: (
        "Attributes asked for that have a claim enough people carry. What nobody speaks of stays open: a low share "
        "says that the documents are silent, not that the persona is wrong.",
        "所询问的属性中，有足够多人支持其结论的比例。没人谈到的就空着：比例低说明材料没有提及，并不说明画像有误。",
    ),
    names.DISTINCT: (
        "How often a member says more of its claims than a member of the persona hardest to tell from it who wrote as "
        "much; chance is 50 %. Low: much of this would fit the other too. The segments were made from the same words, "
        "so it flatters.",
        "与最难区分的画像中篇幅相近的成员相比，本画像成员说中更多条结论的概率；随机为 50%。"
        "低：许多内容放在对方身上也合适。"
        "群体正是由这些话划分的，因此数值偏乐观。",
    ),
    names.CONSISTENT: (
        "Claims that no other claim of the persona and not enough of its own people contradict.",
        "未被该画像的其他结论、也未被足够多的成员反驳的结论所占比例。",
    ),
    names.STABLE: (
        "How far the same people come together again when a fifth of all is left out: 1 is always, below 0.6 it is a "
        "tendency.",
        "去掉五分之一的人后，同样的人在多大程度上重新聚在一起：1 表示总是如此，低于 0.6 只是一种倾向。",
    ),
    names.FIT: (
        "Members held out: the segments are made without them, ten times, and they go to the nearest. How often that "
        "is their own persona; compare it with chance.",
        "留出成员：在不含这些人的情况下重新划分群体（十次），再看他们最接近哪个画像，其中归入自己画像的比例。请与随机水平比较。",
    ),
}

_UNSCORED: Mapping[str, str] = {
    names.NO_CLAIMS: "没有结论",
    names.NO_WORDS: "没有一条结论出自文字",
    names.NOT_GROUPED: "群体不是找出来的，而是给定的：按某一列，或所有人为一组",
    names.ALONE: "没有其他画像可比",
    names.NOT_PLACED: "没有成员被留出后重新归类",
}

_COUNTED: Mapping[str, tuple[str, str]] = {
    names.GROUNDED: ("{count} of {total} claims and sentences", "{total} 条结论与句子中的 {count} 条"),
    names.COVERED: ("{count} of {total} people", "{total} 人中的 {count} 人"),
    names.COMPLETE: ("{count} of {total} attributes", "{total} 项属性中的 {count} 项"),
    names.CONSISTENT: ("{count} of {total} claims", "{total} 条结论中的 {count} 条"),
    names.FIT: ("{count} of {total} trials; by chance {chance}", "{total} 次检验中的 {count} 次；随机为 {chance}"),
}

_TEXTS: Mapping[str, tuple[str, str]] = {
    "scorecard": ("Scorecard", "评分卡"),
    "note": (
        "Computed from the claims, the people and their words; no model is asked how good it is.",
        "由结论、人数与原话计算得出，不由模型打分。",
    ),
    "measure": ("measure", "指标"),
    "value": ("value", "数值"),
    "counted": ("counted", "依据"),
    "all": ("all", "全部"),
    "meaning": ("what it means", "含义"),
    "unscored": ("not scored", "未评分"),
    "against": ("of pairs with a member of “{name}”; by chance 50 %", "与“{name}”成员两两相比；随机为 50%"),
    "mean": ("mean over the personas, by people; by chance 50 %", "各画像按人数加权平均；随机为 50%"),
    "stable_of_segment": ("overlap of the segment, mean over resamples", "群体在重抽样中的平均重合度"),
    "stable_of_set": ("agreement of the whole grouping, mean over resamples", "整个分群在重抽样中的平均一致度"),
    "halves": (
        "Halves of what people wrote fall into the same segment at {kappa} (0 is chance, 1 always).",
        "同一人所写内容的两半落入同一群体的一致度为 {kappa}（0 为随机，1 为总是）。",
    ),
    "circular": (
        "That is hardly more than chance: the fit mirrors how the segments were made, not people who differ.",
        "这几乎与随机无异：吻合度反映的是划分的方式，而不是真有差别的人群。",
    ),
}

HARDLY_MORE = 0.2
"""Agreement of halves (kappa) up to which it is slight.

Source: Landis, Koch: The measurement of observer agreement for categorical data, Biometrics 33 (1977).
"""


class ScoreWords:
    """The words of scorecards.

    Args:
        language: of the reader.
    """

    def __init__(self, language: OutputLanguage) -> None:
        self.language = language
        self._at = int(language == "zh")

    def __call__(self, key: str) -> str:
        """A heading or remark."""
        return _TEXTS[key][self._at]

    def label(self, score: Score) -> str:
        """What the measure is called; its name where it is none of ours (a set made by an older version)."""
        return _LABELS.get(score.name, (score.name, score.name))[self._at]

    def meaning(self, score: Score) -> str:
        """What the number means; empty for a measure that is none of ours."""
        return _MEANINGS.get(score.name, ("", ""))[self._at]

    def value(self, score: Score) -> str:
        """The number: a percentage of what was counted, else two decimals."""
        if score.value is None:
            return self("unscored")
        return f"{score.value:.2f}" if score.name == names.STABLE else self._percent(score.value)

    def told(self, score: Score, called: Mapping[str, str], *, of_set: bool = False) -> str:
        """What it was counted from, or why there is no number.

        Args:
            score: of a persona or the set.
            called: persona id -> name.
            of_set: whether it is of the set.
        """
        if score.value is None:
            return _UNSCORED.get(score.reason, score.reason) if self.language == "zh" else score.reason
        if score.name in _COUNTED and score.total is not None:
            chance = self._percent(score.chance or 0.0)
            return _COUNTED[score.name][self._at].format(count=score.count, total=score.total, chance=chance)
        if score.name == names.DISTINCT:
            other = called.get(score.nearest, score.nearest)
            return self("against").format(name=other) if score.nearest else self("mean")
        if score.name == names.STABLE:
            return self("stable_of_set" if of_set else "stable_of_segment")
        return score.reason

    def halves(self, agreement: float | None) -> str:
        """What is to be said of the fit beside it; empty where nobody wrote enough for two halves.

        Args:
            agreement: of halves of what people wrote, beyond chance.
        """
        if agreement is None:
            return ""
        said = self("halves").format(kappa=f"{agreement:.2f}")
        between = "" if self.language == "zh" else " "
        return f"{said}{between}{self('circular')}" if agreement <= HARDLY_MORE else said

    def _percent(self, share: float) -> str:
        # What is not quite all must not read as all.
        rounded = 99 if 0.99 < share < 1 else round(100 * share)
        return f"{rounded}%" if self.language == "zh" else f"{rounded} %"


def tell_scores(
    scores: Sequence[Score], language: OutputLanguage, names: Mapping[str, str], *, of_set: bool = False
) -> list[str]:
    """A line for each measure, for a terminal: the number and what it was counted from; of a set also what it means.

    Args:
        scores: of a persona or the set.
        language: of the reader.
        names: persona id -> name.
        of_set: whether they are of the set.
    """
    words, colon, dash = ScoreWords(language), "：" if language == "zh" else ": ", "。" if language == "zh" else ". "
    lines = []
    for score in scores:
        told = words.told(score, names, of_set=of_set)
        said = f"{words.label(score)}{colon}{words.value(score)} ({told})"
        lines.append(f"{said}{dash}{words.meaning(score)}" if of_set and words.meaning(score) else said)
    return lines
