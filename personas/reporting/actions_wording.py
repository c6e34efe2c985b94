"""The words of what to do: actions and their trials, recommendations, what products are judged to be."""

from __future__ import annotations

from collections.abc import Mapping

from personas.reporting.report_wording import ReportLanguage, Words

_ENGLISH: Mapping[str, str] = {
    "to_try": "To try",
    "to_try_note": "Hypotheses, each with what would prove it wrong; nothing here was tried.",
    "area_marketing": "Marketing",
    "area_product": "Product",
    "area_service": "Service",
    "area_risk": "Risk",
    "area_growth": "Growth",
    "nothing_for": "Nothing for {areas}: nobody said what an action could rest on.",
    "trial": "How to find out",
    "trial_measure": "{measure}: {baseline} now ({origin}), {target} would be worth it.",
    "from_claim": "as counted here",
    "from_orders": "from the orders",
    "from_assumed": "assumed; put in your own figure",
    "trial_people": "{n} people in each half, drawn at random, show that (two-sided α {alpha}, power {power}).",
    "trial_enough": "It is meant for {people} people: enough.",
    "trial_visible": "It is meant for {people} people: half against half they show nothing nearer than {target}. Place "
    "new customers with personas assign until there are more, or take it as a first look.",
    "trial_none": "It is meant for {people} people: too few to show any change. Place new customers with personas "
    "assign until there are more, or take it as a first look.",
    "goes_with_them": "Goes with them",
    "goes_product": "{item}: {people} of {known} here have it ({share}), {there} elsewhere{ratio}; {reach} have not.",
    "goes_because": "{item}, with {because}: {people} of {known} people who have that have it too ({share}), {there} "
    "of others{ratio}; {reach} here have the one and not the other.",
    "goes_content": "To read or see: {item}; {people} of {known} here bring it up ({share}), {there} elsewhere{ratio}.",
    "ratio": ", {ratio}",
    "judged": "What products are praised and blamed for",
    "judged_note": "Sentences about a product that feel good or bad, counted in people; a word stands here where at "
    "least three people use it, clearly more of those who praise than of those who blame or the other way round, and "
    "no fewer than of other products. Words tell where to look, the sentences what is meant.",
    "judged_people": "{people} wrote about it",
    "judged_bought": "{n} bought it",
    "judged_rating": "mean rating {share} of the scale",
    "praise_blame": "{good} praise it, {bad} blame it",
    "praised": "Praised for",
    "blamed": "Blamed for",
    "point": "{word}: {people}",
    "point_share": "{share} of those who wrote about it",
    "point_shares": "{share} of those who wrote about it, {there} for other products",
    "no_points": "No word is shared by three people.",
    "bar_label": "{product}: {good} people praise it, {bad} blame it",
}

_CHINESE: Mapping[str, str] = {
    "to_try": "可以尝试",
    "to_try_note": "都是假设，各附如何证伪；这里没有一项已经试过。",
    "area_marketing": "营销",
    "area_product": "产品",
    "area_service": "服务",
    "area_risk": "流失风险",
    "area_growth": "增长",
    "nothing_for": "{areas}没有建议：没有人说过可以作为依据的话。",
    "trial": "如何检验",
    "trial_measure": "{measure}：目前 {baseline}（{origin}），达到 {target} 才值得做。",
    "from_claim": "按此处统计",
    "from_orders": "取自订单",
    "from_assumed": "假定值，请换成自己的数字",
    "trial_people": "随机分成两半，每半 {n} 人才看得出（双侧 α {alpha}，检验效能 {power}）。",
    "trial_enough": "涉及 {people} 人：足够。",
    "trial_visible": "涉及 {people} 人：各半比较，只有达到 {target} 才看得出。请用 personas assign 归入更多新客户，"
    "或只当作初步观察。",
    "trial_none": "涉及 {people} 人：太少，看不出任何变化。请用 personas assign 归入更多新客户，或只当作初步观察。",
    "goes_with_them": "适合推荐",
    "goes_product": "{item}：这里 {known} 人中 {people} 人已有（{share}），别处 {there}{ratio}；还有 {reach} 人没有。",
    "goes_because": "{item}（随 {because}）：有后者的 {known} 人中 {people} 人也有它（{share}），"
    "其他人 {there}{ratio}；这里有 {reach} 人只有后者。",
    "goes_content": "内容：{item}；这里 {known} 人中 {people} 人谈到（{share}），别处 {there}{ratio}。",
    "ratio": "，{ratio}",
    "judged": "产品因何受到称赞与批评",
    "judged_note": "关于产品的褒贬语句，按人数统计；一个词至少三人使用、且称赞者用得明显多于批评者（或相反）、"
    "也不少于其他产品，才列在这里。词语指出往哪里看，语句说明是什么意思。",
    "judged_people": "{people}写到它",
    "judged_bought": "{n} 人买过",
    "judged_rating": "平均评分为满分的 {share}",
    "praise_blame": "{good} 人称赞，{bad} 人批评",
    "praised": "称赞",
    "blamed": "批评",
    "point": "{word}：{people}",
    "point_share": "占写到它的人 {share}",
    "point_shares": "占写到它的人 {share}，其他产品 {there}",
    "no_points": "没有三人共用的词。",
    "bar_label": "{product}：{good} 人称赞，{bad} 人批评",
}


class ActionWords(Words):
    """The report's words and those of what to do.

    Args:
        language: of the page.
    """

    def __init__(self, language: ReportLanguage) -> None:
        super().__init__(language)
        self._texts = {**self._texts, **(_ENGLISH if language == "en" else _CHINESE)}
