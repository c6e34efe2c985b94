"""Claims that say the opposite of one thing are found, and others are left alone."""

from __future__ import annotations

import pytest

from personas.agent.opposition import OppositionFinder, Statement
from personas.evidence import EvidenceBase

Pair = tuple[str, str, str, str]
"""Attribute and value of one claim, and of the other."""

OPPOSED: list[Pair] = [
    ("behaviours", "ships fast", "pain_points", "slow delivery"),
    ("satisfaction", "delivery was quick", "pain_points", "delivery is slow"),
    ("satisfaction", "the app is reliable", "pain_points", "the app is flaky"),
    ("satisfaction", "easy to install", "pain_points", "hard to install"),
    ("satisfaction", "pairing works at once", "pain_points", "pairing never works"),
    ("satisfaction", "love the customer support", "pain_points", "customer support is awful"),
    ("price_sensitivity", "cheap capsules", "price_sensitivity", "capsules are expensive"),
    ("loyalty_churn", "I will renew the subscription", "loyalty_churn", "I will not renew the subscription"),
    ("satisfaction", "quiet grinder", "pain_points", "the grinder is loud"),
    ("satisfaction", "battery lasts for days, great", "pain_points", "terrible battery"),
    ("behaviours", "we use it every day", "behaviours", "we do not use it every day"),
    ("satisfaction", "clean rooms", "pain_points", "the room was dirty"),
]
OPPOSED_ZH: list[Pair] = [
    ("satisfaction", "发货快", "pain_points", "发货太慢"),
    ("satisfaction", "服务态度热情", "pain_points", "服务态度冷淡"),
    ("satisfaction", "环境安静", "pain_points", "环境太吵"),
    ("price_sensitivity", "价格便宜", "price_sensitivity", "价格太贵"),
    ("satisfaction", "汤底味道很棒", "pain_points", "汤底味道太差"),
    ("loyalty_churn", "下次还会再来", "loyalty_churn", "下次不会再来"),
    ("satisfaction", "上菜速度快", "pain_points", "上菜慢"),
]
UNOPPOSED: list[Pair] = [
    ("satisfaction", "love the espresso", "pain_points", "the app crashes"),
    ("pain_points", "cannot connect to wifi", "pain_points", "wifi connection fails"),
    ("satisfaction", "wifi setup is easy", "pain_points", "capsules are expensive"),
    ("needs", "would like a cheap option", "pain_points", "too expensive"),
    ("pain_points", "slow to load", "satisfaction", "fast delivery"),
    ("behaviours", "log in every morning", "behaviours", "log out at night"),
    ("satisfaction", "not slow at all", "satisfaction", "fast shipping"),
    ("pain_points", "the machine does not heat", "satisfaction", "the machine looks nice"),
    ("satisfaction", "great crema", "pain_points", "grinder is loud"),
    ("pain_points", "app loses the wifi", "satisfaction", "love the app design"),
    ("interests", "grind size for espresso", "pain_points", "espresso tastes bitter"),
    ("price_sensitivity", "price went up again", "price_sensitivity", "price is too high"),
    ("satisfaction", "happy with the foam", "satisfaction", "the steam wand is strong"),
    ("pain_points", "no discount for capsules", "pain_points", "capsules cost too much"),
    # Of the Kettlebird example: a word that everybody uses is not what two claims have in common.
    ("pain_points", "the app is the problem", "satisfaction", "love the app"),
]
UNOPPOSED_ZH: list[Pair] = [
    ("satisfaction", "牛肉新鲜", "pain_points", "排队太久"),
    ("pain_points", "排队太久", "pain_points", "等位时间长"),
    ("satisfaction", "味道不错", "pain_points", "服务太差"),
    ("needs", "希望便宜一点", "pain_points", "价格太贵"),
    ("satisfaction", "毛肚脆", "satisfaction", "牛肉嫩"),
    ("pain_points", "服务员不理人", "pain_points", "服务员态度差"),
    ("satisfaction", "汤底很香", "pain_points", "环境太吵"),
    # Of the restaurant reviews: 小 and 大 within other words.
    ("interests", "绕到建设路上才看到四个小字:林家咖啡", "pain_points", "大老远的以为是星巴克呢"),
]

# Written after the constants were set, and looked at once.
HELD_OUT: list[tuple[bool, Pair]] = [
    (True, ("satisfaction", "the breakfast is delicious", "pain_points", "breakfast was bland")),
    (True, ("satisfaction", "staff are friendly", "pain_points", "rude staff at reception")),
    (True, ("price_sensitivity", "good value for money", "price_sensitivity", "poor value for money")),
    (True, ("behaviours", "I always pay by card", "behaviours", "I never pay by card")),
    (True, ("satisfaction", "search works well", "pain_points", "search does not work")),
    (True, ("satisfaction", "updates are frequent and stable", "pain_points", "updates keep breaking things")),
    (True, ("satisfaction", "transfers arrive quickly", "pain_points", "transfers take forever")),
    (True, ("objections", "I trust the bank", "objections", "I do not trust the bank")),
    (True, ("satisfaction", "comfortable beds", "pain_points", "uncomfortable beds")),
    (True, ("satisfaction", "documentation is clear", "pain_points", "documentation is confusing")),
    (True, ("loyalty_churn", "I recommend it to friends", "loyalty_churn", "cannot recommend it to friends")),
    (True, ("pain_points", "portions are too small", "satisfaction", "portions are huge")),
    (False, ("satisfaction", "friendly staff", "pain_points", "rooms are noisy")),
    (False, ("pain_points", "search is slow", "pain_points", "search misses results")),
    (False, ("satisfaction", "love the breakfast", "pain_points", "no vegan options at breakfast")),
    (False, ("behaviours", "I pay by card", "pain_points", "card reader broken")),
    (False, ("satisfaction", "beds are soft", "pain_points", "pillow too hard")),
    (False, ("needs", "I wish the search were faster", "pain_points", "slow search")),
    (False, ("satisfaction", "easy to book online", "pain_points", "hard to cancel a booking")),
    (False, ("pain_points", "app logs me out", "pain_points", "app does not log in")),
    (False, ("interests", "early check-in", "interests", "late check-out")),
    (False, ("price_sensitivity", "cheap rooms", "price_sensitivity", "expensive minibar")),
    (False, ("pain_points", "no reply from support", "pain_points", "support replies too late")),
]
HELD_OUT_ZH: list[tuple[bool, Pair]] = [
    (True, ("satisfaction", "房间干净", "pain_points", "房间很脏")),
    (True, ("satisfaction", "客服回复快", "pain_points", "客服回复慢")),
    (True, ("satisfaction", "物流很快", "pain_points", "物流太慢了")),
    (True, ("satisfaction", "包装完好", "pain_points", "包装破损")),
    (True, ("loyalty_churn", "我会推荐给朋友", "loyalty_churn", "我不会推荐给朋友")),
    (True, ("satisfaction", "口感细腻", "pain_points", "口感粗糙")),
    (True, ("satisfaction", "操作简单", "pain_points", "操作太复杂")),
    (False, ("satisfaction", "房间干净", "pain_points", "隔音太差")),
    (False, ("pain_points", "物流慢", "satisfaction", "客服态度好")),
    (False, ("pain_points", "客服不回复", "pain_points", "客服回复慢")),
    (False, ("needs", "想要更便宜的套餐", "pain_points", "套餐太贵")),
    (False, ("satisfaction", "电池耐用", "pain_points", "屏幕不清楚")),
    (False, ("satisfaction", "早餐丰富", "pain_points", "早餐要排队")),
    (False, ("behaviours", "买了大号", "pain_points", "鞋子小了")),
]


def opposed(base: EvidenceBase, pair: Pair, themes: str = "") -> bool:
    first, one, second, other = pair
    finder = OppositionFinder(
        base,
        [
            Statement(attribute=key, value=value, themes=frozenset(themes.split()), space=base.corpus.spaces[0])
            for key, value in ((first, one), (second, other))
        ],
    )
    found = finder.compare(0, 1)
    assert (finder.compare(1, 0) is None) == (found is None), "which comes first must not matter"
    return found is not None


@pytest.mark.parametrize("pair", OPPOSED, ids=lambda pair: pair[1])
def test_opposites_are_found(english_base: EvidenceBase, pair: Pair) -> None:
    assert opposed(english_base, pair)


@pytest.mark.parametrize("pair", OPPOSED_ZH, ids=lambda pair: pair[1])
def test_opposites_are_found_in_chinese(chinese_base: EvidenceBase, pair: Pair) -> None:
    assert opposed(chinese_base, pair)


@pytest.mark.parametrize("pair", UNOPPOSED, ids=lambda pair: pair[1])
def test_what_speaks_of_different_things_is_no_contradiction(english_base: EvidenceBase, pair: Pair) -> None:
    assert not opposed(english_base, pair)


@pytest.mark.parametrize("pair", UNOPPOSED_ZH, ids=lambda pair: pair[1])
def test_what_speaks_of_different_things_is_no_contradiction_in_chinese(chinese_base: EvidenceBase, pair: Pair) -> None:
    assert not opposed(chinese_base, pair)


def test_a_theme_in_common_says_that_two_claims_are_about_one_thing(english_base: EvidenceBase) -> None:
    pair = ("satisfaction", "quick to arrive", "pain_points", "slow couriers")
    assert not opposed(english_base, pair)
    assert opposed(english_base, pair, "t1 t2")


def test_pairs_that_nothing_was_set_on(english_base: EvidenceBase, chinese_base: EvidenceBase) -> None:
    """Precision counts: what is flagged wrongly puts a doubt where there is none; docs/agent.md tells both."""
    told = [(want, opposed(english_base, pair)) for want, pair in HELD_OUT]
    told += [(want, opposed(chinese_base, pair)) for want, pair in HELD_OUT_ZH]
    right = told.count((True, True))
    assert right / sum(said for _, said in told) >= 0.8
    assert right / sum(want for want, _ in told) >= 0.7
