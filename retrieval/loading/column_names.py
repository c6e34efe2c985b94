"""Names under which columns go, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from retrieval.word_lists import words_in

# Names in normalised form (letters and digits only, lower case), best first.
NAMES: Mapping[str, tuple[str, ...]] = {
    "text": words_in(
        """
        text reviewtext reviewbody reviewcontent body content comment comments review reviews feedback answer
        response message verbatim post tweet description complaint remark remarks opinion transcript utterance
        sentence document fulltext note notes narrative 评论内容 评价内容 反馈内容 留言内容 评论 评价 内容 正文
        文本 反馈 意见 建议 留言 回答 答案 投诉内容 描述 備註 評論 評論內容 評價 內容
        """
    ),
    "customer": words_in(
        """
        customerid customer userid user usrid clientid client respondentid respondent reviewerid reviewer
        participantid participant memberid member accountid account authorid author personid person username uid
        customername reviewername authorname profilename subscriberid patientid guestid visitorid buyerid
        contactid email mail 客户id 用户id 顾客id 会员id 客户编号 用户编号 会员编号 客户 用户 顾客 会员 用户名
        昵称 买家 受访者 作者 客戶 用戶 會員 邮箱
        """
    ),
    "id": words_in(
        """
        documentid docid reviewid commentid messageid responseid answerid postid feedbackid ticketid surveyid
        recordid conversationid dialogueid dialogid chatid sessionid threadid callid caseid id index key rowid
        uuid guid no 文档id 评论id 评价id 编号 序号 订单评价id 工单号
        """
    ),
    "time": words_in(
        """
        createdat created creationdate timestamp datetime date time submittedat submitted submissiondate
        postedat reviewdate reviewtime publishedat published postdate commentdate responsedate startdate
        updatedat 日期 时间 评论时间 评价时间 发布时间 创建时间 提交时间 評論時間 日期时间
        """
    ),
    "rating": words_in(
        """
        rating stars star overall score reviewrating ratingscore overallrating starrating nps npsscore csat
        satisfaction 评分 星级 打分 分数 总评分 满意度 得分 評分 星級
        """
    ),
    "product": words_in(
        """
        product productname producttitle productid item itemname sku asin productsku 商品 商品名称 产品 产品名称
        商品名 产品名 商品id 店铺 產品 商品名稱
        """
    ),
    "kind": words_in(
        """
        kind doctype documenttype feedbacktype texttype sourcetype type source channel medium 类型 来源 渠道
        類型 來源
        """
    ),
    "question": words_in(
        """
        question questiontext prompt surveyquestion questionname item 问题 题目 问卷问题 問題 題目
        """
    ),
    "turns": words_in(
        """
        turns messages conversation dialogue dialog utterances transcript chat thread exchanges 对话 会话 消息
        聊天记录 对话内容 對話
        """
    ),
    "speaker": words_in(
        """
        role speaker speakerrole sender sendertype authortype authorrole from party side 角色 发言人 说话人
        发送者 身份
        """
    ),
    "conversation": words_in(
        """
        conversationid conversation dialogueid dialogid chatid sessionid session threadid thread ticketid callid
        caseid interactionid 会话id 对话id 会话编号 对话编号 工单号
        """
    ),
}
WEAK_TEXT_NAMES = frozenset(
    words_in(
        """
        note notes description response message post document sentence remark 描述 備註
        """
    )
)
"""Names that also stand over short codes: read as text only where the cells are long."""
PLAIN_TEXT_NAMES = frozenset({"text", "reviewtext", "reviewbody", "reviewcontent", "评论内容", "评价内容", "文本"})
LOOSE_KIND_NAMES = frozenset(
    words_in(
        """
        type source channel medium 类型 来源 渠道 類型 來源
        """
    )
)
"""Names that also stand over marketing channels and the like: a kind only where the cells name one."""
KINDS: Mapping[str, str] = {
    name: kind
    for kind, names in {
        "review": "review reviews rating ratings 评论 评价 点评",
        "chat": "chat chats conversation conversations dialogue dialogues livechat 聊天 对话 客服",
        "survey": "survey surveys questionnaire nps csat poll 问卷 调查 调研",
        "interview": "interview interviews transcript transcripts 访谈 采访",
        "ticket": "ticket tickets support complaint complaints case 工单 投诉",
        "email": "email emails mail mails 邮件",
        "call": "call calls phone 电话 通话",
        "post": "post posts social tweet tweets forum comment comments 帖子 微博 留言",
        "feedback": "feedback 反馈",
    }.items()
    for name in names.split()
}
PAIRED_NAMES = frozenset(
    words_in(
        """
        pros cons advantages disadvantages likes dislikes positive negative 优点 缺点 優點 缺點
        """
    )
)
