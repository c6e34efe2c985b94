"""What plain narratives are worded with, in English and Chinese.

`{q}` is what customers say, in quotation marks, `{n}` "50 %, 8 people", `{N}` "50 % (8 people)", `{c}` how others
compare (may be empty), `{list}` several `{q} ({n})`. Openings have several wordings, so that no two personas of a set
begin alike.
"""

from __future__ import annotations

from typing import Final

OPENINGS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "en": {
        "demographics": ("They say who they are: {q} ({n}){c}.", "{N} tell of themselves: {q}{c}."),
        "goals": (
            "They are after something: {q} ({n}){c}.",
            "{N} share an aim: {q}{c}.",
            "Their aim, in their own words: {q} ({n}){c}.",
        ),
        "needs": (
            "Ask what they wish for, and they answer {q} ({n}){c}.",
            "{N} ask for the same thing: {q}{c}.",
            "A wish of theirs, as they word it: {q} ({n}){c}.",
            "Something is missing for them: {q} ({n}){c}.",
        ),
        "pain_points": (
            "What gets in their way: {q} ({n}){c}.",
            "{N} run into the same trouble: {q}{c}.",
            "They write of trouble with {q} ({n}){c}.",
            "Ask what goes wrong, and they answer {q} ({n}){c}.",
            "Things do not go smoothly here: {q} ({n}){c}.",
        ),
        "behaviours": (
            "They tell what they do: {q} ({n}){c}.",
            "{N} do alike: {q}{c}.",
            "A habit they tell of: {q} ({n}){c}.",
        ),
        "values_lifestyle": (
            "More than the product matters here: {q} ({n}){c}.",
            "{N} care for more than the product: {q}{c}.",
        ),
        "price_sensitivity": (
            "Money is on their minds: {q} ({n}){c}.",
            "{N} speak of the price: {q}{c}.",
            "They count what it costs: {q} ({n}){c}.",
        ),
        "satisfaction": (
            "They have something good to tell: {q} ({n}){c}.",
            "{N} praise the same thing: {q}{c}.",
            "Praise is heard here: {q} ({n}){c}.",
            "What pleases them is {q} ({n}){c}.",
        ),
        "loyalty_churn": (
            "Staying or leaving is the question here: {q} ({n}){c}.",
            "{N} weigh staying against leaving: {q}{c}.",
        ),
        "potential": ("There is room for more: {q} ({n}){c}.", "{N} would go further: {q}{c}."),
        "channels": ("They tell where they turn: {q} ({n}){c}.", "{N} name where they look and ask: {q}{c}."),
        "objections": (
            "They voice a doubt: {q} ({n}){c}.",
            "{N} hesitate: {q}{c}.",
            "They need convincing: {q} ({n}){c}.",
        ),
    },
    "zh": {
        "demographics": ("他们这样介绍自己：{q}（{n}）{c}。", "{N}谈到自己：{q}{c}。"),
        "goals": ("他们有想做成的事：{q}（{n}）{c}。", "{N}有同一个目标：{q}{c}。"),
        "needs": (
            "问他们想要什么，他们会说{q}（{n}）{c}。",
            "{N}要的是同一件事：{q}{c}。",
            "他们写下一个愿望：{q}（{n}）{c}。",
            "对他们来说还缺一样：{q}（{n}）{c}。",
        ),
        "pain_points": (
            "让他们为难的是{q}（{n}）{c}。",
            "{N}遇到同样的麻烦：{q}{c}。",
            "他们写到一件麻烦事：{q}（{n}）{c}。",
            "问哪里不顺，他们会说{q}（{n}）{c}。",
            "事情并不顺利：{q}（{n}）{c}。",
        ),
        "behaviours": (
            "他们讲自己怎么用：{q}（{n}）{c}。",
            "{N}的用法相近：{q}{c}。",
            "他们讲到一个习惯：{q}（{n}）{c}。",
        ),
        "values_lifestyle": ("他们看重的不只是产品：{q}（{n}）{c}。", "{N}在意产品之外的事：{q}{c}。"),
        "price_sensitivity": (
            "他们在算账：{q}（{n}）{c}。",
            "{N}谈到价格：{q}{c}。",
            "价钱让他们上心：{q}（{n}）{c}。",
        ),
        "satisfaction": (
            "他们有好话要说：{q}（{n}）{c}。",
            "{N}夸的是同一处：{q}{c}。",
            "让他们满意的是{q}（{n}）{c}。",
        ),
        "loyalty_churn": ("去留是这里的问题：{q}（{n}）{c}。", "{N}在掂量走还是留：{q}{c}。"),
        "potential": ("这里还有余地：{q}（{n}）{c}。", "{N}还想更进一步：{q}{c}。"),
        "channels": ("他们说出了自己找谁：{q}（{n}）{c}。", "{N}提到在哪里看、问、买：{q}{c}。"),
        "objections": ("他们有一层顾虑：{q}（{n}）{c}。", "{N}在犹豫：{q}{c}。"),
    },
}
ANY_OPENING: Final = {
    "en": (
        "One subject they bring up: {q} ({n}){c}.",
        "{N} bring up the same subject: {q}{c}.",
        "Listen to them, and you hear {q} ({n}){c}.",
        "They talk about {q} ({n}){c}.",
        "Their own words say it: {q} ({n}){c}.",
        "Begin with what they write: {q} ({n}){c}.",
        "Here is what they tell: {q} ({n}){c}.",
        "In few words: {q} ({n}){c}.",
    ),
    "zh": (
        "他们提到一个话题：{q}（{n}）{c}。",
        "{N}提起同一件事：{q}{c}。",
        "听他们说话，会听到{q}（{n}）{c}。",
        "他们说起{q}（{n}）{c}。",
        "用他们自己的话说：{q}（{n}）{c}。",
        "先看他们写了什么：{q}（{n}）{c}。",
        "他们写道：{q}（{n}）{c}。",
    ),
}
"""For every attribute, and for those of a schema of the user's own."""

CLAUSES: Final = {
    "en": {
        "demographics": "{N} say of themselves: {q}",
        "goals": "{N} want to get something done: {q}",
        "needs": "{N} ask for {q}",
        "pain_points": "{N} run into {q}",
        "behaviours": "{N} tell what they do: {q}",
        "interests": "{N} bring up {q}",
        "values_lifestyle": "{N} care about more than the product: {q}",
        "price_sensitivity": "{N} speak of the price: {q}",
        "satisfaction": "{N} have praise: {q}",
        "loyalty_churn": "{N} talk of staying or leaving: {q}",
        "potential": "{N} could want more: {q}",
        "channels": "{N} mention where they turn to: {q}",
        "objections": "{N} have doubts: {q}",
    },
    "zh": {
        "demographics": "{N}谈到自己：{q}",
        "goals": "{N}想做成的事：{q}",
        "needs": "{N}希望{q}",
        "pain_points": "{N}遇到{q}",
        "behaviours": "{N}这样使用：{q}",
        "interests": "{N}提到{q}",
        "values_lifestyle": "{N}看重的不只是产品：{q}",
        "price_sensitivity": "{N}谈到价格：{q}",
        "satisfaction": "{N}说好：{q}",
        "loyalty_churn": "{N}说到去留：{q}",
        "potential": "{N}可能还想要{q}",
        "channels": "{N}提到渠道：{q}",
        "objections": "{N}有顾虑：{q}",
    },
}
ANY_CLAUSE: Final = {"en": "{N} say {q}", "zh": "{N}说{q}"}

LISTS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "en": {
        "goals": ("What they want to get done: {list}.", "They are after {list}.", "Their aims: {list}."),
        "needs": ("They ask for {list}.", "What they wish for: {list}.", "Missing for them: {list}."),
        "potential": ("They would go further: {list}.", "Room for more: {list}."),
        "pain_points": ("They run into {list}.", "What goes wrong for them: {list}.", "In their way: {list}."),
        "objections": ("Doubts remain: {list}.", "What holds them back: {list}."),
    },
    "zh": {
        "goals": ("想做成的事：{list}。", "他们的目标：{list}。"),
        "needs": ("他们希望：{list}。", "想要的是{list}。", "还缺的是{list}。"),
        "potential": ("还有余地：{list}。",),
        "pain_points": ("遇到的麻烦：{list}。", "哪里不顺：{list}。", "挡在路上的：{list}。"),
        "objections": ("仍有顾虑：{list}。", "让他们迟疑的：{list}。"),
    },
}
"""The sentences of goals and frustrations, by attribute."""

SPEAKING: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "en": {
        "objections": ("Answer the doubt before they raise it: {q} ({n}).", "Take their doubt seriously: {q} ({n})."),
        "price_sensitivity": ("Be open about the price: {q} ({n}).", "Say early what it costs: {q} ({n})."),
        "values_lifestyle": ("Speak to what matters beside the product: {q} ({n}).",),
        "loyalty_churn": ("Do not take their staying for granted: {q} ({n}).",),
        "channels": ("They name where they turn: {q} ({n}).",),
        "satisfaction": ("Build on what they like: {q} ({n}).", "Remind them of what works: {q} ({n})."),
        "words": (
            "Use their own words: {list}.",
            "Say things as they say them: {list}.",
            "In their own words: {list}.",
        ),
    },
    "zh": {
        "objections": ("先回应他们的顾虑：{q}（{n}）。", "认真对待他们的疑问：{q}（{n}）。"),
        "price_sensitivity": ("价格要说清楚：{q}（{n}）。", "早点说明花费：{q}（{n}）。"),
        "values_lifestyle": ("谈谈产品之外他们看重的：{q}（{n}）。",),
        "loyalty_churn": ("别以为他们一定会留下：{q}（{n}）。",),
        "channels": ("他们说起自己找谁：{q}（{n}）。",),
        "satisfaction": ("从他们满意的地方说起：{q}（{n}）。", "提醒他们好用的一面：{q}（{n}）。"),
        "words": ("用他们的话说：{list}。", "照他们的说法：{list}。"),
    },
}

TABLE: Final = {
    "en": ("By the customer table, {list}.", "{N} have {q}", ", against {there} % elsewhere"),
    "zh": ("客户表显示，{list}。", "{N}为{q}", "（其他人 {there}%）"),
}

HOURS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "en": (
        (
            r"\b(?:mornings?|breakfast|wake|woke|woken|g[eo]t up|dawn|[4-9] ?a\.?m|before work|shower|alarm)\b",
            "In the morning: {list}.",
        ),
        (
            r"\b(?:at work|office|lunch|noon|afternoons?|meetings?|weekdays?|during the day|between classes)\b",
            "During the day: {list}.",
        ),
        (r"\b(?:evenings?|dinner|after work|sunset|tonight|[5-9] ?p\.?m)\b", "In the evening: {list}."),
        (r"\b(?:nights?|midnight|bedtime|asleep|[1-3] ?a\.?m|late shift)\b", "At night: {list}."),
        (r"\b(?:weekends?|saturdays?|sundays?)\b", "At the weekend: {list}."),
    ),
    "zh": (
        (r"早上|早晨|早餐|早饭|起床|清晨|上班前|闹钟", "早上：{list}。"),
        (r"上班|公司|办公室|午饭|中午|下午|开会|白天", "白天：{list}。"),
        (r"下班|晚饭|傍晚|晚上", "晚上：{list}。"),
        (r"深夜|半夜|凌晨|睡前|夜里|熬夜", "深夜：{list}。"),
        (r"周末|周六|周日|星期天", "周末：{list}。"),
    ),
}
"""Hours of a day by the words that name them, in order."""

ONE_OF: Final = {"en": " (one of {people})", "zh": "（{people} 人之一）"}
"""One person's words among those of a claim."""

DAY: Final = {
    "en": {
        "behaviours": "What they do: {list}.",
        "pain_points": "Where the day goes wrong: {list}.",
        "satisfaction": "What makes up for it: {list}.",
        "interests": "What they talk about: {list}.",
    },
    "zh": {
        "behaviours": "他们会做的事：{list}。",
        "pain_points": "一天里不顺的地方：{list}。",
        "satisfaction": "让人舒心的：{list}。",
        "interests": "常聊的话题：{list}。",
    },
}
"""What no hour is known of."""

NOT_STATED: Final = {
    "en": "They say nothing, or too few of them do, of: {list}.",
    "zh": "这些他们没有说，或说的人太少：{list}。",
}
"""The last line of a narrative; it rests on no claim, because there is none."""

AS_IN: Final = {"en": "{q}, as in {quote}", "zh": "{q}——{quote}"}
"""A bare word, with a sentence that shows what is meant by it."""
