"""How words stand in their sentence: meant, negated, supposed, asked, another's, past, of another product, mentioned.

A cue such as "too expensive" tells of the writer only where the writer means it, now, of this product. The tests look
at the sentence around the cue; each takes one kind of sentence out, and a tag is left blank rather than wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

Way = Literal["n", "h", "q", "r", "p", "o", "s", "m"]
"""Negated, hypothetical, question, reported, past, other product, sarcastic, mentioned and not said."""

_PEOPLE: Final = (
    r"friends?|sisters?|brothers?|mums?|moms?|mothers?|dads?|fathers?|wife|husband|partner|boyfriend|girlfriend|son|"
    r"daughter|kids?|colleagues?|co-?workers?|boss|manager|neighbou?rs?|roommates?|flatmates?|cousins?|uncle|aunt|"
    r"in-laws?|budd(?:y|ies)|mates?|parents|grandma|grandmother|grandfather|grandpa|teammates?|reviewers?|reviews?|"
    r"guy|woman|lady|man|clients?|customers?|people|others|folks|salesman|rep|students?|teacher|doctor|accountant|"
    r"blog(?:ger)?s?|article|forum|press|critics?|landlord|guests?|users?"
)
_OTHER_SUBJECT: Final = re.compile(
    rf"(?:(?:^|[,;:.!?(\"“]\s*|\b(?:and|but|because|that|while|when|as|so|although|though|since|where|like"
    rf"|says?|said|heard|read|"
    rf"know|think)\s+)"
    rf"(?:(?:my|our|his|her|their|the|a|an|some|one of my|one of our|most|many|several|two of my|other|few"
    rf"|a few|lots of)\s+)?"
    rf"(?:[\w-]+\s+){{0,2}}?(?:{_PEOPLE})\b(?!\s+(?:and|&)\s+(?:i|me)\b)(?:'s\b)?)"
    r"|\b(?:he|she|everyone|everybody|someone|somebody|anyone|anybody|nobody|those who|people who|others)\b"
    r"|\b(?:they|people|some|many)\s+(?:\w+\s+)?(?:say|says|said|claim|claims|claimed|think|thinks|thought"
    r"|complain|complained|"
    r"complains|told|tell|keep saying|warned|argue|argued|feel|find|found it)\b"
    r"|\b(?:according to|(?:i|we) (?:heard|read|was told|were told|am told|hear|was warned|were warned)|(?:i"
    r"|we)'ve (?:heard|read|been told|been warned)|(?:was|been|got) warned|warn(?:s|ed)? (?:me|us)"
    r"|rumou?r has it|supposedly|allegedly)\b"
)
_OBJECT_BEFORE: Final = re.compile(
    r"\b(?:for|with|to|by|from|of|at|on|told|tell|asked|like|than|convinced|recommended)\s*$"
)
_SELF: Final = re.compile(r"\b(?:i|we)(?:'m|'ve|'d|'ll|'re)?\b|\b(?:me|us|myself)\b(?=\s*(?:,|too|as well|either))")
_WAS_TOLD: Final = re.compile(
    r"(?:i|we) (?:heard|read|hear|(?:was|were|am) (?:told|warned))|(?:i|we)'ve (?:heard|read|been)|me\b|us\b"
)
_AGREES: Final = re.compile(
    r"\b(?:and (?:i|we) agree|(?:i|we) (?:have to |must |fully |totally |completely |can only )?agree"
    r"|so do (?:i|we)|same here|"
    r"me too|i do too|(?:he|she|they)(?:'s|'re| is| are| was| were)? (?:so |totally |absolutely )?right"
    r"|same for me|and i (?:feel|think) the same|"
    r"can'?t (?:dis)?agree)\b"
)
_SUPPOSED: Final = re.compile(
    r"\b(?:if|unless|in case|suppose|supposing|imagine|were (?:it|they|i) to|had (?:it|they|i) been|whether|assuming|"
    r"as long as|would have|could have|might have|hypothetically|in theory|let's say|what if|someday|one day)\b"
    r"|\b(?:one more|another) .{0,40}\band\b"
)
_MODAL: Final = re.compile(r"\b(?:might|may|could|would|'d|should|perhaps|maybe|possibly)\s+(?:\w+\s+){0,4}$")
_IF_AFTER: Final = re.compile(r"^\W*(?:[\w']+\W+){0,8}?(?:if|unless|only if|in case)\b")
_NEGATED: Final = re.compile(
    r"(?:\b(?:not(?! only| just| to mention)|never|hardly|without|neither|nor|cannot|rather than|instead of"
    r"|far from|anything but|refus\w+ to|stopped|"
    r"no (?:reason|plans?|intention|need|wish|desire|way|longer|one)|nothing|isn|wasn|aren|don|doesn|didn|won"
    r"|can|couldn|"
    r"wouldn|haven|hasn|ain|nobody|none|less|no)\b(?:'?t\b)?|n't\b|\b(?:dont|doesnt|didnt|isnt|wasnt|wont|cant)\b)"
    r"\s*(?:[\w'-]+\s+){0,5}[\w'-]*\s*$"
)
_NEGATED_PLAIN: Final = re.compile(r"\bcan\s+(?:[\w'-]+\s+){0,5}$|\b(?:don|won)\s+(?:[\w'-]+\s+){0,5}$")
_NEGATION_INSIDE: Final = re.compile(r"\b(?:not|never|hardly|no longer|cannot)\b|n't\b")
_FALSE_NEGATION: Final = re.compile(
    r"\b(?:can'?t help (?:but|\w+ing)|no doubt|no wonder|not only|not just|why not|cannot help|no question"
    r"|no joke|not gonna lie|"
    r"not going to lie|not to mention|no matter|no surprise|not sure (?:why|how)|don'?t get me wrong)\b"
)
_PAST: Final = re.compile(
    r"\b(?:used to|at first|initially|in the beginning|back then|in the past|years ago|almost|nearly|formerly"
    r"|previously|"
    r"was (?:about|going|tempted|close|ready|planning|thinking)|were (?:about|going|tempted|close|planning|thinking)|"
    r"(?:had|i'd) (?:planned|thought|considered|almost|nearly)|once (?:thought|considered)|"
    r"i (?:thought|expected|feared|assumed|believed|worried)|i was (?:afraid|worried|expecting|skeptical"
    r"|sceptical|afraid)|before i (?:found|bought|switched|started|joined|came)|"
    r"when i (?:was|still|first)|before (?:switching|coming|joining))\b"
)
_TAKEN_BACK: Final = re.compile(
    r"\b(?:but|though|until|then|however|yet|and then|before|only to)\b.{0,70}\b(?:i (?:stayed|stay)"
    r"|changed my mind|not any ?more|no longer|"
    r"(?:decided|chose) (?:to stay|to keep|against|not to)|(?:totally |well |absolutely |it'?s |still |was "
    r"|is |definitely )worth|don'?t mind|i'?m staying|still here|glad i did|"
    r"(?:got|been|was|is now|now) (?:fixed|sorted|solved|resolved)|won me (?:back|over)|stuck with|kept it"
    r"|i get what i pay|you get what you pay|"
    r"wouldn'?t (?:change|trade|go)|never did|didn'?t|happy to pay|gladly pay)\b"
)
_OTHER_PRODUCT: Final = re.compile(
    r"\b(?:competitors?(?:'s)?|competing|other (?:brands?|companies|apps?|shops?|providers?|services?"
    r"|products?|ones|places|stores|tools|"
    r"machines|options|vendors|restaurants|hotels)|another (?:brand|company|shop|provider|app|one|store)|"
    r"(?:the|my|our) (?:old|last|previous|former|other|ex) [\w-]+|unlike|rivals?(?:'s)?|alternatives"
    r"|most (?:brands|apps|providers|products|shops)|"
    r"everywhere else|elsewhere|the rest of the market|the big brands)\b(?:[^,;]*)$"
)
_SARCASM: Final = re.compile(
    r"yeah,? right|\bas if\b|said no one|/s\b|🙄|😏|\bjust kidding\b|\bjk\b|\bjoking\b|\bnot!\s*$"
)
_CLAUSE: Final = re.compile(r"[,;:()—–]|\s-\s|\b(?:but|because|although|though|while|whereas|so|since|however|and)\b")
_TURN: Final = re.compile(r"\b(?:but|however|nevertheless|still,)\b")

_ZH_OTHER: Final = re.compile(
    r"(?:朋友|同事|老公|老婆|媳妇|丈夫|妻子|妈妈|我妈|我爸|爸爸|婆婆|公公|姐姐|妹妹|哥哥|弟弟|闺蜜|邻居|别人|有人|有些人|很多人|大家|他们|她们|室友|舍友|评论里?|网上|网友|"
    r"亲戚|表姐|表哥|男友|女友|男朋友|女朋友|老板|领导|客户|同学|孩子|儿子|女儿|对象|身边的?人|某些人|其他人|她|他(?!家))(?:们)?"
)
_ZH_SPEECH: Final = re.compile(
    r"听说|据说|听人说|提醒(?:过)?(?:我|我们|大家)|警告(?:过)?(?:我|我们)|劝(?:过)?(?:我|我们)|叫我小心|让我小心|怕我|看(?:到)?(?:有人|网上|评论)|传闻|(?:朋友"
    r"|同事|别人|有人|他|她|妈|大家)\S{0,4}(?:说|觉得|认为|抱怨|吐槽|嫌|劝)"
)
_ZH_SELF: Final = re.compile(
    r"我(?!朋友|同事|老公|老婆|妈|爸|闺蜜|邻居|室友|姐|妹|哥|弟|儿子|女儿|对象|媳妇|家(?:人|里))|咱|自己|本人"
)
_ZH_AGREES: Final = re.compile(
    r"我也(?:这么|这样|是|觉得|认为|同意|一样)|确实如此|我同意|说得对|没说错|说的没错|深有同感"
)
_ZH_SUPPOSED: Final = re.compile(
    r"如果|要是|假如|假设|除非|万一|倘若|若(?!干)|即使|就算|哪怕|的话|可能会|也许|或许|说不定|没准|将来|哪天|早晚有"
)
_ZH_NEGATED: Final = re.compile(
    r"(?:不(?!过|但|仅|管|得不|愧|光|止|少|断|停)|没有?(?!想到)|未|别(?!家|的|人)|并不|并非|从不|毫不|无需|不用|不必|谈不上|算不上|说不上|不至于|不觉得|不认为|不是)\S{0,5}$"
)
_ZH_PAST: Final = re.compile(
    r"以前|之前|当初|一开始|曾经?|原来|本来|原本|刚开始|起初|最初|过去|差点|差一点|险些|几乎|那时候?|早年|早先|当时"
)
_ZH_TAKEN_BACK: Final = re.compile(
    r"(?:但|但是|不过|可是|可|后来|最后|结果|然而|现在|还是)\S{0,16}(?:值|不后悔|留下|没换|继续用|继续买|改变主意|解决了|好多了|能接受|可以接受|也认|不亏|真香|放弃了?这个念头"
    r"|没舍得|打消|算了)"
)
_ZH_OTHER_PRODUCT: Final = re.compile(
    r"(?:别家|别的(?:牌子|品牌|店|家|平台|产品|软件)|其[他它](?:家|牌子|品牌|店|平台|产品|软件|的)|另一家|竞品|上一[个家款台]|以前(?:那|用)|隔壁|对手|人家|同类|市面上"
    r"|大牌|不像|相比之下|前一[家个款])[^，,。；;]*$"
)
_ZH_SARCASM: Final = re.compile(r"呵呵|才怪|可真行|\[狗头\]|\[doge\]|🙄|😏|反话|开玩笑|您真行|你真行|谢谢您嘞|真有你的")
_ZH_CLAUSE: Final = re.compile(r"[，,；;：:、（）()\s]|但是?|不过|可是|因为|所以|而且|然后|却")
_ZH_TOPIC_BEFORE: Final = re.compile(r"(?:关于|至于|对于|针对|问(?:到|起)?|提(?:到|起)|(?:谈|聊|讲|说)(?:到|起)|念叨)$")
_ZH_TOPIC_AFTER: Final = re.compile(
    r"^(?:这?(?:方面|一块|块儿)|的(?:事|问题|话题|讨论|说法)|(?:这|那)(?:事|问题|话题))"
)
_ZH_QUESTION: Final = re.compile(r"(?:吗|么|呢|吧)?[？?]+\S{0,2}$|吗[。！]?$|是不是|会不会|有没有人|请问|难道")


@dataclass(frozen=True)
class Standing:
    """A cue's place: the sentence in lower case, and where the cue stands in it."""

    sentence: str
    start: int
    end: int
    chinese: bool

    @cached_property
    def before(self) -> str:
        """What the sentence says before the cue."""
        return self.sentence[: self.start]

    @cached_property
    def after(self) -> str:
        """What the sentence says after the cue."""
        return self.sentence[self.end :]

    @cached_property
    def clause_before(self) -> str:
        """What the cue's own clause says before it."""
        pattern = _ZH_CLAUSE if self.chinese else _CLAUSE
        cut = max((match.end() for match in pattern.finditer(self.before)), default=0)
        return self.before[cut:]

    @cached_property
    def since_turn(self) -> str:
        """What stands before the cue and behind the last "but"."""
        cut = max((match.end() for match in _TURN.finditer(self.before)), default=0)
        return self.before[cut:]

    @cached_property
    def words(self) -> str:
        """The cue."""
        return self.sentence[self.start : self.end]

    def ways(self) -> frozenset[Way]:
        """Every way in which the cue is not plainly meant."""
        tests: Mapping[Way, Callable[[Standing], bool]] = _CHINESE_TESTS if self.chinese else _ENGLISH_TESTS
        return frozenset(way for way, test in tests.items() if test(self))


def _reported(at: Standing) -> bool:
    others = [
        match.start()
        for match in _OTHER_SUBJECT.finditer(at.before + " ")
        if not _OBJECT_BEFORE.search(at.before[: match.start()])
    ]
    if not others:
        return False
    own = max((match.start() for match in _SELF.finditer(at.sentence[: at.end])), default=-1)
    if own > others[-1] and not _WAS_TOLD.match(at.before[own:]):
        return False
    return not _AGREES.search(at.after)


def _supposed(at: Standing) -> bool:
    return bool(_SUPPOSED.search(at.since_turn) or _MODAL.search(at.clause_before) or _IF_AFTER.search(at.after))


def _negated(at: Standing) -> bool:
    before = _FALSE_NEGATION.sub(" ", at.clause_before.rstrip() + " ")
    if _NEGATION_INSIDE.search(at.words):
        return True
    return bool(_NEGATED.search(before)) and not _NEGATED_PLAIN.search(before)


def _past(at: Standing) -> bool:
    return bool(_PAST.search(at.since_turn + at.words) or _TAKEN_BACK.search(at.after))


_ENGLISH_TESTS: Final[Mapping[Way, Callable[[Standing], bool]]] = {
    "n": _negated,
    "h": _supposed,
    "q": lambda at: at.sentence.rstrip("\"'”’) ").endswith("?"),
    "r": _reported,
    "p": _past,
    "o": lambda at: bool(_OTHER_PRODUCT.search(at.since_turn)),
    "s": lambda at: bool(_SARCASM.search(at.sentence)),
}


def _chinese_reported(at: Standing) -> bool:
    if _ZH_AGREES.search(at.after):
        return False
    own = max((match.start() for match in _ZH_SELF.finditer(at.before + at.words)), default=-1)
    others = [match.start() for match in _ZH_OTHER.finditer(at.before)]
    # "有人提醒我…": the cue may begin with the very 我 that was told.
    told = [match.end() for match in _ZH_SPEECH.finditer(at.before + at.words[:1])]
    objects = {
        position for position in others if re.search(r"(?:给|和|跟|与|让|带|把|被|帮|陪|向|对)$", at.before[:position])
    }
    return max([position for position in others if position not in objects] + told, default=-1) > own


_CHINESE_TESTS: Final[Mapping[Way, Callable[[Standing], bool]]] = {
    "n": lambda at: bool(_ZH_NEGATED.search(at.clause_before)),
    "h": lambda at: bool(_ZH_SUPPOSED.search(at.before)),
    "q": lambda at: bool(_ZH_QUESTION.search(at.sentence)),
    "r": _chinese_reported,
    "p": lambda at: bool(_ZH_PAST.search(at.before) or _ZH_TAKEN_BACK.search(at.after)),
    "o": lambda at: bool(_ZH_OTHER_PRODUCT.search(at.before)),
    "s": lambda at: bool(_ZH_SARCASM.search(at.sentence)),
    "m": lambda at: bool(_ZH_TOPIC_BEFORE.search(at.before) or _ZH_TOPIC_AFTER.match(at.after)),
}
