"""Commitments that a model's sentence may not make, however it puts them; see docs/actions.md for fresh ones."""

from __future__ import annotations

import pytest

from personas.replying.promises import find_promise, find_stray

PLAIN = """\
Expect your money back on Monday.
The refund is already on its way to your card.
A new carafe leaves our warehouse today.
Consider it done.
You can count on a full refund.
Our team is processing the return as we speak.
The charge has now been reversed.
We've credited $19 to your account.
I shall personally see to it.
There'll be a technician at your door on Tuesday.
Next month is on the house.
You won't be charged again.
This won't happen again.
I'm sending you a new lid.
We are looking into it and expect an answer within 24 hours.
Feel free to return it at our expense.
You don't have to pay anything.
I'd be happy to send you a voucher.
The price stays at $17 for you.
Please accept a 10% discount.
Our engineers are working on a fix that arrives next week.
We guarantee delivery before Christmas.
退款已经在路上了。
明天就给您发新的。
您不用再付任何费用。
我们正在处理您的退款。
这次的费用我们来承担。
以后不会再多扣您的钱。
技术人员周二上门。
下个月给您打八折。
请放心，问题会解决的。
我帮您申请了全额退款。
运费由我们出。
工程师正在修复，下周上线。
"""

WITHOUT_A_WORD_OF_PROMISE = """\
Your next delivery goes out without charge.
The missing part is coming to you by courier.
A colleague calls you back this afternoon.
Nothing more gets deducted from your account.
Half of the amount returns to your card.
That fee is cancelled.
There is a new firmware which solves the problem.
I have put a note on your file.
Somebody from the workshop is going to ring you.
We owe you a new grinder.
Keep the old one, a second one is yours.
It gets fixed with the next update.
Your subscription has ended, no further bags follow.
The old price applies to you until the end of the year.
Please keep the receipt and get your money in the shop.
I can make an exception for you.
Allow two days and it works again.
Our apologies come with a bag of beans.
You are now on the priority list.
The warranty covers this.
新的滤网今天寄出。
这笔钱会原路返回。
问题已经修好了，您再试试。
店里给您留了一份。
您下次来免排队。
多扣的部分退回您的账户。
经理同意了您的要求。
保修期内都包修。
"""

BEHIND_A_KIND_OPENING = """\
I understand your anger, and the money is back on your card now.
You wrote that the pump died, and a new one comes with the next post.
Thank you for your patience, a courier picks the machine up.
I am sorry about the double charge, which is cancelled.
You asked for a refund and it is granted.
I see that the parcel was lost, so another leaves today.
You would like to pause, and the pause is set.
Thank you for telling us, the recipe bug is gone in version two.
I am sorry for the wait, your place in the queue is first.
That must be annoying, the extra bag is yours to keep.
I notice that the charge was wrong and it gets corrected.
You mentioned the lid, a sturdier one fits from the shop at half price.
很抱歉又扣了款，这笔钱原路返回。
您提到漏水，新的密封圈已经在包裹里。
感谢您的反馈，下个版本就没有这个问题。
理解您的心情，这单免了。
"""

MESSAGE = """
I skipped the April bag on the website, and a bag arrived anyway and my card was charged again. The lid broke within a
month, the app is offline every morning and nobody answers. Can I get a refund? 我取消了订阅，怎么又扣款了？机器还漏水。
"""
HARMLESS = """\
I am sorry that a bag arrived anyway although you had skipped April on the website.
I am sorry that you skipped the April bag, and a bag arrived anyway.
I understand that the app is offline every morning.
You say that the lid broke within a month.
You ask for a refund.
Thank you for writing about the lid.
It must be annoying to find the app offline.
Other customers have written about the same.
很抱歉，您取消了订阅却又被扣款。
您说机器还漏水。
感谢您告诉我们扣款的事。
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.mark.parametrize(
    "sentence", [one for text in (PLAIN, WITHOUT_A_WORD_OF_PROMISE, BEHIND_A_KIND_OPENING) for one in lines(text)]
)
def test_what_commits_the_company_is_dropped(sentence: str) -> None:
    assert find_promise(sentence) or find_stray(sentence, MESSAGE)


@pytest.mark.parametrize("sentence", lines(HARMLESS))
def test_what_takes_up_the_message_stays(sentence: str) -> None:
    assert (find_promise(sentence, MESSAGE), find_stray(sentence, MESSAGE)) == ("", "")


def test_times_are_promises_unless_the_customer_named_them() -> None:
    assert find_promise("You say that the lid broke within a month.")
    assert not find_promise("You say that the lid broke within a month.", MESSAGE)


def test_a_further_clause_may_repeat_what_they_said_and_nothing_else() -> None:
    assert not find_stray("I am sorry that you skipped April, and a bag arrived anyway.", MESSAGE)
    assert find_stray("I am sorry that you skipped April, and the money is back.", MESSAGE) == "the money is back"
    assert find_stray("That fee is cancelled.", MESSAGE) == "that fee is cancelled"
